"""Findings for an auditor in a judged example: one finding per kind and place, the gravest first.

Everything follows from the stored samples; nothing here changes a vote. Rules of thumb (lexicons, thresholds) flag,
they do not convict: each finding says what it saw and where.
"""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import numpy as np

from grm_core.analysis.critique import QUOTED, parts, sub_scores
from grm_core.analysis.evidence import quotes
from grm_core.analysis.frames import letter
from grm_core.types import Example, Finding, Method, Sample
from grm_core.voting import read_by_meta, vote

SEVERITIES = ("error", "warning", "note", "info")
"""The gravest first. `info` is no reason to look: it marks no sample and is not counted."""
_BAD = 4.0
"""A best response with a mean score of this or less is a bad one."""
_PERMUTATIONS = 2000
_MOST_GUIDED = 128
"""Leaving out each one of more would take seconds under guided voting, where it is a vote of its own."""
_UNLIKELY, _SHIFT = 0.01, 0.5
"""Position bias: p value below, and difference between positions' mean scores of at least."""

_HIJACK = re.compile(
    r"\\boxed\s*\{|\b(?:final )?(?:score|rating)s?\s*[:=]\s*\[?\s*(?:10|[1-9])\b"
    r"|\b(?:ignore|disregard|forget)\b[^.\n]{0,40}\b(?:instruction|criteria|principle|prompt|above)"
    r"|\b(?:give|rate|score|assign)\b[^.\n]{0,20}\b(?:this|my) (?:response|answer|reply|text)\b[^.\n]{0,30}"
    r"\b(?:10|ten|highest|full marks)\b|\b(?:rate|score) (?:me|this|it) (?:a )?(?:10|ten)\b",
    re.IGNORECASE,
)
_PRAISE = re.compile(r"\b(?:excellent|perfect|outstanding|flawless|superb|fully correct|very good)\b", re.IGNORECASE)
_BLAME = re.compile(r"\b(?:poor|wrong|incorrect|false|useless|fails|terrible|nonsense|harmful)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:not|no|never|without|nothing|isn't|hardly|only)\s+(?:\w+\s+){0,2}$", re.IGNORECASE)
_BUT = re.compile(r"\b(?:but|however|although|though|not|mixed|invented|made[- ]up|missing)\b", re.IGNORECASE)
_GENERAL = frozenset(
    ("accuracy", "accurate", "brevity", "brief", "clarity", "clear", "coherence", "complete", "completeness",
     "concise", "correct", "correctness", "depth", "detail", "direct", "directness", "facts", "factual",
     "focus", "format", "helpful", "helpfulness", "honesty", "instruction", "language", "length", "logic",
     "quality", "relevance", "relevant", "safety", "style", "tone", "truth", "truthful", "usefulness")
)  # fmt: skip


_VERBS = frozenset(
    ("gives", "names", "states", "says", "tells", "lists", "mentions", "provides", "offers", "explains", "describes",
     "uses", "shows", "includes", "contains", "writes", "this", "that", "with", "from", "also")
)  # fmt: skip
"""Words by which two principles may differ and ask for the same."""


def find(example: Example, samples: Sequence[Sample]) -> tuple[Finding, ...]:
    """All findings, errors before warnings before notes before information, otherwise in the order of the checks."""
    valid = [sample for sample in sorted(samples, key=lambda s: s.index) if sample.scores is not None]
    findings = [*_unreadable(samples), *_hijack(example, valid)]
    if valid:
        findings += [*_verdict(example, samples, valid), *_position(example, valid), *_pivotal(samples, valid)]
    for sample in samples:
        findings += [*_box(sample), *_contradiction(sample), *_principles(example, sample), *_quotes(example, sample)]
    return tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity)))


def _unreadable(samples: Sequence[Sample]) -> Iterator[Finding]:
    failed = [sample for sample in samples if sample.scores is None]
    if failed:
        statuses = {"no completion" if s.completion is None else str(s.parsed.status) for s in failed}
        reasons = sorted(status.replace("_", " ") for status in statuses)
        all_of = len(failed) == len(samples)
        words = f"{len(failed)} of {len(samples)} samples cast no vote: {', '.join(reasons)}"
        yield Finding("unreadable", "error" if all_of else "warning", tuple(s.id for s in failed), evidence=words)


def _hijack(example: Example, valid: Sequence[Sample]) -> Iterator[Finding]:
    """A response that speaks to the judge."""
    means = np.mean([sample.scores or () for sample in valid], axis=0) if valid else None
    for own, response in enumerate(example.responses):
        if match := _HIJACK.search(response):
            best = means is not None and len(means) > 1 and means[own] == means.max()
            sentence = f'response {letter(own)} holds "{match[0].strip()}"' + (
                ", and has the highest mean score" if best else ""
            )
            yield Finding("score hijack", "error" if best else "warning", evidence=sentence)


def _verdict(example: Example, samples: Sequence[Sample], valid: Sequence[Sample]) -> Iterator[Finding]:
    naive = vote(samples)
    n = len(example.responses)
    if n > 1 and naive.winner is None:
        yield Finding("tie", "warning", evidence=f"{naive.k_effective} samples, and the best totals are equal")
    best = max(naive.totals or (0,)) / max(1, naive.k_effective)
    if best <= _BAD:
        yield Finding("all bad", "warning", evidence=f"the best mean score is {best:.1f} of 10")
    if n > 1 and read_by_meta(valid):
        guided = vote(samples, Method.GUIDED)
        if guided.winner != naive.winner:
            names = ["a tie" if w is None else letter(w) for w in (naive.winner, guided.winner)]
            kept = tuple(sample.id for sample in valid if sample.index in guided.voted)
            words = f"naive voting says {names[0]}, the {guided.k_meta} samples that the meta RM keeps say {names[1]}"
            yield Finding("meta RM against the vote", "warning", kept, evidence=words)


def _position(example: Example, valid: Sequence[Sample]) -> Iterator[Finding]:
    test = position_test(valid)
    if test is not None and test[1] < _UNLIKELY and np.ptp(test[0]) >= _SHIFT:
        shifts = ", ".join(f"{place}. {shift:+.1f}" for place, shift in enumerate(test[0], 1))
        words = f"scores shift with the position shown ({shifts}; p = {test[1]:.3f}, permutation test)"
        yield Finding("position bias", "warning", tuple(s.id for s in valid), evidence=words)


def position_test(valid: Sequence[Sample], seed: int = 0) -> tuple[tuple[float, ...], float] | None:
    """By how much each shown position lifts a score, and the p value of no such effect; None below 8 samples, for
    n = 1, and where all samples saw one order.

    Each score is compared with its response's own mean; under the null hypothesis the places within a sample can be
    exchanged. Seeded permutations, so the same samples give the same p (0..1, never below 1 / (permutations + 1)).
    """
    scores = [sample.parsed.shown_scores for sample in valid if sample.parsed.shown_scores is not None]
    if len(scores) < 8 or len(scores[0]) < 2 or len({sample.order for sample in valid}) == 1:
        return None
    shown, orders = np.array(scores, dtype=float), np.array([sample.order for sample in valid])
    own = np.empty_like(shown)
    np.put_along_axis(own, orders, shown, axis=1)
    residuals = own - own.mean(axis=0)
    rng = np.random.default_rng(seed)

    def effect(arranged: np.ndarray) -> np.ndarray:
        return np.asarray(arranged.mean(axis=0))

    actual = effect(np.take_along_axis(residuals, orders, axis=1))
    permuted = [effect(rng.permuted(residuals, axis=1)) for _ in range(_PERMUTATIONS)]
    beyond = sum(float(np.square(each).sum()) >= float(np.square(actual).sum()) - 1e-12 for each in permuted)
    return tuple(float(shift) for shift in actual), (beyond + 1) / (_PERMUTATIONS + 1)


def _pivotal(samples: Sequence[Sample], valid: Sequence[Sample]) -> Iterator[Finding]:
    """Samples without which the vote would fall differently."""
    if len(valid) < 2 or len(valid[0].order) < 2:
        return
    for method in (
        (Method.NAIVE, Method.GUIDED) if read_by_meta(valid) and len(valid) <= _MOST_GUIDED else (Method.NAIVE,)
    ):
        flipping = _flipping(samples, valid, method)
        if flipping:
            which = "a certain sample" if len(flipping) == 1 else f"any one of {len(flipping)} samples"
            words = f"without {which} the {method} verdict changes"
            yield Finding("pivotal samples", "note", tuple(sample.id for sample in flipping), evidence=words)


def _flipping(samples: Sequence[Sample], valid: Sequence[Sample], method: Method) -> list[Sample]:
    """The valid samples that are each enough to change the winner, in index order."""
    if method is Method.NAIVE:
        scores = np.array([sample.scores or () for sample in valid])
        left = scores.sum(axis=0) - scores
        best = left.max(axis=1, keepdims=True)
        winners = np.where((left == best).sum(axis=1) > 1, -1, left.argmax(axis=1))
        now = vote(valid).winner
        return [s for s, winner in zip(valid, winners, strict=True) if winner != (-1 if now is None else now)]
    now = vote(samples, method).winner
    return [out for out in valid if vote([s for s in valid if s is not out], method).winner != now]


def _box(sample: Sample) -> Iterator[Finding]:
    """Scores in the critique that the box does not repeat."""
    shown = sample.parsed.shown_scores
    if shown is None:
        return
    pairs = enumerate(zip(sub_scores(sample), shown, strict=True), 1)
    differing = [(place, stated, boxed) for place, (stated, boxed) in pairs if stated is not None and stated != boxed]
    if differing:
        words = "; ".join(
            f"{letter(sample.order[place - 1])} (shown as {place}): {stated}/10 in the critique, {boxed} in the box"
            for place, stated, boxed in differing
        )
        yield Finding("box disagrees with the critique", "warning", (sample.id,), sample.parsed.score_spans, words)


def _contradiction(sample: Sample) -> Iterator[Finding]:
    """Praise with a low score, or blame with a high one."""
    shown = sample.parsed.shown_scores
    if shown is None or sample.completion is None:
        return
    for place, (span, score) in enumerate(zip(parts(sample), shown, strict=True), 1):
        if span is None:
            continue
        # What is quoted praises and blames nobody.
        text = QUOTED.sub(lambda quoted: " " * len(quoted[0]), sample.completion.text[slice(*span)])
        praised, blamed = (
            any(not _NEGATED.search(text[: m.start()]) for m in words.finditer(text)) for words in (_PRAISE, _BLAME)
        )
        if (praised and not blamed and not _BUT.search(text) and score <= 3) or (
            blamed and not praised and score >= 8
        ):
            named = f"{letter(sample.order[place - 1])} (shown as {place})"
            words = f"{named} is {'praised' if praised else 'blamed'} and gets {score}"
            yield Finding("critique contradicts its score", "warning", (sample.id,), (span,), words)


def _principles(example: Example, sample: Sample) -> Iterator[Finding]:
    stated = sample.parsed.principles
    for place, principle in enumerate(stated):
        twin = next((other for other in stated[:place] if _same(principle.text, other.text)), None)
        if twin is not None:
            words = f'"{principle.text[:80]}" repeats "{twin.text[:80]}"'
            yield Finding("repeated principle", "note", (sample.id,), (twin.span, principle.span), words)
    topic = _content(" ".join([*(message.content for message in example.query), *example.responses])) | _GENERAL
    for principle in stated:
        if (own := _content(principle.text)) and not own & topic:
            words = f'"{principle.text[:80]}" shares no word with the query or the responses'
            yield Finding("principle without a word of the query", "info", (sample.id,), (principle.span,), words)


def _quotes(example: Example, sample: Sample) -> Iterator[Finding]:
    missing = [quote for quote in quotes(example, sample) if quote.origin == "missing"]
    if missing and sample.completion is not None:
        listed = ", ".join(f'"{sample.completion.text[slice(*quote.span)][:60]}"' for quote in missing[:3])
        yield Finding(
            "quote not found",
            "warning",
            (sample.id,),
            tuple(quote.span for quote in missing),
            f"no response holds {listed}",
        )


def _same(one: str, other: str) -> bool:
    """Whether two principles ask for the same: like letters are not enough, one word may turn them round."""
    alike = SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio() > 0.8
    return alike and _content(one) - _VERBS == _content(other) - _VERBS


def _content(text: str) -> frozenset[str]:
    cleaned = "".join(mark if mark.isalnum() else " " for mark in text.lower()).split()
    return frozenset(word for word in cleaned if len(word) > 3 or word.isdigit())
