"""Engines by name; each is imported when it is first used, so that heavy packages load only where needed."""

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

from grm_core import cards, models
from grm_core.cards import Card
from grm_core.engines.base import Engine
from grm_core.errors import UsageError

ENGINES = {
    "server": "grm_core.engines.server:ServerEngine",
    "managed": "grm_core.engines.managed:ManagedEngine",
    "hf": "grm_core.engines.hf:HFEngine",
    "replay": "grm_core.engines.replay:ReplayEngine",
}

EXPECTED = "auto, managed, hf, replay:FILE or http://host:port/v1"


def create(spec: str, model: str | None = None, **options: Any) -> Engine:
    """Make the engine that `spec` names: auto, managed, hf, replay:FILE or a server's address; nothing is started.

    `model` is the served name for a server; for managed and hf a folder with a model, or `small` for the bundled GRM
    of 135M. Left out, it is the only served one or the default model. `options` go to the engine's constructor.
    Raises UsageError for a spec that names no engine and for one that cannot work here. `cards.of` tells how the
    engine's model wants to be asked.
    """
    engine = _created(spec, model, options)
    engine.card = card(spec, model)
    made: Engine = engine
    return made


def _created(spec: str, model: str | None, options: dict[str, Any]) -> Any:
    if spec.startswith(("http://", "https://")):
        return _make("server", spec, model, **options)
    if spec == "auto":
        spec = auto()
    if spec.startswith("replay:"):
        return _make("replay", _existing(spec.removeprefix("replay:"), "recording"), **options)
    if spec == "managed" and not has_vllm():
        raise UsageError("the managed engine needs vLLM, which is not installed; use --engine hf or a server's URL")
    if spec in ("managed", "hf") and model == models.SMALL_MODEL:
        return _make(spec, small=True, **options)
    if spec in ("managed", "hf"):
        return _make(spec, None if model is None else _existing(model, "folder of a model"), **options)
    raise UsageError(f"there is no engine {spec!r}; expected {EXPECTED}")


def card(spec: str, model: str | None = None) -> Card:
    """How the model of the engine that `create` makes wants to be asked; the defaults where nothing is known of it."""
    if spec.startswith("replay:"):
        return cards.recorded(Path(spec.removeprefix("replay:")).expanduser())
    if spec not in ("auto", "managed", "hf"):
        return Card()
    if model == models.SMALL_MODEL:
        return cards.small()
    return cards.default() if model is None else cards.read(Path(model).expanduser())


def auto() -> str:
    """The engine that `auto` stands for on this machine: managed where vLLM is installed, else hf."""
    return "managed" if has_vllm() else "hf"


def has_vllm() -> bool:
    """Whether vLLM can be started here; does not import it, which takes seconds."""
    return sys.platform == "linux" and importlib.util.find_spec("vllm") is not None


def _make(name: str, *arguments: object, **options: Any) -> Any:
    module, _, cls = ENGINES[name].partition(":")
    return getattr(importlib.import_module(module), cls)(*arguments, **options)


def _existing(text: str, what: str) -> Path:
    path = Path(text).expanduser()
    if not path.exists():
        raise UsageError(f"there is no {what} at {text!r}")
    return path
