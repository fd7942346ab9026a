"""The paper's baselines over the items of a file: a verdict per item, and heads trained from labelled pairs."""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from grm_core import engines, models, prompts
from grm_core.baselines import llm_judge, pairwise
from grm_core.baselines.ask import Settings
from grm_core.engines.base import Engine
from grm_core.errors import GRMError, UsageError
from grm_core.formats.verdicts import CRITIQUE
from grm_core.provenance import commit
from grm_core.resume_log import Log
from grm_core.training import folders, pairs
from grm_core.types import Baseline, Example, Params
from runs.screen import Say, Screen
from runs.settings import Judge
from runs.starting import start
from runs.verdict_file import VerdictFile, summary

IN_FLIGHT = {"hf": 16}
"""Completions that are asked for at the same time, about, by engine; a server batches more than transformers does."""
_SERVED = 64
TRAINED = (Baseline.SCALAR, Baseline.SEMI_SCALAR)


class Judging(NamedTuple):
    """Which baseline judges, and how."""

    name: Baseline
    judge: Judge
    """Of scalar and semi-scalar, the model is the folder that `train` wrote."""
    settings: Settings


@dataclass(frozen=True, slots=True)
class Fitting:
    """How a head is trained."""

    pairs: Path
    out: Path
    minutes: float
    base: Path | None
    """The model to start from; None = the bundled base."""
    device: str
    engine: str
    """Engine that writes the critiques of semi-scalar."""
    seed: int


async def score(judging: Judging, examples: list[Example], out: Path, screen: Screen) -> int:
    """Judge what is missing in the file; returns how many of the items have a verdict."""
    judge = _Judge(judging)
    try:
        if judge.engine is not None:
            await start(judge.engine, screen.say)
        with VerdictFile(out, judge.settings_record(), examples) as file:
            missing = [example for example in examples if example.id not in file.polls]
            done = 0
            with screen.watch(len(missing), lambda: done, unit="items"):
                for part in _parts(missing, judging.settings.k, judging.name, judge.engine):
                    for example, made in zip(part, await judge(part), strict=True):
                        if isinstance(made, GRMError):
                            screen.say(f"item {example.id!r}: {made}")
                        else:
                            file.add(made)
                    done += len(part)
            file.finish()
    finally:
        await judge.close()
    screen.say(
        summary(judging.name, judging.settings.k, [file.polls[each.id] for each in examples if each.id in file.polls])
    )
    return len(file.polls)


class _Judge:
    """The baseline that is asked for, loaded."""

    def __init__(self, judging: Judging) -> None:
        self.name, self.settings = judging.name, judging.settings
        self.engine: Engine | None = None
        self.head: Any = None
        self.head_name = self.head_hash = ""
        engine, model = judging.judge.engine, judging.judge.model
        if self.name in TRAINED:
            folder = Path(model or "")
            self.head, self.head_name, self.head_hash = _head(folder), folder.resolve().name, _weights(folder)
        if self.name is Baseline.SEMI_SCALAR:
            self.engine = engines.create(engine, None if "://" in engine else _critic(Path(model or "")))
        elif self.name is not Baseline.SCALAR:
            self.engine = engines.create(engine, model)

    async def __call__(self, examples: list[Example]) -> list[Any]:
        """A Poll or an error for each."""
        if self.name is Baseline.LLM_JUDGE:
            return list(await llm_judge.judge(self._engine(), examples, self.settings))
        if self.name is Baseline.PAIRWISE:
            return list(await pairwise.judge(self._engine(), examples, self.settings))
        from grm_core.baselines import scalar, semi_scalar

        if self.name is Baseline.SCALAR:
            return list(scalar.judge(self.head, examples))
        return list(await semi_scalar.judge(self._engine(), self.head, examples, self.settings))

    def settings_record(self) -> dict[str, Any]:
        """Settings that a resumed run shares with the one in the file; known once the engine has started."""
        record: dict[str, Any] = {"method": str(self.name)}
        if self.head is not None:
            record |= {"head": self.head_name, "head_hash": self.head_hash}
        if self.engine is not None:
            template = prompts.load("critique" if self.head is not None else self.settings.template)
            params = self.settings.params
            record |= {"engine": self.engine.name, "model": self.engine.model, "template_hash": template.hash}
            record |= {"k": self.settings.k, "seed": self.settings.seed, "temperature": params.temperature}
            record |= {"max_tokens": params.max_tokens}
        if self.name in (Baseline.LLM_JUDGE, Baseline.PAIRWISE):
            record["vote"] = self.settings.vote
        return record

    async def close(self) -> None:
        """Stop the engine."""
        if self.engine is not None:
            await self.engine.close()

    def _engine(self) -> Engine:
        assert self.engine is not None
        return self.engine


def _head(folder: Path) -> Any:
    import torch

    from grm_core.baselines import heads

    if not folder.is_dir():
        raise UsageError(f"--model {folder}: there is no such folder")
    return heads.load(folder, "cuda" if torch.cuda.is_available() else "cpu")


def _weights(folder: Path) -> str:
    """A short SHA-256 of a head's weights: training it further makes another judge of it."""
    from grm_core.baselines import heads

    return folders.digest(heads.adapter_of(folder) or folder)[:16]


def _critic(folder: Path) -> str:
    from grm_core.baselines import heads

    adapter = heads.adapter_of(folder)
    if adapter is None:
        raise UsageError(f"--model {folder} does not say which model criticises; give a server with --engine URL")
    return str(heads.base_of(adapter))


def _parts(examples: list[Example], k: int, name: Baseline, engine: Engine | None) -> Iterator[list[Example]]:
    """Items in groups of as many completions as the engine works on together."""
    most = _SERVED if engine is None else IN_FLIGHT.get(engine.name, _SERVED)
    part: list[Example] = []
    cost = 0
    for example in examples:
        n = len(example.responses)
        part.append(example)
        cost += {Baseline.PAIRWISE: k * n * (n - 1), Baseline.SEMI_SCALAR: k * n, Baseline.SCALAR: n}.get(name, k)
        if cost >= most:
            yield part
            part, cost = [], 0
    if part:
        yield part


def train(name: Baseline, fitting: Fitting, say: Say) -> str:
    """Train a scalar or semi-scalar reward model, from where its folder stands; returns a line on what was done."""
    if name not in TRAINED:
        raise UsageError(f"{name} is a prompt to a model and is not trained; scalar and semi-scalar are")
    from grm_core.baselines import scalar, semi_scalar

    out, device, seed = fitting.out, fitting.device, fitting.seed
    examples = pairs.read(fitting.pairs, "train")
    base = (fitting.base or models.base_model().folder).resolve()
    _mark(out, base)
    began = time.monotonic()
    if name is Baseline.SCALAR:
        state = scalar.fit_scalar(base, examples, fitting.minutes, out, device, seed, say)
    else:
        critiques = asyncio.run(_criticise(fitting, base, examples, began + 30 * fitting.minutes, say))
        say(f"critiques of {len(critiques)} of {len(examples)} pairs; training the head")
        written = [critiques.get(example.id) for example in examples]
        state = semi_scalar.fit_semi_scalar(base, examples, written, fitting.minutes / 2, out, device, seed, say)
    record = {"baseline": str(name), "base": base.name, "seed": seed, "commit": commit()[0], **state}
    (out / "summary.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    minutes = state["seconds"] / 60
    return f"{state['step']} steps over {state['rows']} pairs in {minutes:.1f} minutes: --model {out}"


def _mark(out: Path, base: Path) -> None:
    """Note the base in the folder; UsageError where it was begun over another."""
    out.mkdir(parents=True, exist_ok=True)
    mark = out / "base"
    if mark.is_file() and (was := mark.read_text(encoding="utf-8")) != str(base):
        raise UsageError(f"{out} was begun over the base {was}, not {base}; choose another --out")
    mark.write_text(str(base), encoding="utf-8")


async def _criticise(
    fitting: Fitting, base: Path, examples: Sequence[Example], until: float, say: Say
) -> dict[str, tuple[str, ...]]:
    """Critiques of as many pairs as the time allows, kept in critiques.jsonl and not written twice."""
    from grm_core.baselines import semi_scalar

    settings = Settings(1, fitting.seed, Params(max_tokens=256))
    engine = engines.create(fitting.engine, None if "://" in fitting.engine else str(base))
    with Log.resume(fitting.out / "critiques.jsonl") as lines:
        critiques = {line.item_id: line.critiques for _, line in CRITIQUE.lines(lines.path)}
        todo = [example for example in examples if example.id not in critiques]
        try:
            await start(engine, say)
            for part in _parts(todo, 1, Baseline.SEMI_SCALAR, engine):
                if time.monotonic() > until:
                    break
                for example, written in zip(part, await semi_scalar.criticise(engine, part, settings), strict=True):
                    if written is not None:
                        critiques[example.id] = written
                        lines.append(json.dumps({"item_id": example.id, "critiques": written}))
        finally:
            await engine.close()
    return critiques
