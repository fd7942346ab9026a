"""How fast it is, beside another way to do the same: python -m perf NAME ... [--items 500 5000] [--rounds 5].

Prints a row a line as JSON; `all` measures every row, `pages` what opening each page costs a browser. `--write
docs/performance.md` makes the page of what was measured, with a plot beside it where there are two sizes. Both sides
of a row run in turns, and their ratio is of processor seconds, so that other work on the machine weighs on both.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from perf import growth
from perf.pairs import Row, line, where
from perf.rows import ROWS
from perf.weight import Weight, weights

_HEAD = """# How fast it is

Made by `python -m perf {names} --write docs/performance.md` on {machine}, {date}, commit {commit}. Data are made up
from a seed: 32 samples an item, four responses, one sample in twenty unreadable, meta logits for all others. Both
sides of a row ran in turns; seconds are medians. *Processor* seconds, those of all processes together, are the main
figure: the machine did other work meanwhile, which makes the seconds of the clock longer, and intervals wider. The
ratio is of processor seconds, with a 90% bootstrap interval over rounds: below 1 ours needs less. A side that has run
for a minute is not run again. Rows of different sizes may come from runs of their own.

"""
_ROWS = """| row | items | rounds | ours, processor | clock | beside it, processor | clock | ratio |
|---|---|---|---|---|---|---|---|
"""
_PAGES = """
## Opening a page

In Chromium without a cache, 1440 x 900, kilobytes on the wire. The plot library comes with the first plot in view.

| page | requests | Gradio | ours | plot library | layout shift | largest paint, ms |
|---|---|---|---|---|---|---|
"""
_NOT_RUN = """
## Not measured here

`verdict` and `its-hub` from PyPI, and `inspect view`, were not run beside ours. `python -m perf.overhead` measures the
scoring core beside a bare aiohttp loop on a vLLM server, `python -m perf.page` a session's page with k = 128.
"""


def page(names: Sequence[str], rows: Sequence[Row], pages: Sequence[Weight], plot: str) -> str:
    """docs/performance.md."""
    text = _HEAD.format(names=" ".join(names), **where())
    if rows:
        text += _ROWS
    for row in rows:
        low, high = row.interval
        cells = (row.items or "", row.rounds, row.ours_cpu, row.ours, row.other_cpu, row.other)
        text += f"| `{row.name}` | {' | '.join(map(str, cells))} | {row.ratio} [{low}, {high}] |\n"
    about = {row.name: f"* `{row.name}`: {row.what}, beside {row.beside}.\n" for row in rows}
    text += "\n" + "".join(about.values())
    powers = growth.exponents(rows)
    if powers:
        grown = ", ".join(f"`{name}` {power:.2f}" for name, power in powers.items())
        text += (
            f"\n## How cost grows\n\n![Processor seconds by items]({plot})\n\nSeconds grow as items to the power of: "
        )
        text += f"{grown}. 1 is linear; below it, a start that costs the same for any size still weighs.\n"
    if pages:
        text += _PAGES + "".join(f"| {' | '.join(str(cell) for cell in asdict(each).values())} |\n" for each in pages)
    return text + _NOT_RUN


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m perf", description=(__doc__ or "").splitlines()[0])
    names = [*ROWS, "pages", "all"]
    parser.add_argument("names", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--items", type=int, nargs="+", default=[500], help="sizes, one or more (default: 500)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where data are made and kept; by default a new one")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a page of the rows")
    args = parser.parse_args()
    wanted = [*ROWS, "pages"] if "all" in args.names else args.names
    rows: list[Row] = []
    pages: list[Weight] = []
    with tempfile.TemporaryDirectory() as new:
        folder = args.folder or Path(new)
        folder.mkdir(parents=True, exist_ok=True)
        for name in (name for name in wanted if name != "pages"):
            for items in args.items if name != "start" else args.items[:1]:
                rows.append(ROWS[name](folder, items, args.rounds))
                print(line(rows[-1]), flush=True)
        for weight in weights(folder) if "pages" in wanted else ():
            pages.append(weight)
            print(json.dumps(asdict(weight)), flush=True)
    if args.write:
        plot = args.write.with_suffix(".svg")
        args.write.write_text(page(args.names, rows, pages, plot.name), encoding="utf-8")
        if growth.exponents(rows):
            plot.write_text(growth.picture(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
