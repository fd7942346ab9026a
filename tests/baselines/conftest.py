"""The tiny language model of the training tests, and pairs that a glance at one word decides."""

from tests.training.conftest import tiny

__all__ = ["tiny"]
