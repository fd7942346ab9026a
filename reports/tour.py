"""The Demo's slides as a page to hand out: it opens offline, holds no script and asks nothing of a network."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.page import page
from reports.table import Table

_STEPS = (1, 4, 8, 16, 32)
"""The k of which the hand-out says who wins."""
_WIDTH, _HEIGHT, _LEFT, _EDGE = 760, 200, 48, 14
"""A drawing, the room for the numbers at its left, and the margin around it."""


def html(slides: Sequence[Mapping[str, Any]]) -> str:
    """The slides as the Demo page is sent them, one below the other."""
    return page("tour", title="GRM Lens: judging by voting", slides=slides, steps=_STEPS, table=_sets, drawn=_drawn)


def _sets(sets: Sequence[Mapping[str, Any]]) -> Table:
    """Accuracy over k of the stored sets, in per cent."""
    ks = tuple(f"k = {k}" for k in sets[0]["k"]) if sets else ()
    rows = tuple((each["name"], each["n"], *(100 * share for share in each["voting"])) for each in sets)
    return Table(("set", "items", *ks), rows, dict.fromkeys(ks, ".1f"))


def _drawn(figure: Mapping[str, Any]) -> dict[str, Any]:
    """The first trace of a slide's figure as points of an SVG, with its whiskers, its axes and their names."""
    trace = figure["data"][0]
    xs, ys = trace["x"], trace["y"]
    spread = trace.get("error_y") or {"array": [0] * len(xs), "arrayminus": [0] * len(xs)}
    highs = [y + above for y, above in zip(ys, spread["array"], strict=True)]
    lows = [y - below for y, below in zip(ys, spread["arrayminus"], strict=True)]
    low, high = min(0.0, *lows), max(0.0, *highs)

    def across(place: int) -> float:
        return _LEFT + (_WIDTH - _LEFT - _EDGE) * place / max(1, len(xs) - 1)

    def down(value: float) -> float:
        return round(float(_EDGE + (_HEIGHT - 3 * _EDGE) * (high - value) / (high - low or 1)), 1)

    places = [round(across(place), 1) for place in range(len(xs))]
    is_share = (figure["layout"]["yaxis"].get("tickformat") or "") == ".0%"
    return {
        "size": (_WIDTH, _HEIGHT),
        "line": " ".join(f"{x},{down(y)}" for x, y in zip(places, ys, strict=True)),
        "whiskers": [(x, down(a), down(b)) for x, a, b in zip(places, lows, highs, strict=True) if a != b],
        "marks": [(down(value), _number(value, is_share)) for value in sorted({low, 0.0, high})],
        "zero": down(0.0),
        "ends": ((places[0], xs[0]), (places[-1], xs[-1])),
        "names": (figure["layout"]["xaxis"]["title"]["text"], figure["layout"]["yaxis"]["title"]["text"]),
    }


def _number(value: float, is_share: bool) -> str:
    """As an axis says it."""
    return f"{value:.0%}" if is_share else f"{value:+.1f}" if value else "0"
