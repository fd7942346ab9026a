"""Small builders of the data types, for tests."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from grm_core.analysis.accuracy import Judged
from grm_core.types import Completion, Example, Message, Parsed, ParseStatus, Sample


def make_sample(
    index: int,
    own_scores: Sequence[int] | None,
    meta_logit: float | None = None,
    order: Sequence[int] | None = None,
    session_id: str = "s",
    text: str = "",
) -> Sample:
    """A sample whose scores in own order are these; None = a completion that could not be read."""
    shown = tuple(order) if order is not None else tuple(range(len(own_scores or (0, 0))))
    if own_scores is None:
        parsed = Parsed(ParseStatus.NO_SCORES)
    else:
        parsed = Parsed(ParseStatus.OK, shown_scores=tuple(own_scores[response] for response in shown))
    completion = Completion(text, "stop", 10, 5, 0.5, "fake")
    return Sample(
        f"{session_id}/{index}", session_id, index, shown, index, "key", completion, None, parsed, meta_logit
    )


def write_lines(path: Path, rows: Iterable[object]) -> Path:
    """The path, now a file of JSON Lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def make_example(n: int = 2, query: str = "Which is better?", **fields: object) -> Example:
    """An example with n distinct responses."""
    responses = tuple(f"Candidate text number {i}." for i in range(n))
    return Example(id="item", query=(Message("user", query),), responses=responses, **fields)  # type: ignore[arg-type]


def make_judged(*scores: tuple[int, ...] | None, labels: tuple[float, ...] = (1.0, 0.0)) -> Judged:
    """A labelled item with a sample for each score vector; None is one that cannot be read."""
    samples = tuple(make_sample(index, each) for index, each in enumerate(scores))
    return Judged("item", "", labels, samples, make_example(len(labels)))
