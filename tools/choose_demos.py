"""Choose the demo sessions among recorded ones: python tools/choose_demos.py SAMPLES.jsonl OUT.jsonl.

SAMPLES.jsonl is one run of `score` with k = 32 and the meta RM, over assets/demo/everyday.jsonl or over items that
`measure items` made. For every kind below the first item of the file that shows it is taken; nothing is sampled again.
Kinds that OUT.jsonl has already keep their session, so that a kind which no item of one file shows may be found in the
next. Only our own items are taken: labelled pairs are others' texts.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grm_core import outcome
from grm_core.formats import sessions
from grm_core.types import Example, Method, Run, Sample, Session, Verdict
from grm_core.voting import vote

Chosen = tuple[Run, Session, list[Sample]]


@dataclass(frozen=True, slots=True)
class Judged:
    """A recorded item and its votes."""

    example: Example
    samples: tuple[Sample, ...]
    naive: Verdict
    guided: Verdict

    @property
    def n(self) -> int:
        return len(self.example.responses)

    def right(self, verdict: Verdict) -> bool:
        """Whether the vote found the labelled best response; where labels tell none apart, it cannot."""
        labels = self.example.labels
        return labels is not None and _told_apart(self) and verdict.winner in outcome.best_labels(labels)

    def spread(self) -> float:
        """How much more a response gets, on average, where it is shown first than where it is shown last."""
        first = [s.parsed.shown_scores[0] for s in self.samples if s.parsed.shown_scores]
        last = [s.parsed.shown_scores[-1] for s in self.samples if s.parsed.shown_scores]
        return sum(first) / len(first) - sum(last) / len(last) if first else 0.0


def _share(judged: Judged) -> float:
    """The share of valid samples that agree with the vote."""
    agreeing = [s for s in judged.samples if s.scores and s.scores.index(max(s.scores)) == judged.naive.winner]
    return len(agreeing) / max(1, judged.naive.k_effective)


def _flips(judged: Judged) -> bool:
    first = vote(judged.samples, k=1)
    return judged.right(judged.naive) and first.winner is not None and first.winner != judged.naive.winner


def _top_principle(judged: Judged, words: Sequence[str]) -> bool:
    """Whether a heavy principle of a tenth of the samples speaks of form where the query asks for a fact."""
    heavy = [p.text.lower() for s in judged.samples for p in s.parsed.principles if (p.weight or 0) >= 50]
    return sum(any(word in text for word in words) for text in heavy) >= len(judged.samples) / 10


def _told_apart(judged: Judged) -> bool:
    return len(set(judged.example.labels or ())) > 1


def _none_good(judged: Judged) -> bool:
    return judged.n > 1 and judged.example.labels is not None and not any(judged.example.labels)


def _mean_best(judged: Judged) -> float:
    totals = judged.naive.totals
    return max(totals) / judged.naive.k_effective if totals else 0.0


def _by_position(judged: Judged) -> bool:
    """Whether scores follow the place at which a response was shown."""
    shuffled = len({sample.order for sample in judged.samples}) > 1
    return judged.n == 2 and shuffled and abs(judged.spread()) >= 1.0


def _is(*ids: str) -> Callable[[Judged], bool]:
    """Kinds that the item itself shows, whatever the votes are."""
    return lambda judged: judged.example.id in ids


KINDS: tuple[tuple[str, Callable[[Judged], bool]], ...] = (
    ("clear win", lambda j: j.n > 1 and j.right(j.naive) and _share(j) >= 0.9),
    ("vote flips between k = 1 and 32", _flips),
    ("meta RM rescue", lambda j: j.right(j.guided) and not j.right(j.naive)),
    ("meta RM harm", lambda j: j.right(j.naive) and not j.right(j.guided)),
    ("tie", lambda j: j.n > 1 and j.naive.winner is None and j.naive.k_effective > 0),
    ("position bias", _by_position),
    ("biased principle", lambda j: j.n > 1 and _top_principle(j, ("concise", "brief", "sentence", "plain"))),
    ("all responses bad", lambda j: _none_good(j) and _mean_best(j) <= 5),
    ("single response, right", _is("compound-interest-one")),
    ("single response, wrong", _is("boiling-point-one")),
    ("six responses", lambda j: j.n == 6),
    ("a failure that stays", lambda j: _told_apart(j) and not j.right(j.naive) and not j.right(j.guided)),
    ("three responses, ranked", lambda j: j.n == 3 and j.right(j.naive)),
    ("close call", lambda j: j.n == 2 and j.right(j.naive) and _share(j) <= 0.65),
    ("an instruction inside a response", _is("note-to-the-judge")),
    ("an email", _is("decline-the-dinner")),
    ("code with a bug", _is("moving-average-bug")),
    ("a medical question", _is("swallowed-battery", "first-aid-fainting")),
    ("a summary with an invented fact", _is("bridge-summary")),
    ("a false premise", _is("einstein-and-maths")),
    ("a chat of several turns", _is("vegetarian-guest")),
)


def judged_items(path: Path) -> Iterator[tuple[sessions.Block, Judged]]:
    """Every item of the file with its votes."""
    for block in sessions.read_samples(path):
        for item in block.items:
            if item.example is not None:
                samples = tuple(item.samples)
                read = all(sample.meta_logit is not None for sample in samples if sample.scores is not None)
                naive = vote(samples)
                yield block, Judged(item.example, samples, naive, vote(samples, Method.GUIDED) if read else naive)


def chosen_before(out: Path) -> dict[str, Chosen]:
    """Kind -> what a file of demo sessions has of it."""
    chosen = {}
    for block in sessions.read_samples(out) if out.exists() else ():
        for item in block.items:
            assert block.run is not None
            assert item.example is not None
            session = sessions.session_of(block.run, item, item.example)
            chosen[session.tags[-1]] = (block.run, session, list(item.samples))
    return chosen


def demo(kind: str, run: Run, judged: Judged) -> Chosen:
    """The session of a judged item, named after what it shows."""
    session = sessions.new_session(run, judged.example)
    title = f"{session.title} ({kind})"
    session = replace(session, id=f"demo-{judged.example.id}", title=title, tags=("demo", kind))
    return run, session, [sessions.with_session(sample, session.id) for sample in judged.samples]


def main(source: Path, out: Path) -> int:
    """Choose, say what was chosen, write."""
    looked_at = [(block.run, judged) for block, judged in judged_items(source) if judged.example.source != "pairs"]
    before = chosen_before(out)
    taken = {session.id.removeprefix("demo-") for _, session, _ in before.values()}
    chosen = []
    for kind, shows in KINDS:
        if kind in before:
            chosen.append(before[kind])
            continue
        fitting = next(((run, j) for run, j in looked_at if run and j.example.id not in taken and shows(j)), None)
        print(f"{kind}: {fitting[1].example.id if fitting else 'no item shows it'}", file=sys.stderr)
        if fitting is not None:
            taken.add(fitting[1].example.id)
            chosen.append(demo(kind, *fitting))
    with out.open("w", encoding="utf-8") as lines:
        sessions.dump(chosen, lines)
    print(f"{len(chosen)} sessions; looked at {len(looked_at)} recorded items", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
