"""Settings are settled once; a run says everything that is needed to do it again."""

import pytest

from grm_core import prompts, shuffling
from grm_core.errors import UsageError
from grm_core.types import Params
from runs.run import Judges, make_run
from runs.settings import Sampling


def test_context_and_order_are_filled_in_as_the_model_was_trained() -> None:
    assert Sampling().settled("joint") == Sampling(context="joint", order="random")
    assert Sampling().settled("single") == Sampling(context="single", order=shuffling.OWN)
    assert Sampling(context="joint", order="balanced").settled("single").order == "balanced"
    again = Sampling().settled("single")
    assert again.settled("joint") == again
    with pytest.raises(UsageError, match="judged alone, in no order"):
        Sampling(order="random").settled("single")


def test_a_run_names_every_template_and_the_params_that_were_really_used() -> None:
    sampling = Sampling(k=3, seed=7, temperature=0.9, principles=("Be right.",), max_tokens=99).settled("joint")
    used = [prompts.load("single"), prompts.load("pointwise"), prompts.load("single")]
    run = make_run("r", Judges("server", "grm", "none"), sampling, used)
    assert run.template == "pointwise+single"
    assert run.template_hash == f"{used[1].hash}+{used[0].hash}"
    assert (run.k, run.seed, run.order, run.context, run.principles) == (3, 7, "random", "joint", ("Be right.",))
    assert run.params == Params(0.9, 1.0, 99)
    assert (run.engine, run.model, run.versions["meta RM"]) == ("server", "grm", "none")
    assert "python" in run.versions
    assert make_run("r", Judges("", "", ""), sampling, used, Params(max_tokens=5)).params.max_tokens == 5
