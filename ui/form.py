"""What a person filled in, and what an address says, as data; every bound is checked here, on the server."""

import hashlib
from collections.abc import Mapping
from typing import Any

from grm_core.errors import UsageError
from grm_core.types import Example, Message, Method
from ui.job import Ask, Dials

N_MAX_PAGE = 8
SETTLE = {"never": None, "below 10%": 0.1, "below 5%": 0.05, "below 1%": 0.01}
"""When a run may end early: the chance that the verdict would still change."""


def dials_of(given: Mapping[str, str]) -> Dials:
    """Method, k and k_meta from an address; what is missing or makes no sense is left at its default."""
    numbers = {name: given.get(name, "") for name in ("k", "k_meta")}
    k, k_meta = (
        int(text) if text.isascii() and text.isdigit() and int(text[:6]) > 0 else None for text in numbers.values()
    )
    method = given.get("method", "")
    return Dials(Method(method) if method in list(Method) else Method.NAIVE, k, k_meta)


def read_form(query: str, *rest: Any) -> tuple[Example, Ask]:
    """The composer's fields as an example and what is asked of it; UsageError says which field is wrong."""
    texts, (count, k, temperature, order, seed, *more) = rest[:N_MAX_PAGE], rest[N_MAX_PAGE:]
    reference, principles, settle = more
    # No bounds on the component: Gradio would say them in words of its own, in another place, and round 1.5.
    if k is None or not float(k).is_integer():
        raise UsageError("k must be a whole number from 1 to 1024")
    if not 0 <= float(temperature) <= 2:
        raise UsageError(f"the temperature is {temperature}; it must be from 0 to 2")
    if not 0 <= (seed or 0) < 2**63:
        raise UsageError(f"the seed is {seed}; it must be a whole number from 0 to {2**63 - 1}")
    given = tuple(line.strip() for line in (principles or "").splitlines() if line.strip())
    example = Example(
        id=_digest(query or "", *texts[: int(count)]),
        query=(Message("user", query or ""),),
        responses=tuple(text or "" for text in texts[: int(count)]),
        reference=reference if reference and reference.strip() else None,
    )
    if settle not in SETTLE:
        raise UsageError(f"stop early is one of {', '.join(SETTLE)}")
    ask = Ask(int(k), float(temperature), str(order), int(seed or 0), given, SETTLE[settle])
    return example, ask


def _digest(*texts: str) -> str:
    """An item id that depends on the content: the same question with the same seed sees the same orders."""
    whole = "\0".join(text or "" for text in texts)
    return "page-" + hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()[:12]
