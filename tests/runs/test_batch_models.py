"""Every batch of a server with several models is judged by its own: through restarts, and while it is not served."""

from collections.abc import Callable
from contextlib import AbstractContextManager as Context
from pathlib import Path
from typing import Any

import pytest

from grm_core.engines.base import Several
from grm_core.engines.hf import HFEngine
from grm_core.engines.server import ServerEngine
from grm_core.errors import EngineError
from grm_core.self_meta import OwnMetaRM
from runs import batches
from runs.batches import Asked, BatchLine, Standing, run_id
from runs.settings import Sampling
from tests.cli.fake_vllm import FakeVLLM
from tests.runs.test_batches import app as line_of
from tests.runs.test_batches import items, phase, texts, until


class Many(FakeVLLM):
    """Serves the models that are listed at the moment, and no other."""

    def __init__(self, *models: str, delay: float = 0.0) -> None:
        super().__init__(models[0], delay)
        self.models = list(models)

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """As vLLM with adapters answers."""
        if path == "/v1/models":
            return 200, {"data": [{"id": name, "max_model_len": self.limit} for name in self.models]}
        if "model" in body and body["model"] not in self.models:
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
        return super().answer(path, body)

    def asked_for(self) -> set[str]:
        """The models of all chat requests."""
        return {body["model"] for body in self.bodies}


def app(path: Path, server: Many, model: str | None = "a", own_meta: bool = False) -> Context[BatchLine]:
    engine = ServerEngine(server.url, model)
    return line_of(path, engine, OwnMetaRM(engine) if own_meta else None)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not there is looked for again soon."""
    monkeypatch.setattr(batches, "_AGAIN_S", 0.05)


def asked(model: str = "", k: int = 4) -> Asked:
    return Asked(Sampling(k=k, seed=5), model=model)


def models_of(line: BatchLine, batch_id: str) -> set[str]:
    """By whom its samples were written, and by whom its run says."""
    sessions = line.store.newest_of_runs([run_id(batch_id)], 1000)
    samples = [sample for session in sessions for sample in line.store.samples(session.id)]
    run = line.store.run(run_id(batch_id))
    assert run is not None
    return {sample.completion.model for sample in samples if sample.completion} | {run.model}


def at_least(samples: int) -> Callable[[Standing], bool]:
    return lambda standing: standing.counts.samples >= samples


def test_batches_of_two_models_are_each_judged_by_their_own(tmp_path: Path) -> None:
    with Many("a", "b") as server, app(tmp_path / "x.db", server, own_meta=True) as line:
        assert line.models() == ("a", "b")
        chosen = line.submit("f", items(3), asked("b"))
        assert until(line, chosen, phase("done")).model == "b"
        assert server.asked_for() == {"b"}, "the meta RM that asks the GRM itself asks the one that judged"
        default = line.submit("g", items(3), asked())
        ended = until(line, default, phase("done"))
        assert (ended.model, ended.counts.samples, ended.counts.failed) == ("a", 12, 0)
        assert (models_of(line, chosen), models_of(line, default)) == ({"b"}, {"a"})


def test_a_batch_goes_on_with_its_model_after_a_restart(tmp_path: Path) -> None:
    with Many("a", "b") as server, app(tmp_path / "whole.db", server) as line:
        whole = line.submit("f", items(6), asked("b"))
        until(line, whole, phase("done"))
        expected = texts(line.store, whole)
    with Many("a", "b", delay=0.02) as server:
        with app(tmp_path / "x.db", server) as line:
            batch, waiting = line.submit("f", items(6), asked("b")), line.submit("g", items(2), asked())
            until(line, batch, at_least(3))
        with app(tmp_path / "x.db", server, "b") as line:  # which is the app's own now, and a is not
            until(line, batch, phase("done"))
            assert texts(line.store, batch) == expected
            until(line, waiting, phase("done"))
            assert (models_of(line, batch), models_of(line, waiting)) == ({"b"}, {"a"})


def test_a_batch_whose_model_is_not_served_waits_and_lets_others_pass(tmp_path: Path) -> None:
    with Many("a", "b") as server:
        with app(tmp_path / "x.db", server) as line:
            line.close()
            batch = line.submit("f", items(2), asked("b"))
        server.models = ["a"]
        with app(tmp_path / "x.db", server) as line:
            held = until(line, batch, lambda each: each.held != "")
            words = f"It waits for its model: {server.address} does not serve the model 'b'; it serves: a."
            assert (held.batch.phase, held.held, held.place, held.model) == ("waiting", words, 0, "b")
            until(line, line.submit("g", items(2), asked()), phase("done"))
            assert line.trouble == ""
            server.models = ["a", "b"]
            assert until(line, batch, phase("done")).held == ""
            assert models_of(line, batch) == {"b"}


def test_a_model_that_goes_in_the_midst_is_waited_for(tmp_path: Path) -> None:
    with Many("a", "b", delay=0.005) as server, app(tmp_path / "x.db", server) as line:
        batch = line.submit("f", items(30), asked("b"))
        until(line, batch, at_least(8))
        server.models = ["a"]
        held = until(line, batch, lambda each: each.held != "")
        assert (held.batch.phase, held.batch.error) == ("waiting", "")
        server.models = ["a", "b"]
        ended = until(line, batch, phase("done"))
        assert (ended.counts, ended.batch.error) == ((120, 0, ended.counts.unreadable, 30), "")


def test_the_apps_own_model_is_waited_for_too(tmp_path: Path) -> None:
    with Many("a") as server, app(tmp_path / "x.db", server) as line:
        until(line, line.submit("f", items(1), asked()), phase("done"))
        server.models = ["c"]
        batch = line.submit("g", items(1), asked())
        held = until(line, batch, lambda each: each.held != "")
        assert held.held == "It waits for its model: the server engine does not serve the model 'a'; it serves: c."
        line.cancel(batch)
        until(line, batch, lambda each: each.batch.phase == "cancelled" and not each.held)
        assert line.models() == ("c",)


def test_a_server_of_several_needs_no_model_of_the_apps_own(tmp_path: Path) -> None:
    with Many("a", "b") as server, app(tmp_path / "x.db", server, None) as line:
        batch = line.submit("f", items(2), asked("b"))
        until(line, batch, phase("done"))
        assert models_of(line, batch) == {"b"}


def test_a_batch_that_was_kept_before_models_could_be_chosen_is_read(tmp_path: Path) -> None:
    with Many("a") as server, app(tmp_path / "x.db", server) as line:
        batch = line.submit("f", items(1), asked())
        stored = line.store.batches.batch(batch)
        assert stored is not None
        older = stored._replace(settings=stored.settings.replace('"model":"a"', '"was":"x"'))
        assert '"model"' not in older.settings
        assert batches.asked_of(older).model == ""


async def test_only_a_server_can_have_several_models() -> None:
    with Many("a", "b") as server:
        engine = ServerEngine(server.url, "b")
        assert isinstance(engine, Several)
        other = engine.serving("a")
        await other.start()
        assert (await engine.models(), other.model) == (("a", "b"), "a")
        await engine.close()
        await other.close()
    stopped = ServerEngine(server.url, "b", retries=0)
    with pytest.raises(EngineError):
        await stopped.models()
    await stopped.close()
    assert not isinstance(HFEngine(), Several)
