"""The prompts of other people's judges: what each shows and what it calls the responses (`readers` reads the replies).

A family is a file of assets/recipes, written anew in the shape that its checkpoint was trained on: the same fields in
the same order, the same form of reply. The file begins with `[user]`, or with `[system]` and then `[user]`, each on a
line of its own; the rest is Jinja with `query`, `shown` (each with `name` and `text`), `principles` and `reference`.
What users write comes in as values, so that nothing of it is ever taken for a template.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grm_core.types import Message

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "recipes"
DEEPSEEK_META_RM = "deepseek-meta-rm"
"""What DeepSeek-GRM's meta RM is shown: nobody is judged by it."""

_TURN = re.compile(r"^\[(system|user)\]\n", re.MULTILINE)
MARKER = re.compile(
    r"\[(?=\s*(?:the\s+(?:start|begin|end)\s+of\b|(?:client|user)\s+question\s*\]|(?:result|score)\s*\]))"
    r"|^[ \t]*#(?=#{2,3}\s*"
    r"(?:task|the instruction|responses?|reference|score|feedback|conversation|output|evaluation)\b)"
    r"|^(?=[ \t]*(?:model\s+[A-Z]'s\s+response|user\s+question)\s*:)",
    re.IGNORECASE | re.MULTILINE,
)
"""What in a user's text would pass for a marker of one of these prompts, up to where it is broken."""


@dataclass(frozen=True, slots=True)
class Family:
    """How a prompt is laid out."""

    context: str
    """What one prompt shows: all responses (joint), every two in both orders (pairs), or one (single)."""
    called: str = "{letter}"
    """What a response is called, by {number} or {letter}."""
    optional: frozenset[str] = frozenset()
    """Of principles and reference, what the prompt shows where it is given."""


_BOTH = frozenset({"principles", "reference"})
FAMILIES = {
    "compassjudger": Family("pairs"),
    "deepseek-grm": Family("joint", "{number}", optional=frozenset({"reference"})),
    DEEPSEEK_META_RM: Family("joint", "{number}", optional=frozenset({"reference"})),
    "j1": Family("pairs"),
    "prometheus": Family("single", optional=_BOTH),
    "rewardanything": Family("joint", "model-{number}", frozenset({"principles"})),
    "rm-r1": Family("pairs"),
    "rm-r1-distilled": Family("pairs"),
    "selene": Family("single", optional=_BOTH),
    "skywork-critic": Family("pairs"),
}


def context_of(template: str) -> str:
    """The only context in which the template of this name can be used; '' for one that is no family's."""
    return FAMILIES[template].context if template in FAMILIES else ""


@lru_cache(maxsize=32)
def placeholders(text: str) -> frozenset[str]:
    """The values that a file asks for."""
    from jinja2 import meta

    return frozenset(meta.find_undeclared_variables(_environment().parse(text)))


def render(text: str, values: Mapping[str, Any]) -> tuple[Message, ...]:
    """A family's file as messages, system before user."""
    _, *turns = _compiled(text)
    return tuple(Message(role, body.render(values).rstrip("\n")) for role, body in turns)


@lru_cache(maxsize=32)
def _compiled(text: str) -> tuple[Any, ...]:
    parts = _TURN.split(text)
    bodies = [_environment().from_string(body) for body in parts[2::2]]
    return parts[0], *zip(parts[1::2], bodies, strict=True)


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    import jinja2

    made = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {"json": partial(json.dumps, ensure_ascii=False), "fenced": _fenced}
    return made


def _fenced(text: str) -> str:
    """The text in a code fence that is longer than any within it."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{text}\n{fence}"
