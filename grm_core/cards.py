"""A model's card, grm_lens.json in its folder: how the model was trained to be asked."""

import json
from dataclasses import dataclass
from pathlib import Path

from grm_core import models
from grm_core.types import CONTEXTS
from grm_core.weights.adapter import CARD

OWN_METAS = ("self", "expected")
"""How a GRM is its own meta RM, see `self_meta`."""


@dataclass(frozen=True, slots=True)
class Card:
    """How a model wants to be asked; the defaults are for a model of which nothing is known."""

    style: str = ""
    """The family of templates that it was trained on; '' for the general ones."""
    context: str = "joint"
    """joint or single, see `contexts`."""
    opens: bool = False
    """Whether it was trained to open each critique with the response's first words and a verdict word."""
    meta: str = ""
    """One of OWN_METAS; '' where its folder does not say so."""


def read(folder: Path) -> Card:
    """The card that lies in a model's folder; the defaults where there is none, and for what it does not say."""
    try:
        record = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Card()
    return _card(record) if isinstance(record, dict) else Card()


def default() -> Card:
    """The card of the default model, whether or not its folder has been made yet."""
    return read(models.ADAPTERS / "judge") if models.why_small() is None else small()


def small() -> Card:
    """The card of the GRM of 135M."""
    return Card("compact" if models.bundled() else "")


def recorded(path: Path) -> Card:
    """How the samples of a recording were drawn: its first run's context."""
    try:
        with path.open(encoding="utf-8-sig") as file:
            first_line = json.loads(file.readline())
        context = first_line["run"]["context"]
        return Card(context=context) if context in CONTEXTS else Card()
    except (OSError, ValueError, KeyError, TypeError):
        return Card()  # the engine itself says what is wrong with the file


def of(engine: object) -> Card:
    """The card of the model that an engine serves, where `engines.create` made it; else what the engine knows."""
    card = getattr(engine, "card", None)
    return card if isinstance(card, Card) else Card(getattr(engine, "style", ""))


def _card(record: dict[str, object]) -> Card:
    context = "single" if record.get("context") == "single" else "joint"
    meta = record.get("meta")
    return Card(
        str(record.get("style") or ""), context, record.get("opens") is True, str(meta) if meta in OWN_METAS else ""
    )
