"""One run in the background as others see it: what was asked, and how far it is."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from grm_core.analysis import settling
from grm_core.sampling import SamplingPlan
from grm_core.types import Sample
from runs.settings import Sampling

SETTLED = "settled"
"""Tag of a session whose run ended early because more samples would hardly change the verdict."""
UNDER_WAY = ("queued", "waiting", "sampling")
"""Phases in which more samples may come."""
_SETTLE_DRAWS = 500
_TYPICAL_TOKENS = 300
"""Tokens that a sample is taken to need until the first one is finished."""
_TAIL = 400
"""Characters of a sample's unfinished text that are kept."""


def tags_of(sampling: Sampling, tags: tuple[str, ...]) -> tuple[str, ...]:
    """The tags of a run's sessions: these, and that they are settled where items may end early."""
    return tags if sampling.adaptive is None else (*tags, SETTLED)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run as seen at one moment."""

    phase: str
    """queued (for its turn), waiting (for the engine), sampling, done, stopped or failed."""
    done: int
    k: int
    tokens: int
    """Completion tokens written so far."""
    rate: float | None
    """Tokens per second, None before the first."""
    seconds_left: float | None
    error: str = ""
    live: dict[int, str] = field(default_factory=dict)
    """Sample index -> the end of what it has written so far."""
    settled: float | None = None
    """Where the run ended early: the probability that all k samples would have given another verdict."""
    samples: tuple[Sample, ...] = ()
    """Samples in order of arrival; empty once the run has ended, the store has them all."""
    silent: float = 0.0
    """Seconds since the engine wrote anything, while it samples."""
    place: int = 0
    """Place in the line of runs that wait for their turn, from 1; 0 = not in it."""
    wait: float | None = None
    """Seconds until its turn, about; None before any run has ended."""

    @property
    def running(self) -> bool:
        """Whether more samples may come."""
        return self.phase in UNDER_WAY


class Job:
    """The mutable side of one run; written by the loop's thread, read by pages through `snapshot`."""

    def __init__(
        self,
        plan: SamplingPlan,
        settings: Sampling | None,
        before: Sequence[Sample] = (),
        total: int = 0,
        owner: str = "",
    ) -> None:
        """`settings`: settled ones, of a run that begins; of one that goes on, the store has them.

        `before`: samples that the stored session has already; `total`: all that it is to have, 0 = the plan's k.
        `owner`: the login that asked for it.
        """
        self.plan, self.settings, self.k, self.owner = plan, settings, total or plan.k, owner
        self.stored = settings is None
        self.settled: float | None = None
        self.phase, self.error = "waiting", ""
        self.finished_tokens = 0
        self.live_tokens: dict[int, int] = {}
        self.done = self.had = len(before)
        self.stopping = False
        self.samples: list[Sample] = list(before)
        self.started: float | None = None
        self.ended: float | None = None
        self.heard = time.monotonic()
        self.live: dict[int, str] = {}
        self.places: dict[tuple[str, int], int] = {}
        self.task: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether more samples may come."""
        return self.phase in UNDER_WAY

    def hear(self, key: str, child: int, text: str) -> None:
        """Take account of a piece of text that was written."""
        index = self.places[key, child]
        self.heard = time.monotonic()
        self.live[index] = (self.live.get(index, "") + text)[-_TAIL:]
        self.live_tokens[index] = self.live_tokens.get(index, 0) + 1

    def arrived(self, sample: Sample) -> None:
        """Take account of a sample that was kept."""
        self.heard = time.monotonic()
        self.live.pop(sample.index, None)
        self.live_tokens.pop(sample.index, None)
        self.samples.append(sample)
        self.done += 1
        if sample.completion is not None:
            self.finished_tokens += sample.completion.completion_tokens

    def finish(self) -> None:
        """Note the time, and let go of what the store has."""
        self.ended = time.monotonic()
        self.live.clear()
        self.live_tokens.clear()
        self.samples.clear()
        self.places.clear()

    def snapshot(self) -> Snapshot:
        """How the run stands now."""
        tokens = self.finished_tokens + sum(list(self.live_tokens.values()))
        elapsed = None if self.started is None else (self.ended or time.monotonic()) - self.started
        rate = tokens / elapsed if elapsed and tokens else None
        fresh = self.done - self.had
        expected = self.finished_tokens / fresh if fresh else _TYPICAL_TOKENS
        missing = max(0.0, (self.k - self.had) * expected - tokens)
        left = missing / rate if rate and self.phase == "sampling" else None
        samples = tuple(self.samples)
        return Snapshot(
            self.phase,
            self.done,
            self.k,
            tokens,
            rate,
            left,
            self.error,
            dict(self.live),
            self.settled,
            samples,
            time.monotonic() - max(self.heard, self.started or 0.0) if self.phase == "sampling" else 0.0,
        )

    def settles(self) -> bool:
        """Whether the verdict is settled by what has arrived; keeps how sure that is."""
        level = None if self.settings is None else self.settings.settle
        if level is None or self.done >= self.k:
            return False
        chance = settling.chance_of_change(self.samples, self.k, draws=_SETTLE_DRAWS)
        self.settled = chance if chance is not None and chance < level else None
        return self.settled is not None
