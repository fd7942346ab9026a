"""Finished judgments of others -> blocks of SAMPLES.jsonl. Nothing is invented: a vote only where the file has one.

A judgment becomes a sample, all of one judge a run with the engine `foreign` whose template is the form of the file.
Scores that are whole numbers from 1 to 10 vote, as everywhere; those of a judge with another scale stand in the texts
as they are, and the samples are `out_of_range`. Ids follow from content: a file that is imported again adds nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from grm_core.formats.lines import canonical, digest
from grm_core.formats.sessions import Block, ItemSamples
from grm_core.types import (
    FOREIGN,
    SCORE_MAX,
    SCORE_MIN,
    Completion,
    Example,
    Params,
    Parsed,
    ParseStatus,
    Run,
    Sample,
)

ABSENT = "(not in the imported file)"
"""Stands for a query or response that a file of judgments does not hold."""


class Judgment(NamedTuple):
    """One judgment of somebody else's."""

    example: Example
    judge: str
    """The model that judged, or what the file calls the evaluator."""
    scores: tuple[float | None, ...] | None
    """In own order, as the file has them; None where it has none."""
    text: str
    """What the judge wrote."""
    created_at: str = ""
    note: str = ""
    """What the file says in place of scores, such as a preference or a label."""
    of_ten: bool = False
    """Whether the form says that scores go from 1 to 10."""


def blocks(form: str, judgments: Iterable[Judgment]) -> list[Block]:
    """The runs, one for each judge, with their items and samples in the file's order."""
    runs: dict[tuple[str, str], list[Judgment]] = {}
    for judgment in judgments:
        runs.setdefault((judgment.judge, judgment.created_at), []).append(judgment)
    return [_block(form, judge, created_at, made) for (judge, created_at), made in runs.items()]


def _block(form: str, judge: str, created_at: str, made: Sequence[Judgment]) -> Block:
    votes = all(judgment.of_ten for judgment in made) or _is_of_ten(made)
    items: dict[Example, list[Judgment]] = {}
    for judgment in made:
        items.setdefault(judgment.example, []).append(judgment)
    run = Run(
        id=digest(canonical([form, judge, created_at])),
        created_at=created_at,
        engine=FOREIGN,
        model=judge,
        template=form,
        template_hash="",
        params=Params(),
        k=1,
        k_meta=None,
        seed=0,
        order="own",
    )
    filled = []
    for line, (example, mine) in enumerate(items.items(), 1):
        samples = tuple(_sample(index, each, votes) for index, each in enumerate(mine))
        filled.append(ItemSamples(example.id, len(example.responses), example, None, samples, line))
    return Block(run, tuple(filled))


def _is_of_ten(made: Sequence[Judgment]) -> bool:
    """Whether a judge's scores in this file are on our scale: where none is above 1, a 1 may be the best of 0..1."""
    scores = [score for judgment in made for score in judgment.scores or () if score is not None]
    return bool(scores) and all(voted((score,))[1] for score in scores) and max(scores) > 1


def _sample(index: int, judgment: Judgment, votes: bool) -> Sample:
    example = judgment.example
    status, scores = voted(judgment.scores)
    if scores and not votes:
        status, scores = ParseStatus.OUT_OF_RANGE, None
    text = judgment.text
    listed = None if judgment.scores is None or scores else ", ".join(map(_written, judgment.scores))
    for words in (judgment.note, listed and f"Scores in the imported file: {listed}"):
        text = "\n\n".join(filter(None, (text, words)))
    critique = (0, len(judgment.text)) if judgment.text else None
    return Sample(
        id=f"{example.id}/{index}",
        session_id=example.id,
        index=index,
        order=tuple(range(len(example.responses))),
        seed=0,
        request_key="",
        completion=Completion(text, "stop", 0, 0, 0.0, judgment.judge),
        error=None,
        parsed=Parsed(status, critique_span=critique, shown_scores=scores),
    )


def voted(scores: Sequence[float | None] | None) -> tuple[ParseStatus, tuple[int, ...] | None]:
    """Status and votes of scores: whole numbers from 1 to 10 vote, others are out of range, none are none."""
    if scores is None or any(score is None for score in scores):
        return ParseStatus.NO_SCORES, None
    integers = [int(score) for score in scores if score is not None and float(score).is_integer()]
    if len(integers) == len(scores) and all(SCORE_MIN <= score <= SCORE_MAX for score in integers):
        return ParseStatus.OK, tuple(integers)
    return ParseStatus.OUT_OF_RANGE, None


def preferred(winner: int | None, count: int) -> tuple[float | None, ...] | None:
    """A preference as scores: 10 for the one that won, 1 for the others, as the reader of verdicts has it."""
    if winner is None:
        return None
    return tuple(float(SCORE_MAX if place == winner else SCORE_MIN) for place in range(count))


def _written(score: Any) -> str:
    return "none" if score is None else f"{score:g}"
