"""Sampling for training: it goes on where it was stopped, and a limit of minutes leaves a part."""

import asyncio
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from grm_core.training import generate, rft, sampler  # noqa: E402
from grm_core.training.families import SEEN  # noqa: E402
from grm_core.training.generate import Question, Trajectory  # noqa: E402
from grm_core.types import Params  # noqa: E402
from tests.fake_engine import FakeEngine  # noqa: E402

pytestmark = pytest.mark.slow

QUESTIONS = rft.questions(rft.items(SEEN, 70, 60), 0)


def settings(minutes: float | None = None) -> sampler.Settings:
    return sampler.Settings(2, Params(0.9, max_tokens=8), 100, "cpu", minutes)


def test_an_engine_is_asked_for_what_is_missing_with_the_seeds_of_the_whole() -> None:
    kept: list[list[Trajectory]] = []
    todo = [(number, QUESTIONS[number]) for number in range(3, 60)]
    engine = FakeEngine(failing=frozenset({107}))  # the second completion of question 3
    asyncio.run(sampler.ask(engine, todo, settings(), float("inf"), lambda wave: kept.append(list(wave))))
    assert [len(wave) for wave in kept] == [2 * 48 - 1, 2 * 9], "waves of 96 completions, one of them failed"
    assert kept[0][0].question is QUESTIONS[3]
    uninterrupted: list[Trajectory] = []
    asyncio.run(sampler.ask(FakeEngine(), [(5, QUESTIONS[5])], settings(), float("inf"), uninterrupted.extend))
    assert [each.text for each in uninterrupted] == [each.text for each in kept[0][3:5]], "the number decides the seed"
    assert engine.state().phase == "closed"


def test_after_the_minutes_nothing_more_is_asked() -> None:
    kept: list[Trajectory] = []
    asyncio.run(sampler.ask(FakeEngine(), list(enumerate(QUESTIONS)), settings(), 0.0, kept.extend))
    assert len(kept) == 96, "one wave"


@pytest.mark.model
def test_what_the_file_holds_is_not_asked_again(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "has_vllm", lambda: False)
    missing: list[Question] = []
    judge = generate.judge

    def counted(policy: object, questions: list[Question], *rest: object) -> list[Trajectory]:
        missing.extend(questions)
        return judge(policy, questions, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(generate, "judge", counted)
    path, hinted = tmp_path / "samples.partial", [Question(QUESTIONS[1].example, (0, 1), hinted=True)]
    part = sampler.sample(path, tiny, QUESTIONS[:5], settings(), print)
    assert [len(each) for each in part] == [2] * 5
    with path.open("a") as lines:
        lines.write('{"example_id": "cut sho')
    uninterrupted = sampler.sample(path, tiny, QUESTIONS[:8], settings(), print)
    assert [[each.text for each in judgments] for judgments in uninterrupted[:5]] == [
        [e.text for e in trajectories] for trajectories in part
    ]
    assert [each.example.id for each in missing] == [q.example.id for q in QUESTIONS[:8] for _ in range(2)]
    sampler.sample(path, tiny, hinted, settings(), print)
    assert missing[-1].hinted, "with a hint it is another question"
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 2 * 8 + 2, (
        "the line that was cut short is gone"
    )


def test_samples_that_a_later_stage_needs_are_not_taken_for_none(tmp_path: Path) -> None:
    assert rft.texts(tmp_path / "samples.partial") == {}, "nothing was sampled yet"
    with pytest.raises(FileNotFoundError):
        rft.read(tmp_path / "samples.jsonl", [QUESTIONS[0].example])


@pytest.mark.model
def test_minutes_leave_a_part(tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "has_vllm", lambda: False)
    few = sampler.Settings(4, Params(0.9, max_tokens=4), 0, "cpu", minutes=0.0)
    sampled = sampler.sample(tmp_path / "samples.partial", tiny, QUESTIONS, few, print)
    assert [len(each) for each in sampled] == [4] * 32 + [0] * 28, "four batches of 32 completions"
    sampled = sampler.sample(tmp_path / "samples.partial", tiny, QUESTIONS, few, print)
    assert [len(each) for each in sampled] == [4] * 60
