"""The page under a recipe: its form begins with what the recipe sets, and a run follows it."""

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from grm_core.engines.server import ServerEngine
from grm_core.recipes import RECIPES
from grm_core.types import Params
from runs.jobs import Jobs
from runs.settings import Sampling, following
from storage.store import Store
from tests.cli.commands.test_servers import served
from tests.cli.judges import Judge
from tests.runs.test_jobs import ended, until
from tests.ui.pages.inspect.test_form import given
from ui.asking import AUTOMATIC, TEMPLATES
from ui.pages.inspect.composer import Composer
from ui.pages.inspect.form import read_form
from ui.pages.inspect.page import lines
from ui.pages.inspect.viewer import Viewer


@pytest.fixture
def critic() -> Iterator[Judge]:
    yield from served(lambda: Judge("skywork-critic"))


def test_the_form_begins_with_what_the_recipe_sets() -> None:
    with gr.Blocks():
        composer = Composer(lines("notice"), lambda _: None, "joint", following(RECIPES["rm-r1"]))
        fields = composer.fields
        assert (fields["template"].value, fields["temperature"].value) == ("rm-r1", 0.6)
        memory = ["kept" if isinstance(field, gr.Textbox) else field.value for field in composer._kept.values()]
        assert fields["template"] not in composer._remembered(memory), "another model's template is not put back"


def test_what_the_form_does_not_ask_for_is_the_recipes() -> None:
    base = following(RECIPES["rm-r1"])
    _, ask = read_form(given(template="rm-r1", context="single", temperature=0.0), base)
    assert ask.settled("single").context == "pairs", "what such a prompt shows is no choice"
    assert (ask.params, ask.recipe) == (Params(0.0, 0.95, 8192), "rm-r1")
    assert read_form(given(template=AUTOMATIC), base)[1].recipe == ""
    assert read_form(given())[1] == Sampling(order="random", context="joint")
    assert "rm-r1" in TEMPLATES
    assert "deepseek-meta-rm" not in TEMPLATES


def test_three_responses_are_judged_in_all_orders_on_the_page(critic: Judge, tmp_path: Path) -> None:
    base = following(RECIPES["skywork-critic"])
    responses = [f"Of quality {quality}." for quality in (6, 9, 2)]
    example, ask = read_form(given(responses=responses, k=2, template="skywork-critic"), base)
    store = Store(tmp_path / "grm.db")
    jobs = Jobs(store, ServerEngine(critic.url), base=base)
    jobs.start()
    try:
        session_id = jobs.submit(example, ask)
        assert until(jobs, session_id, ended).error == ""
        assert [sample.scores for sample in store.samples(session_id)] == [(6, 10, 1)] * 2
        jobs.more(session_id, 1)
        assert until(jobs, session_id, ended).done == 3
        view = Viewer(store, jobs).view(session_id)
        assert "two responses at a time: random order, more than two in all orders" in view["origin"]
    finally:
        jobs.close()
        store.close()
