"""python -m tests.faults.soak --out docs/soak.json: hundreds of kills, then an hour of load, as figures.

`make soak` runs it with its defaults; `python -m tests.faults.figures` writes the figures into docs/failure-modes.md.
"""

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.kills import Toll, kill_app, kill_engine, kill_score
from tests.faults.load import Load, press
from tests.faults.rig import App, Engine

FLAT_MB = 20.0
"""Growth an hour, in megabytes, that is called flat."""


def main() -> int:
    """Run it and write the figures; exit code 1 when anything was lost, refused, unfair or grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="of app, engine and score together")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=60, help="of load, after the kills")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = soak(Path(folder), args)
    args.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures), flush=True)
    return 0 if figures["right"] else 1


def soak(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The figures of one run."""
    began, rng = time.monotonic(), random.Random(args.seed)
    shares = {"app": args.kills // 5, "engine": args.kills * 2 // 5}
    shares["score"] = args.kills - sum(shares.values())
    with Engine() as engine, App(folder / "grm.db", engine) as app:
        kills: dict[str, Callable[[int], Toll]] = {
            "engine": lambda times: kill_engine(app, engine, rng, times),
            "app": lambda times: kill_app(app, rng, times),
            "score": lambda times: kill_score(engine, folder, rng, times),
        }
        tolls = {}
        for name, kill in kills.items():
            tolls[name] = kill(shares[name])
            print(f"{name}: {tolls[name]}", file=sys.stderr, flush=True)
    # A fresh app: memory is looked at over its whole life.
    with Engine() as engine, App(folder / "load.db", engine) as app:
        load = press(app, args.clients, 60 * args.minutes)
    figures = told(tolls, load)
    about = {"date": datetime.now(UTC).date().isoformat(), "minutes": round((time.monotonic() - began) / 60, 1)}
    about |= {"seed": args.seed, "load_minutes": args.minutes, "cores": len(os.sched_getaffinity(0))}
    return about | figures


def told(tolls: dict[str, Toll], load: Load) -> dict[str, Any]:
    """What was counted, and whether all of it is right."""
    seconds = sorted(load.seconds)
    wrong = sum(toll.lost + toll.twice + toll.damaged + toll.failed for toll in tolls.values())
    slope = load.slope()
    return {
        "kills": {name: asdict(toll) for name, toll in tolls.items()},
        "load": {
            "clients": load.clients,
            "runs": sum(load.by_client.values()),
            "refused": load.refused,
            "failed": load.failed,
            "waited": load.waited,
            "fewest": min(load.by_client.values()),
            "most": max(load.by_client.values()),
            "median_s": round(seconds[len(seconds) // 2], 2),
            "p95_s": round(seconds[int(len(seconds) * 0.95)], 2),
            "memory_mb": [round(load.memory[0][1]), round(load.memory[-1][1])],
            "slope_mb_h": round(slope, 1),
        },
        "right": wrong == 0 and load.refused == load.failed == 0 and load.spread <= 0.2 and slope <= FLAT_MB,
    }


if __name__ == "__main__":
    sys.exit(main())
