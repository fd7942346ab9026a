"""How fast it is, beside another way to do the same: python -m perf NAME ... [--items 500] [--rounds 5].

Prints a row a line as JSON; `all` measures every row, `--write docs/performance.md` makes the page of them. Both sides
of a row run in turns, and their ratio is of processor seconds, so that other work on the machine weighs on both.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from perf.pairs import Row, line, where
from perf.rows import ROWS

_HEAD = """# How fast it is

Made by `python -m perf all --write docs/performance.md` on {machine}, {date}, commit {commit}. Data are made up
from a seed: {k} samples an item, four responses, one sample in twenty unreadable, meta logits for all others. Both
sides of a row ran in turns; seconds are medians, *processor* those of all processes together. The ratio is of
processor seconds, with a 90% bootstrap interval over rounds: below 1 ours needs less. The machine did other work:
that makes seconds longer and intervals wider.

| row | items | rounds | ours, s | processor | beside it, s | processor | ratio |
|---|---|---|---|---|---|---|---|
"""


def page(rows: Sequence[Row]) -> str:
    """docs/performance.md."""
    text = _HEAD.format(**where(), k=32)
    for row in rows:
        low, high = row.interval
        cells = (row.items or "", row.rounds, row.ours, row.ours_cpu, row.other, row.other_cpu)
        text += f"| `{row.name}` | {' | '.join(map(str, cells))} | {row.ratio} [{low}, {high}] |\n"
    text += "\n" + "".join(f"* `{row.name}`: {row.what}, beside {row.beside}.\n" for row in rows)
    return text


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m perf", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="+", choices=[*ROWS, "all"], metavar="NAME", help=", ".join([*ROWS, "all"]))
    parser.add_argument("--items", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where data are made and kept; by default a new one")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write a page of the rows")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as new:
        folder = args.folder or Path(new)
        rows = []
        for name in ROWS if "all" in args.names else args.names:
            rows.append(ROWS[name](folder, args.items, args.rounds))
            print(line(rows[-1]), flush=True)
    if args.write:
        args.write.write_text(page(rows), encoding="utf-8")


if __name__ == "__main__":
    main()
