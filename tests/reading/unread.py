"""Cases of completions that cannot be read, by what is said of them."""

from collections.abc import Mapping, Sequence

import pytest

from grm_core.types import ParseStatus

Texts = Mapping[ParseStatus, Sequence[str]]


def unread(whole: Texts, cut: Texts) -> pytest.MarkDecorator:
    """Parameters `text`, `finish`, `status`; the model ended those of `whole` itself, those of `cut` at max_tokens."""
    cases = [(text, "stop", status) for status, texts in whole.items() for text in texts]
    cases += [(text, "length", status) for status, texts in cut.items() for text in texts]
    return pytest.mark.parametrize(("text", "finish", "status"), cases)
