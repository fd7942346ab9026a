"""What the first screen offers: examples that people care about, or what a recording holds."""

from dataclasses import replace

from grm_core.engines.base import Engine
from grm_core.engines.replay import ReplayEngine
from grm_core.errors import UsageError
from grm_core.formats.items import read_items
from grm_core.types import Example
from runs.settings import N_MAX_PAGE
from ui import ASSETS
from ui.wire.inspect import Start, Starter

_MOST = 3
_QUERY = 160


def items(engine: Engine) -> list[Example]:
    """What a recording holds of what the form can show; [] where any item can be judged."""
    if not isinstance(engine, ReplayEngine):
        return []
    return [item for item in engine.items if len(item.responses) <= N_MAX_PAGE and item.query[-1].role == "user"]


def starters(engine: Engine) -> list[Example]:
    """Three examples that this engine can score."""
    if not isinstance(engine, ReplayEngine):
        return read_items(ASSETS / "demo" / "examples.jsonl")
    return [item for item in items(engine) if len(item.responses) > 1 and len(item.query) == 1][:_MOST]


def first_screen(examples: list[Example], engine: Engine) -> Start:
    """The starters in words."""
    shown = [
        Starter(
            title="Recorded" if isinstance(engine, ReplayEngine) else example.source or "An example",
            query=_words(example.query[-1].content)[:_QUERY],
            n=len(example.responses),
        )
        for example in examples
    ]
    note = ""
    if isinstance(engine, ReplayEngine):
        note = (
            f"This server replays recorded samples and has no model: it can score the {len(engine.items)} items of "
            "its recording, nothing else. Every recorded session can be read."
        )
    return Start(starters=shown, note=note)


def _words(query: str) -> str:
    """A query in one line, without the code that it holds; one that is all code as it stands."""
    return " ".join((query.split("```", 1)[0].strip() or query).split())


def recorded(engine: Engine, example: Example) -> Example:
    """The example as a recording knows it; any other engine judges it as it is. UsageError where it is not there."""
    if not isinstance(engine, ReplayEngine) or not engine.items:
        return example
    for item in engine.items:
        if (item.query, item.responses) == (example.query, example.responses):
            return replace(example, id=item.id)
    raise UsageError(
        f"This server replays recorded samples and has no model, so it can score only the {len(engine.items)} items "
        "of its recording: choose one under Fill in an example, or start the app with a model"
    )
