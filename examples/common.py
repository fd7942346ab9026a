"""Shared by the examples: queries with or without a checker, a policy's answers, and judgements as sessions."""

import argparse
import json
import sys
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from grm_core import cards, engines, models, prompts, shuffling
from grm_core.analysis import accuracy
from grm_core.engines.base import Engine
from grm_core.errors import EngineError, UsageError
from grm_core.formats import lines, sessions
from grm_core.formats.items import read_item
from grm_core.provenance import commit, versions
from grm_core.training import tasks
from grm_core.training.families import SEEN
from grm_core.types import Judgement, Message, Params, Request, Run

_FIRST = 950_000
"""Seeds of the program-made queries from here on: no training stage and no other measurement draws them."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query to the policy; of a program-made one, `task` knows how to check an answer."""

    id: str
    turns: tuple[Message, ...]
    task: tasks.Task | None = None

    def right(self, answer: str) -> bool | None:
        """Whether a program finds that the answer does what the query turns on; None where no program can tell."""
        return None if self.task is None else self.task.aspects[0].check(answer).grade > 0.99

    def words(self) -> str:
        """The last thing that was asked."""
        return self.turns[-1].content

    def chat(self) -> list[dict[str, str]]:
        """The turns as TRL and servers write them."""
        return [{"role": turn.role, "content": turn.content} for turn in self.turns]


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of all examples; the names are those of add_arguments."""

    queries: str | None
    tasks: int
    policy: str
    policy_model: str | None
    policy_tokens: int
    engine: str
    model: str | None
    k: int
    judge_tokens: int
    temperature: float
    seed: int
    out: Path
    samples: Path | None


def settings_of(arguments: dict[str, Any]) -> Settings:
    """Those of the parsed arguments that all examples have."""
    return Settings(**{each.name: arguments[each.name] for each in fields(Settings)})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe what all examples take."""
    parser.add_argument("queries", nargs="?", metavar="QUERIES.jsonl", help='{"id", "query"} a line (text or chat)')
    parser.add_argument("--tasks", type=int, default=24, help="without a file: so many program-made queries")
    parser.add_argument("--policy", default="hf", help="hf or a server's URL (default: hf)")
    parser.add_argument("--policy-model", help="folder or served name (default: the bundled base model)")
    parser.add_argument("--policy-tokens", type=int, default=96, help="most tokens of an answer")
    parser.add_argument("--engine", default="auto", help="the GRM's: auto, managed, hf or a URL")
    parser.add_argument("--model", help="the GRM's folder or served name (default: the bundled GRM)")
    parser.add_argument("--k", type=int, default=8, help="samples per judgment")
    parser.add_argument("--judge-tokens", type=int, default=512, help="most tokens of a judgment")
    parser.add_argument("--temperature", type=float, default=0.8, help="of the policy's answers")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, metavar="OUT.jsonl", help="a line per query")
    parser.add_argument("--samples", type=Path, metavar="SAMPLES.jsonl", help="all judgments, for app.py import")


def read_queries(settings: Settings) -> list[Query]:
    """The queries of the file, or program-made ones, spread over the families. UsageError names the line."""
    for path in (settings.out, settings.samples):
        if path is not None and path.exists():
            raise UsageError(f"{path} exists already; choose another name")
    if settings.queries is None:
        first = _FIRST + settings.seed * 1000
        made = [tasks.draw(SEEN[i % len(SEEN)], first + i, 2) for i in range(settings.tasks)]
        return [Query(task.example.id, task.example.query, task) for task in made]
    queries = []
    for line in lines.read(settings.queries):
        with lines.located(settings.queries, line.number):
            # An item without responses is no item: one is put in, to be read like the others.
            example = read_item({"id": f"query-{line.number}"} | line.value | {"responses": ["-"]})
            queries.append(Query(example.id, example.query))
    return queries


def create_policy(settings: Settings) -> Engine:
    """The policy's engine; by default the bundled base model, which was never trained as a judge."""
    model = settings.policy_model
    if model is None and settings.policy in ("hf", "managed"):
        model = str(models.base_model().folder)
    return engines.create(settings.policy, model)


async def answers(
    engine: Engine, asked: Sequence[Sequence[Message]], params: Params, n: int, seed: int
) -> list[list[str]]:
    """n answers to each conversation, in their order. Raises EngineError when one could not be had."""
    requests = [Request(str(i), tuple(turns), params, seed + i * n, n) for i, turns in enumerate(asked)]
    found: list[list[str]] = [[""] * n for _ in asked]
    async with aclosing(engine.generate(requests)) as replies:
        async for reply in replies:
            if isinstance(reply.result, EngineError):
                raise reply.result
            found[int(reply.key)][reply.child] = reply.result.text.strip()
    return found


class Sessions:
    """Judgements as sessions of one run, which `app.py import FILE` brings into the app."""

    def __init__(self, engine: Engine, params: Params, k: int, seed: int, tag: str) -> None:
        head, dirty = commit()
        context = cards.of(engine).context
        self._run = Run(
            uuid.uuid4().hex, datetime.now(UTC).isoformat(timespec="seconds"), engine.name, engine.model, "", "",
            params, k, None, seed, order=shuffling.OWN if context == "single" else "random", context=context,
            versions=versions(), commit=head, dirty=dirty,
        )  # fmt: skip
        self._tag, self._kept = tag, list[tuple[Judgement, str]]()
        self._engine, self._templates = engine, set[str]()

    def add(self, judgement: Judgement, title: str = "") -> None:
        """Keep one; '' as a title is the query's beginning."""
        self._templates.add(prompts.choose(judgement.example, (), self._engine.style))
        self._kept.append((judgement, title))

    def write(self, path: Path | None) -> None:
        """Write all of them, in the order of their ids where several were judged at a time."""
        if path is None:
            return
        used = sorted((name, prompts.load(name).hash) for name in self._templates)
        run = replace(
            self._run, model=self._engine.model,
            template="+".join(name for name, _ in used), template_hash="+".join(digest for _, digest in used),
        )  # fmt: skip
        blocks = []
        for judgement, title in self._kept:
            session = sessions.new_session(run, judgement.example, (self._tag,))
            session = replace(session, title=title or session.title)
            samples = [sessions.with_session(sample, session.id) for sample in judgement.samples]
            blocks.append((run, session, samples))
        with path.open("x", encoding="utf-8") as out:
            sessions.dump(blocks, out)
        print(f"{len(blocks)} judgments in {path}: python app.py import {path}", file=sys.stderr)


def write_lines(path: Path, lines: Sequence[dict[str, Any]]) -> None:
    """One JSON object a line."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="ascii")


def share(values: Sequence[float]) -> dict[str, float | int]:
    """A mean over queries with its 95% interval (bootstrap over queries)."""
    found = accuracy.estimate(np.array(values, dtype=np.float64))
    return {"mean": round(found.mean, 4), "low": round(found.low, 4), "high": round(found.high, 4), "queries": found.n}
