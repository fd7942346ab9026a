"""How the stored samples of a session are voted."""

from dataclasses import dataclass

from grm_core.types import Method


@dataclass(frozen=True, slots=True)
class Dials:
    """How the stored samples are voted; turning one asks no model."""

    method: Method = Method.NAIVE
    k: int | None = None
    """The first k samples vote; None = all."""
    k_meta: int | None = None
    """Samples that guided voting keeps; None = half of the valid ones."""
