"""Made-up runs of any size, the same from the same seed: their texts look like judgments in a made-up language.

A word's frequency falls with its rank, so that searches find from almost everything to almost nothing. One sample in
twenty cannot be read, one item in seven is tied, and every readable sample has a meta logit.
"""

import random
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, islice
from pathlib import Path

from grm_core.formats.items import item_record
from grm_core.formats.lines import canonical
from grm_core.formats.runs import run_line
from grm_core.formats.samples import sample_line
from grm_core.types import (
    Completion,
    Example,
    Message,
    Params,
    Parsed,
    ParseStatus,
    Principle,
    Run,
    Sample,
    Session,
)
from storage.store import Store

WORDS = 20_000
"""Different words that texts are made of; word i is i + 1 times rarer than the first."""
_SUBJECTS = ("maths", "code", "chat", "safety")
_UNREAD = 0.05
_TIED = 1 / 7
_AT_ONCE = 100
"""Sessions that one transaction keeps."""


def run(name: str, k: int) -> Run:
    """The settings that made-up samples are said to have been drawn with."""
    return Run(name, "2026-01-01T00:00:00+00:00", "fake", "m", "pointwise", "", Params(), k, None, 0)


@cache
def _words() -> tuple[list[str], list[float]]:
    rng = random.Random(7)
    letters = "aeiou", "bcdfghklmnprstvw"
    words = ["".join(rng.choice(letters[(i + j) % 2]) for j in range(2 + i % 9)) for i in range(WORDS)]
    unique = [f"{word}{place}" if place > 300 else word for place, word in enumerate(words)]
    return unique, list(accumulate(1 / (place + 1) for place in range(WORDS)))


def text(rng: random.Random, count: int) -> str:
    """So many words of the made-up language."""
    words, weights = _words()
    return " ".join(rng.choices(words, cum_weights=weights, k=count))


def rare(count: int) -> list[str]:
    """So many words that stand in at most one critique of a hundred."""
    words, _ = _words()
    return words[WORDS // 10 :: WORDS // (2 * count)][:count]


def example(number: int, n: int, rng: random.Random) -> Example:
    """An item whose first response is labelled best."""
    return Example(
        id=f"item-{number}",
        query=(Message("user", text(rng, 20)),),
        responses=tuple(text(rng, 30) for _ in range(n)),
        labels=(1.0, *(0.0 for _ in range(n - 1))),
        subset=_SUBJECTS[number % len(_SUBJECTS)],
    )


def samples(session_id: str, n: int, k: int, rng: random.Random) -> list[Sample]:
    """k samples of an item: the more often its first response is ahead the easier the item is."""
    lead = 0.0 if rng.random() < _TIED else rng.gauss(0.8, 1.2)
    return [_sample(session_id, index, n, lead, rng) for index in range(k)]


def _sample(session_id: str, index: int, n: int, lead: float, rng: random.Random) -> Sample:
    own = [min(10, max(1, round(rng.gauss(5.5 + lead * (place == 0), 1.8)))) for place in range(n)]
    order = rng.sample(range(n), n)
    lines = ["Principles:"]
    principles = []
    for place in range(2):
        start = len("\n".join(lines)) + 1
        words = text(rng, 6)
        lines.append(f"{place + 1}. {words} (weight: 50%)")
        principles.append(Principle(words, 50.0, (start, start + len(lines[-1]))))
    start = len("\n".join(lines)) + 1
    lines += ["Critique:", *(f"Response {place + 1}: {text(rng, 22)}." for place in range(n))]
    end = len("\n".join(lines))
    read = rng.random() >= _UNREAD
    shown = tuple(own[response] for response in order)
    if read:
        lines.append(f"Scores: \\boxed{{{', '.join(map(str, shown))}}}")
    body = "\n".join(lines)
    status = ParseStatus.OK if read else ParseStatus.NO_SCORES
    parsed = Parsed(status, tuple(principles), (start, end), shown if read else None)
    done = Completion(body, "stop", 400, len(body) // 5, rng.uniform(1, 9), "m")
    logit = rng.gauss(0.3 * (own[0] - max(own[1:], default=0)), 1.5) if read else None
    key = f"{index}|{'-'.join(map(str, order))}"
    return Sample(f"{session_id}/{index}", session_id, index, tuple(order), index, key, done, None, parsed, logit)


def items(count: int, k: int, n: int, seed: int = 0) -> Iterator[tuple[Example, list[Sample]]]:
    """Examples with their samples, one at a time."""
    for number in range(count):
        rng = random.Random(seed * 1_000_003 + number)
        one = example(number, n, rng)
        yield one, samples(one.id, n, k, rng)


def write(path: Path, count: int, k: int = 32, n: int = 4, seed: int = 0) -> Path:
    """A run as SAMPLES.jsonl; a file that was made before is kept."""
    if not path.exists():
        part = path.with_name(path.name + ".part")
        with part.open("w", encoding="ascii") as out:
            out.write(run_line(run(f"perf-{count}-{k}-{n}", k)) + "\n")
            for one, drawn in items(count, k, n, seed):
                out.write(canonical({"item": item_record(one)}) + "\n")
                out.writelines(sample_line(one.id, sample) + "\n" for sample in drawn)
        part.replace(path)
    return path


def database(path: Path, count: int, k: int = 10, n: int = 2, seed: int = 0) -> Path:
    """Saved sessions in a database; one that was made before is kept."""
    if not path.exists():
        part = path.with_name(path.name + ".part")
        store, judged = Store(part), run(f"perf-{count}-{k}-{n}", k)
        store.add_run(judged)
        everything = items(count, k, n, seed)
        while some := list(islice(everything, _AT_ONCE)):
            with store.transaction():
                for one, drawn in some:
                    session = Session(one.id, judged.id, one, text(random.Random(one.id), 6), judged.created_at)
                    store.add_new(session, drawn)
        store.close()
        part.replace(path)
    return path
