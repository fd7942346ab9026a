"""The form says itself what is wrong with it."""

import pytest

from grm_core.errors import UsageError
from ui.form import N_MAX_PAGE, read_form


def read(k: float | None) -> int:
    texts = ["a", "b", *[""] * (N_MAX_PAGE - 2)]
    return read_form("q", *texts, 2, k, 0.5, "random", 0, "", "", "never")[1].k


@pytest.mark.parametrize("k", [None, 1.5, float("nan"), float("inf")])
def test_k_that_is_not_whole_is_refused_in_our_words(k: float | None) -> None:
    with pytest.raises(UsageError, match="whole number from 1 to 1024"):
        read(k)


def test_a_whole_k_is_taken_as_it_is() -> None:
    assert read(8.0) == 8
