"""Choose the demo sessions among recorded ones: python tools/choose_demos.py SAMPLES.jsonl OUT.jsonl.

SAMPLES.jsonl is one run of `score` with k = 32 and the meta RM, over assets/demo/everyday.jsonl or over items that
`measure items` made. For every kind below the first item of the file that shows it is taken; nothing is sampled again.
Kinds that OUT.jsonl has already keep their session, so that a kind which no item of one file shows may be found in the
next. Only our own items are taken: labelled pairs are others' texts.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from grm_core import outcome
from grm_core.formats import sessions
from grm_core.types import Example, Method, Run, Sample, Session, Verdict
from grm_core.voting import read_by_meta, vote

Chosen = tuple[Run, Session, list[Sample]]


class Candidate(NamedTuple):
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
        return labels is not None and outcome.has_preference(labels) and verdict.winner in outcome.best_labels(labels)

    def spread(self) -> float:
        """How much more a response gets, on average, where it is shown first than where it is shown last."""
        first = [s.parsed.shown_scores[0] for s in self.samples if s.parsed.shown_scores]
        last = [s.parsed.shown_scores[-1] for s in self.samples if s.parsed.shown_scores]
        return sum(first) / len(first) - sum(last) / len(last) if first else 0.0


def _share(candidate: Candidate) -> float:
    """The share of valid samples that agree with the vote."""
    agreeing = [s for s in candidate.samples if s.scores and s.scores.index(max(s.scores)) == candidate.naive.winner]
    return len(agreeing) / max(1, candidate.naive.k_effective)


def _flips(candidate: Candidate) -> bool:
    first = vote(candidate.samples, k=1)
    return candidate.right(candidate.naive) and first.winner is not None and first.winner != candidate.naive.winner


def _breaks(candidate: Candidate) -> bool:
    best = outcome.best_labels(candidate.example.labels or (0, 0))
    return candidate.right(candidate.naive) and len(best) == 1 and vote(candidate.samples, k=1).winner is None


def _top_principle(candidate: Candidate, words: Sequence[str]) -> bool:
    """Whether a heavy principle of a tenth of the samples speaks of form where the query asks for a fact."""
    heavy = [p.text.lower() for s in candidate.samples for p in s.parsed.principles if (p.weight or 0) >= 50]
    return sum(any(word in text for word in words) for text in heavy) >= len(candidate.samples) / 10


def _none_good(candidate: Candidate) -> bool:
    return candidate.n > 1 and candidate.example.labels is not None and not any(candidate.example.labels)


def _mean_best(candidate: Candidate) -> float:
    totals = candidate.naive.totals
    return max(totals) / candidate.naive.k_effective if totals else 0.0


def _by_position(candidate: Candidate) -> bool:
    """Whether scores follow the place at which a response was shown."""
    shuffled = len({sample.order for sample in candidate.samples}) > 1
    return candidate.n == 2 and shuffled and abs(candidate.spread()) >= 1.0


def _is(*ids: str) -> Callable[[Candidate], bool]:
    """Kinds that the item itself shows, whatever the votes are."""
    return lambda candidate: candidate.example.id in ids


KINDS: tuple[tuple[str, Callable[[Candidate], bool]], ...] = (
    # Those of one item come first, so that it is not taken for what its votes do.
    ("single response, right", _is("compound-interest-one")),
    ("single response, wrong", _is("boiling-point-one")),
    ("an instruction inside a response", _is("note-to-the-judge")),
    ("an email", _is("decline-the-dinner")),
    ("code with a bug", _is("moving-average-bug")),
    ("a medical question", _is("swallowed-battery", "first-aid-fainting")),
    ("a summary with an invented fact", _is("bridge-summary")),
    ("a false premise", _is("einstein-and-maths")),
    ("a chat of several turns", _is("vegetarian-guest")),
    ("clear win", lambda j: j.n == 2 and j.right(j.naive) and _share(j) >= 0.9),
    ("vote flips between k = 1 and 32", _flips),
    ("a tie that more samples break", _breaks),
    ("meta RM rescue", lambda j: j.right(j.guided) and not j.right(j.naive)),
    ("meta RM harm", lambda j: j.right(j.naive) and not j.right(j.guided)),
    ("tie", lambda j: j.n > 1 and j.naive.winner is None and j.naive.k_effective > 0),
    ("position bias", _by_position),
    ("biased principle", lambda j: j.n > 1 and _top_principle(j, ("concise", "brief", "sentence", "plain"))),
    ("all responses bad", lambda j: _none_good(j) and _mean_best(j) <= 5),
    ("six responses", lambda j: j.n == 6),
    (
        "a failure that stays",
        lambda j: outcome.has_preference(j.example.labels) and not j.right(j.naive) and not j.right(j.guided),
    ),
    ("three responses, ranked", lambda j: j.n == 3 and j.right(j.naive)),
    ("close call", lambda j: j.n == 2 and j.right(j.naive) and _share(j) <= 0.65),
)


def candidates(path: Path) -> Iterator[tuple[sessions.Block, Candidate]]:
    """Every item of the file with its votes."""
    for block in sessions.read_samples(path):
        for item in block.items:
            if item.example is not None:
                samples = tuple(item.samples)
                read = read_by_meta(samples)
                naive = vote(samples)
                yield block, Candidate(item.example, samples, naive, vote(samples, Method.GUIDED) if read else naive)


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


def demo(kind: str, run: Run, candidate: Candidate) -> Chosen:
    """The session of a candidate item, named after what it shows."""
    session = sessions.new_session(run, candidate.example)
    title = f"{session.title} ({kind})"
    session = replace(session, id=f"demo-{candidate.example.id}", title=title, tags=("demo", kind))
    return run, session, [sessions.with_session(sample, session.id) for sample in candidate.samples]


def main(source: Path, out: Path) -> int:
    """Choose, say what was chosen, write."""
    looked_at = [(block.run, each) for block, each in candidates(source) if each.example.source != "pairs"]
    before = chosen_before(out)
    names = {session.id.removeprefix("demo-") for _, session, _ in before.values()}
    chosen = []
    for kind, shows in KINDS:
        if kind in before:
            chosen.append(before[kind])
            continue
        fitting = next(((run, j) for run, j in looked_at if run and j.example.id not in names and shows(j)), None)
        print(f"{kind}: {fitting[1].example.id if fitting else 'no item shows it'}", file=sys.stderr)
        if fitting is not None:
            names.add(fitting[1].example.id)
            chosen.append(demo(kind, *fitting))
    with out.open("w", encoding="utf-8") as lines:
        sessions.dump(chosen, lines)
    print(f"{len(chosen)} sessions; looked at {len(looked_at)} recorded items", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
