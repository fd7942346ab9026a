"""A stored session of eight samples and four responses: two dissent, one cannot be read, one contradicts its box."""

from dataclasses import replace
from pathlib import Path

from grm_core.reading.parsing import parse
from grm_core.types import Example, Message, Params, Run, Sample, Session
from storage.store import Store
from tests.make import make_sample

RESPONSES = ("Basil wants light.", "Basil wants water.", "Basil wants warmth.", "Throw it away.")
SCORES = ((8, 5, 6, 1), (7, 6, 6, 2), (4, 9, 5, 1), (9, 3, 6, 2), None, (8, 4, 7, 1), (3, 8, 6, 2), (9, 5, 5, 1))
ORDERS = ((0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 2), (2, 3, 0, 1)) * 2


def judged(index: int) -> Sample:
    scores, order = SCORES[index], ORDERS[index]
    shown = [scores[own] for own in order] if scores else []
    about = "\n".join(
        f"Response {place}: says something on {RESPONSES[own].split()[-1]} in take {index}, {shown[place - 1]}/10."
        for place, own in enumerate(order, 1)
        if scores
    )
    if index == 0:
        about = about.replace("8/10", "4/10")
    light = "Names the light" if index % 2 else "Names the water"
    end = "Scores: \\boxed{" + ", ".join(map(str, shown)) + "}" if scores else "and then it broke off"
    text = f"Principles:\n1. {light} (weight: 70%)\n2. Plain words (weight: 30%)\nCritique:\n{about}\n{end}"
    made = make_sample(index, scores or (1, 1, 1, 1), float(-index), order, "four", text)
    return replace(made, parsed=parse(text, 4))


def make(path: Path) -> None:
    """A database that holds the session `four`."""
    store = Store(path)
    run = Run("run", "2026-01-01T00:00:00+00:00", "fake", "fake-judge", "pointwise", "", Params(), 8, None, 0)
    example = Example("x", (Message("user", "How do I keep basil alive?"),), RESPONSES, (1.0, 0.0, 0.0, 0.0))
    store.add_run(run)
    store.add_session(Session("four", "run", example, "basil", "2026-01-01T00:00:00+00:00"))
    for index in range(8):
        store.add_sample(judged(index))
    store.close()
