"""Co-scaling: policy and GRM answer each other. Answer, critique, revised answer, both judged side by side, again.

    python -m examples.co_scaling --tasks 12 --rounds 3 --k 8 --out steps.jsonl --samples steps-judged.jsonl
    python app.py import steps-judged.jsonl      # every critique and every comparison as a session, tag co-scaling

A round: the GRM criticises the answer alone (the strictest of its k critiques is passed on), the policy revises, the
GRM scores old and new side by side, k times in shuffled orders. The new answer is kept when its total is higher; when
it is not (a tie counts as not), when the policy repeats itself, or when no critique could be read, the query is done.
"""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from examples import common
from examples.common import Query, Sessions
from grm_core import cards, engines
from grm_core.engines.base import Engine
from grm_core.errors import GRMError
from grm_core.judge import judge
from grm_core.plan import SamplingPlan, template_of
from grm_core.types import Example, Judgement, Message, Params

REVISE = (
    "A critic has read your answer and says:\n\n{critique}\n\nWrite a better answer to my request. Mend what the "
    "critic rightly finds wrong, keep what is good, and give nothing but the new answer."
)
_HEAD = re.compile(r"^\s*(?:Response 1:)?\s*")


@dataclass(slots=True)
class Course:
    """How far one query has come."""

    query: Query
    first: str
    answer: str
    steps: list[dict[str, Any]] = field(default_factory=list)
    ended: str = ""
    """Why no further round follows; '' while one does."""


def main(argv: Sequence[str]) -> int:
    """Run the rounds; returns the exit code."""
    parser = argparse.ArgumentParser(prog="examples.co_scaling", description=__doc__.split("\n", 1)[0])
    common.add_arguments(parser)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args(argv)
    settings = common.settings_of(vars(args))
    try:
        courses = asyncio.run(run(settings, args.rounds, common.read_queries(settings)))
    except GRMError as error:
        print(error, file=sys.stderr)
        return 2
    common.write_lines(settings.out, [line(course) for course in courses])
    print(json.dumps(summary(courses)))
    return 0


async def run(settings: common.Settings, rounds: int, queries: Sequence[Query]) -> list[Course]:
    """All queries, round by round: those of one round are asked together."""
    policy, grm = common.create_policy(settings), engines.create(settings.engine, settings.model)
    sessions = Sessions(grm, Params(max_tokens=settings.judge_tokens), settings.k, settings.seed, "co-scaling")
    drawn = Params(temperature=settings.temperature, max_tokens=settings.policy_tokens)
    try:
        await grm.start()
        texts = await common.answers(policy, [query.turns for query in queries], drawn, 1, settings.seed)
        courses = [Course(query, text, text) for query, (text,) in zip(queries, texts, strict=True)]
        for number in range(1, rounds + 1):
            going = [course for course in courses if not course.ended]
            if going:
                await one_round(number, going, policy, grm, drawn, settings, sessions)
    finally:
        await policy.close()
        await grm.close()
    sessions.write(settings.samples)
    return courses


async def one_round(
    number: int, going: Sequence[Course], policy: Engine, grm: Engine, drawn: Params, settings: common.Settings,
    sessions: Sessions,
) -> None:  # fmt: skip
    """Critique, revision, comparison of every query that still goes on."""
    alone = await asyncio.gather(*(_judged(grm, each, "critique", number, (each.answer,), settings) for each in going))
    critiques = [strictest(found) for found in alone]
    for course, found, critique in zip(going, alone, critiques, strict=True):
        if found is not None:
            sessions.add(found, f"round {number}, critique: {course.query.words()[:60]}")
        if critique is None:
            course.ended = "no critique could be read"
    left = [(course, told) for course, told in zip(going, critiques, strict=True) if told is not None]
    asked = [
        (*course.query.turns, Message("assistant", course.answer), Message("user", REVISE.format(critique=told)))
        for course, told in left
    ]
    revised = await common.answers(policy, asked, drawn, 1, settings.seed + 1000 * number)
    tried = [(course, told, new) for (course, told), (new,) in zip(left, revised, strict=True)]
    pairs = await asyncio.gather(
        *(_judged(grm, course, "old and new", number, (course.answer, new), settings) for course, _, new in tried)
    )
    for (course, told, new), found in zip(tried, pairs, strict=True):
        if found is not None:
            sessions.add(found, f"round {number}, old and new: {course.query.words()[:60]}")
        _settle(course, number, told, new, found)


def _settle(course: Course, number: int, critique: str, new: str, found: Judgement | None) -> None:
    """Keep the new answer if the GRM prefers it; otherwise the query is done."""
    verdict = None if found is None else found.verdict
    step = {"round": number, "critique": critique, "revised": new, "kept": verdict is not None and verdict.winner == 1}
    step |= {
        "totals": None if verdict is None else verdict.totals,
        "k_effective": verdict.k_effective if verdict else 0,
    }
    course.steps.append(step)
    if step["kept"]:
        course.answer = new
    else:
        course.ended = "the GRM does not prefer the new answer" if found is not None else "nothing new to judge"


def strictest(found: Judgement | None) -> str | None:
    """The critique of the lowest score, the first of several; None where none could be read."""
    read = [
        (sample.scores[0], sample.index, sample.completion.text[slice(*sample.parsed.critique_span)])
        for sample in (() if found is None else found.samples)
        if sample.scores is not None and sample.completion is not None and sample.parsed.critique_span is not None
    ]
    return _HEAD.sub("", min(read)[2]).strip() if read else None


async def _judged(
    grm: Engine, course: Course, what: str, number: int, texts: tuple[str, ...], settings: common.Settings
) -> Judgement | None:
    """The GRM's judgement; None where there is nothing to judge or it does not fit the model."""
    if not all(text.strip() for text in texts) or len(set(texts)) < len(texts):
        return None
    example = Example(f"{course.query.id}/round-{number}/{what.replace(' ', '-')}", course.query.turns, texts)
    card, params = cards.of(grm), Params(max_tokens=settings.judge_tokens)
    template = template_of(example, (), grm.style, card.context)
    plan = SamplingPlan(example, template, params, settings.k, settings.seed, context=card.context, opens=card.opens)
    try:
        return await judge(grm, plan)
    except GRMError as error:
        print(f"{example.id}: {error}", file=sys.stderr)
        return None


def line(course: Course) -> dict[str, Any]:
    """One query's line of --out."""
    query = course.query
    found: dict[str, Any] = {
        "id": query.id,
        "query": query.words(),
        "first": course.first,
        "final": course.answer,
        "steps": course.steps,
    }
    found["ended"] = course.ended or "all rounds were run"
    if query.task is not None:
        found |= {"checked_first": query.right(course.first), "checked_final": query.right(course.answer)}
    return found


def summary(courses: Sequence[Course]) -> dict[str, Any]:
    """Revisions kept, and, for checked queries, the share that is right at first and in the end."""
    steps = [step for course in courses for step in course.steps]
    found: dict[str, Any] = {"queries": len(courses), "revisions": len(steps), "kept": sum(s["kept"] for s in steps)}
    known = [course for course in courses if course.query.task is not None]
    if known:
        first = [float(bool(course.query.right(course.first))) for course in known]
        final = [float(bool(course.query.right(course.answer))) for course in known]
        found |= {"first": common.share(first), "final": common.share(final)}
        found["final - first"] = common.share([b - a for a, b in zip(first, final, strict=True)])
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
