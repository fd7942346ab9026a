"""python -m tests.faults.figures: write the figures of docs/soak.json into docs/failure-modes.md."""

import json
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"
BEGIN, END = "<!-- figures: python -m tests.faults.figures -->", "<!-- end of figures -->"


def main() -> None:
    """Put the figures between their marks."""
    page = DOCS / "failure-modes.md"
    page.write_text(filled(page.read_text(), json.loads((DOCS / "soak.json").read_text())))


def filled(text: str, figures: dict[str, Any]) -> str:
    """The document with these figures."""
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n{written(figures)}\n{END}{rest.split(END)[1]}"


def written(figures: dict[str, Any]) -> str:
    """The figures as Markdown."""
    load = figures["load"]
    rows = [
        f"| {name} | {toll['kills']} | {toll['runs']} | {toll['shown']:,} | {toll['lost']} | {toll['twice']} | "
        f"{toll['damaged']} | {toll['failed']} |"
        for name, toll in figures["kills"].items()
    ]
    first, last = load["memory_mb"]
    spread = f"{load['fewest']} to {load['most']} runs a client"
    return "\n".join(
        [
            f"`make soak` of {figures['date']}, {figures['minutes']:g} minutes in all on {figures['cores']} cores, "
            f"seed {figures['seed']}{'' if figures['load_minutes'] >= 60 else '; shorter than its default'}:",
            "",
            "| killed | kills | runs | samples seen | lost | twice | file damaged | failed |",
            "|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"Load: {load['clients']} clients for {figures['load_minutes']:g} minutes, {load['runs']:,} runs, "
            f"{load['refused']} refused, {load['failed']} failed; {spread}; {load['median_s']:g} s a run (median), "
            f"{load['p95_s']:g} s (95%). Memory of the app: {first} MB at the beginning, {last} MB at the end, "
            f"{load['slope_mb_h']:+g} MB an hour over the second half.",
        ]
    )


if __name__ == "__main__":
    main()
