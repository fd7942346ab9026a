"""How something is asked: the fields that every form of settings has, checked here on the server."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from grm_core import families, prompts
from grm_core.errors import UsageError
from grm_core.families import FAMILIES
from grm_core.shuffling import ORDERS
from runs.settings import Sampling

CONTEXTS = {"judge together": "joint", "one at a time": "single"}
"""How responses are judged: all in one prompt, or each in one of its own."""
AUTOMATIC = "automatic"
TEMPLATES = (AUTOMATIC, *(name for name in [*prompts.names(), *FAMILIES] if name not in prompts.UNRATED))
"""Every template whose scores go from 1 to 10; `automatic` is the one that fits model and input."""
_PRINCIPLES_MOST, _PRINCIPLE_MOST = 100, 2000


def read_sampling(form: Mapping[str, Any], base: Sampling) -> Sampling:
    """The fields k, temperature, seed, order, context, template and principles; UsageError says which is wrong.

    `base`: what holds of settings that have no field.
    """
    k, temperature = form["k"], form["temperature"]
    seed = 0 if form["seed"] is None else form["seed"]
    _check_numbers(k, temperature, seed)
    if form["template"] not in TEMPLATES:
        raise UsageError(f"the template is one of {', '.join(TEMPLATES)}")
    if form["context"] not in CONTEXTS.values():
        raise UsageError(f"responses: choose {' or '.join(CONTEXTS)}")
    own = tuple(line.strip() for line in (form["principles"] or "").splitlines() if line.strip())
    if len(own) > _PRINCIPLES_MOST or any(len(line) > _PRINCIPLE_MOST for line in own):
        raise UsageError(
            f"{len(own):,} principles, the longest of {max(map(len, own)):,} characters; the page takes "
            f"{_PRINCIPLES_MOST} of {_PRINCIPLE_MOST:,} characters"
        )
    template = "" if form["template"] == AUTOMATIC else form["template"]
    # What a known checkpoint's prompt shows is no choice.
    context = "" if template in FAMILIES else str(form["context"])
    alone = "single" in (context, families.context_of(template))
    if not alone and form["order"] not in ORDERS:
        raise UsageError(f"the order of responses is {' or '.join(ORDERS)}")
    return replace(
        base,
        k=int(k),
        temperature=float(temperature),
        order="" if alone else str(form["order"]),  # judged alone, a response stands in none
        seed=int(seed),
        principles=own,
        template=template,
        context=context,
        recipe=base.recipe if template == base.template else "",
    )


def _check_numbers(k: Any, temperature: Any, seed: Any) -> None:
    # No bounds on the component: Gradio would say them in words of its own, in another place, and round 1.5.
    if not _is_number(k) or not float(k).is_integer():
        raise UsageError("k must be a whole number from 1 to 1024")
    if not _is_number(temperature) or not 0 <= float(temperature) <= 2:
        raise UsageError("the temperature must be a number from 0 to 2")
    if not _is_number(seed) or not 0 <= seed < 2**63:
        raise UsageError(f"the seed must be a whole number from 0 to {2**63 - 1}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
