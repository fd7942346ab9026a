"""The same four samples from servers of every dialect, streamed and not; what each gives up is told once."""

import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grm_core import prompts
from grm_core.engines.examine import SHOWN, examine
from grm_core.engines.server import ServerEngine
from grm_core.sampling import SamplingPlan, sample
from grm_core.types import Example, Message, Params, ParseStatus, Request, Sample
from tests.engines.dialects import DIALECTS, VLLM, Dialect, Gateway, LlamaCpp, Ollama, SGLang

pytestmark = pytest.mark.usefixtures("short_pauses")
QUERY = (Message("user", "What is the capital of Australia?"),)
EXAMPLE = Example("q1", QUERY, ("Canberra.", "Somewhere in the south east."))
PLAN = SamplingPlan(EXAMPLE, prompts.load("pointwise"), Params(), k=4)


@pytest.fixture(params=DIALECTS, ids=lambda kind: kind.name)
async def dialect(request: pytest.FixtureRequest) -> AsyncIterator[Dialect]:
    async with request.param() as running:
        yield running


def engine_of(server: Dialect) -> ServerEngine:
    return ServerEngine(server.url, "grm.gguf" if isinstance(server, LlamaCpp) else "grm", api_key=server.key or None)


async def judged(server: Dialect, streamed: bool) -> tuple[list[Sample], dict[int, str]]:
    """The samples of the plan, and the text that was shown of each."""
    shown: dict[tuple[str, int], str] = {}

    def hear(key: str, child: int, piece: str) -> None:
        shown[key, child] = shown.get((key, child), "") + piece

    engine = engine_of(server)
    try:
        samples = [each async for each in sample(engine, PLAN, hear if streamed else None)]
    finally:
        await engine.close()
    return sorted(samples, key=lambda each: each.index), dict(enumerate(shown.values()))


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_the_same_four_samples_come_from_every_server(
    dialect: Dialect, streamed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    samples, shown = await judged(dialect, streamed)
    assert [each.error for each in samples] == [None] * 4
    assert [each.parsed.status for each in samples] == [ParseStatus.OK] * 4
    assert [each.scores for each in samples] == [(8, 3)] * 4
    completions = [each.completion for each in samples if each.completion is not None]
    assert {(each.finish_reason, each.prompt_tokens) for each in completions} == {("stop", 50)}
    assert all(each.completion_tokens == len(each.text.split()) for each in completions)
    assert sorted(shown.values()) == (sorted(each.text for each in completions) if streamed else [])
    notes = [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(notes) == (0 if isinstance(dialect, VLLM) and type(dialect) is VLLM else 1), "told once, all in one"


async def test_thinking_that_comes_apart_is_kept_apart() -> None:
    for kind in (SGLang, Ollama, Gateway):
        async with kind() as server:
            samples, _ = await judged(server, streamed=False)
        assert {each.completion.reasoning for each in samples if each.completion} == {"Which of them is right?"}
    for kind in (SGLang, Ollama):
        async with kind() as server:
            samples, _ = await judged(server, streamed=True)
        assert {each.completion.reasoning for each in samples if each.completion} == {"Which of them is right?"}


async def test_the_page_on_servers_says_what_each_gives_up() -> None:
    rows = []
    for kind in DIALECTS:
        async with kind() as server:
            engine = engine_of(server)
            takes = await examine(engine)
            await engine.close()
        marks = [{True: "✓", False: "—", None: " "}[takes[extra]] for extra in SHOWN]
        rows.append(re.sub(r"\| +(?=\|)", "| ", f"| {' | '.join([kind.name, *marks])} |"))
    head = [f"| | {' | '.join(SHOWN)} |", f"|{' --- |' * (len(SHOWN) + 1)}"]
    page = (Path(__file__).parents[2] / "docs" / "servers.md").read_text(encoding="utf-8")
    assert "\n".join([*head, *rows]) in page, "\n".join([*head, *rows])


@pytest.mark.parametrize(
    ("kind", "field"), [(VLLM, "structured_outputs"), (SGLang, "regex"), (LlamaCpp, "grammar")], ids=str
)
async def test_a_model_is_held_to_a_format_in_the_servers_own_way(
    kind: type[Dialect], field: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with kind() as server:
        engine = engine_of(server)
        request = Request("r", (Message("user", "How many?"),), Params(regex="(?:1717|2323)"), 1)
        texts = [reply.result.text async for reply in engine.generate([request])]  # type: ignore[union-attr]
        await engine.close()
    assert texts == ["1717"]
    assert [{"structured_outputs", "regex", "grammar"} & set(body) for body in server.chats] == [{field}]
    assert "format" not in caplog.text
