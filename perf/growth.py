"""How processor seconds grow with the items, as a picture: both axes logarithmic, a line per row, SVG."""

import math
from collections.abc import Sequence

from perf.pairs import Row

_WIDTH, _HEIGHT, _EDGE, _LEGEND = 640, 400, 56, 120
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#8a6d00", "#555555")


def exponents(rows: Sequence[Row]) -> dict[str, float]:
    """Row -> p of seconds ~ items^p between its smallest and its largest size: 1 is linear."""
    out = {}
    for name, mine in _by_name(rows).items():
        first, last = mine[0], mine[-1]
        out[name] = math.log(last.ours_cpu / first.ours_cpu) / math.log(last.items / first.items)
    return out


def picture(rows: Sequence[Row]) -> str:
    """The plot of rows that were measured at two sizes or more."""
    lines = _by_name(rows)
    every = [row for mine in lines.values() for row in mine]
    xs, ys = [row.items for row in every], [row.ours_cpu for row in every]
    left, right = math.floor(math.log10(min(xs))), math.ceil(math.log10(max(xs)))
    low, high = math.floor(math.log10(min(ys))), math.ceil(math.log10(max(ys)))
    wide, tall = _WIDTH - _EDGE - _LEGEND, _HEIGHT - 2 * _EDGE

    def across(items: float) -> float:
        return round(_EDGE + wide * (math.log10(items) - left) / (right - left), 1)

    def down(seconds: float) -> float:
        return round(_EDGE + tall * (high - math.log10(seconds)) / (high - low), 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
    ]
    for power in range(left, right + 1):
        x = across(10**power)
        parts.append(f'<path d="M{x} {_EDGE}V{_EDGE + tall}" stroke="#ddd"/>')
        parts.append(f'<text x="{x}" y="{_EDGE + tall + 18}" text-anchor="middle">{10**power:,}</text>')
    for power in range(low, high + 1):
        y = down(10**power)
        parts.append(f'<path d="M{_EDGE} {y}H{_EDGE + wide}" stroke="#ddd"/>')
        parts.append(f'<text x="{_EDGE - 6}" y="{y + 4}" text-anchor="end">{10.0**power:g}</text>')
    for (name, mine), colour in zip(lines.items(), _COLOURS, strict=False):
        points = [(across(row.items), down(row.ours_cpu)) for row in mine]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in points]
        x, y = points[-1]
        parts.append(f'<text x="{x + 8}" y="{y + 4}" fill="{colour}">{name}</text>')
    parts.append(f'<text x="{_EDGE}" y="24">Processor seconds by items, both logarithmic</text></svg>')
    return "\n".join(parts) + "\n"


def _by_name(rows: Sequence[Row]) -> dict[str, list[Row]]:
    lines: dict[str, list[Row]] = {}
    for row in sorted(rows, key=lambda row: row.items):
        if row.items:
            lines.setdefault(row.name, []).append(row)
    return {name: mine for name, mine in lines.items() if len(mine) > 1}
