"""Data -> what the page is sent: plain numbers, ids and words for assets/web, which puts them into text nodes.

No markup is made here. Texts of a sample travel only when one is opened (see detail.py).
"""

from collections.abc import Sequence
from typing import Any

from grm_core.analysis.frames import letter
from grm_core.engines.base import EngineState
from grm_core.types import Finding, ParseStatus, Sample, Verdict
from reports.escape import encodable
from reports.words import count
from runs.job import Snapshot
from ui.wire import inspect as wire
from ui.wire.shared import Line, Row

REASONS = {
    ParseStatus.TRUNCATED: "cut off before the scores",
    ParseStatus.NO_SCORES: "no scores found",
    ParseStatus.WRONG_COUNT: "wrong number of scores",
    ParseStatus.OUT_OF_RANGE: "a score outside 1 to 10",
    ParseStatus.AMBIGUOUS: "two different score lines",
    ParseStatus.EMPTY: "nothing was written",
    ParseStatus.ONLY_REASONING: "only reasoning, no answer",
}


def rows(samples: Sequence[Sample]) -> list[Row]:
    """One small object per sample: numbers and our own words only."""
    return [
        Row(
            i=s.index,
            scores=s.scores,
            reason=reason(s),
            order="".join(letter(r) for r in s.order),
            meta=s.meta_logit,
        )
        for s in samples
    ]


def reason(sample: Sample) -> str | None:
    """Why a sample casts no vote, None when it casts one."""
    return None if sample.scores else (sample.error or REASONS[sample.parsed.status])


def findings(findings: Sequence[Finding], samples: Sequence[Sample]) -> list[wire.Finding]:
    """Findings for the page, with the indices of the samples where it is."""
    places = {sample.id: sample.index for sample in samples}
    return [
        wire.Finding(
            kind=each.kind,
            severity=each.severity,
            evidence=each.evidence,
            samples=[places[name] for name in each.sample_ids if name in places],
        )
        for each in findings
    ]


def agreement(samples: Sequence[Sample], verdict: Verdict) -> str:
    """How many of the voting samples put the winner first, alone or shared; '' where nobody wins."""
    if verdict.winner is None or verdict.margin is None:
        return ""
    voted = [s.scores for s in samples if s.index in set(verdict.voted) and s.scores is not None]
    alone = sum(scores.index(max(scores)) == verdict.winner and scores.count(max(scores)) == 1 for scores in voted)
    shared = sum(scores[verdict.winner] == max(scores) for scores in voted) - alone
    beside = f", {shared} more put it level with another" if shared else ""
    return f"{alone} of {count(len(voted), 'voting sample')} put {letter(verdict.winner)} first{beside}."


def filter_effect(naive: Verdict, guided: Verdict) -> str:
    """Whether the meta RM's filter changes who wins."""
    if naive.winner == guided.winner:
        return "The meta RM's filter does not change the verdict."
    names = ["a tie" if verdict.winner is None else letter(verdict.winner) for verdict in (naive, guided)]
    return f"The meta RM's filter flips the verdict: naive voting says {names[0]}, guided voting {names[1]}."


_SILENT_S = 15
"""Seconds without a word of the engine after which the page says so."""


def progress_line(progress: Snapshot | None, stored: int, k: int, settled: bool = False) -> str:
    """How far the run is, in words; `settled`: a stored run that ended early of itself."""
    if progress is None and settled and stored < k:
        return f"Settled after {stored} of {k} samples: the verdict would hardly have changed."
    if progress is None:
        return "" if stored >= k else f"{stored} of {k} samples kept; this run was stopped or interrupted."
    done = f"{progress.done} of {progress.k} samples"
    if progress.phase == "queued" and progress.place:
        wait = "" if progress.wait is None else f", about {progress.wait:,.0f} s"
        return f"Number {progress.place} in line{wait}: as many runs as the app allows are under way."
    if progress.phase in ("waiting", "queued"):
        return "Waiting for the engine; sampling begins as soon as it is ready."
    if progress.phase == "failed":
        kept = f"{done} are kept." if progress.done else 'No samples were kept. Use "Edit and judge again" to retry.'
        return f"Failed: {progress.error} {kept}"
    if progress.phase == "stopped":
        return f"Stopped. {done} are kept."
    if progress.settled is not None and not progress.running:
        saved = count(progress.k - progress.done, "sample")
        return (
            f"Settled after {done}: all of them would change the verdict with a probability of "
            f"{progress.settled:.0%}. {saved} saved."
        )
    rate = f" · {progress.rate:,.0f} tokens/s" if progress.rate else ""
    left = f" · about {progress.seconds_left:,.0f} s left" if progress.seconds_left else ""
    silent = f" · nothing from the engine for {progress.silent:,.0f} s" if progress.silent > _SILENT_S else ""
    return f"{done} · {progress.tokens:,} tokens{rate}{silent or left}"


def engine_lines(name: str, model: str, state: EngineState, note: str) -> list[Line]:
    """Lines on the engine's state and on its model."""
    words = {"ready": "ready", "failed": "failed", "idle": "not started", "closed": "closed"}.get(state.phase, "")
    about = f"{model} on the {name} engine" if model else f"the {name} engine"
    said = state.message or words
    kind = {"ready": "ok", "failed": "bad", "away": "bad"}.get(state.phase, "busy")
    shown = f"Ready: {about}. {state.hint}"
    if state.phase != "ready":
        shown = f"{about[0].upper()}{about[1:]}: {said}. {state.hint}"
    return [Line(kind=kind, text=shown.strip()), *([Line(kind="warn", text=note)] if note else [])]


def sendable(value: Any) -> Any:
    """The same data with lone surrogates as U+FFFD: JSON in UTF-8 cannot carry them, what is stored keeps them."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, dict):
        return {name: sendable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [sendable(each) for each in value]
    return value
