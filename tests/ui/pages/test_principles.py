"""What the Principles page looks at of a large run, and what it keeps."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from grm_core.formats.lines import compact
from grm_core.types import Principle
from storage.store import Store
from tests.make import make_sample
from tests.storage.make import RUN, SESSION
from tests.ui.pages.test_statements import Letters
from ui.pages import principles
from ui.pages.principles import PrinciplesPage
from ui.vectors import Vectors


class Counted(Letters):
    """As Letters; counts the texts that it is given."""

    def __init__(self) -> None:
        self.texts = 0

    def embed(self, texts: list[str]) -> Any:
        self.texts += len(texts)
        return super().embed(texts)


def fill(store: Store, sessions: Sequence[str]) -> None:
    store.add_run(RUN)
    for number, name in enumerate(sessions):
        store.add_session(replace(SESSION, id=name))
        for index in range(2):
            sample = make_sample(index, (4 + index, 5), session_id=name)
            said = Principle(f"{'aeios'[number % 5] * (index + 1)} is right, {number} {index}", 50.0, (0, 5))
            store.add_sample(replace(sample, parsed=replace(sample.parsed, principles=(said,))))


def page(store: Store, model: Counted) -> PrinciplesPage:
    with gr.Blocks():
        return PrinciplesPage(store, Vectors(model))


def test_a_large_run_is_looked_at_from_its_first_session_to_its_last_and_says_how_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(principles, "_SAMPLES_MOST", 8)
    store = Store(tmp_path / "grm.db")
    fill(store, [f"s{number}" for number in range(11)])
    thoughts = page(store, Counted()).principles("run", RUN.id, "")
    assert thoughts["titles"][0].endswith("(4 of 11 sessions, evenly spaced)")
    said = {session for each in thoughts["statements"] for session, _ in each["samples"]}
    assert said == {"s0", "s3", "s6", "s10"}
    assert sum(each["count"] for each in thoughts["statements"]) == 8
    store.close()


def test_what_was_made_of_the_same_samples_is_kept_in_the_database(tmp_path: Path) -> None:
    store, first, second = Store(tmp_path / "grm.db"), Counted(), Counted()
    fill(store, ["a", "b"])
    made = page(store, first).principles("run", RUN.id, "")
    assert compact(page(store, second).principles("run", RUN.id, "")) == compact(made)
    assert (first.texts > 0, second.texts) == (True, 0)
    store.set_meta_logit(store.samples("a")[0].id, 0.5)
    more = make_sample(2, (9, 1), session_id="a")
    store.add_sample(more)
    page(store, second).principles("run", RUN.id, "")
    assert second.texts > 0, "one more sample makes it anew"
    store.close()
