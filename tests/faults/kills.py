"""kill -9 of app, engine and `score` at seeded moments, and what was lost by it."""

import random
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grm_core.formats.sessions import read_samples
from tests.browser.conftest import ROOT
from tests.faults.rig import App, Engine, Tab, tab
from tests.make import write_lines

K = 16


@dataclass
class Toll:
    """Counts of what was killed, shown and lost."""

    kills: int = 0
    runs: int = 0
    shown: int = 0
    """Samples that were seen: before the app was killed, or at the end of a run."""
    lost: int = 0
    """Of those seen before a kill, those that are not there afterwards, or differ."""
    twice: int = 0
    """Samples that are stored more than once."""
    damaged: int = 0
    """Times that SQLite's check of the file, or the file's form, was not in order."""
    failed: int = 0
    """Samples that have no completion, or runs that did not end by themselves."""


def kill_app(app: App, rng: random.Random, times: int, tabs: int = 3) -> Toll:
    """Kill the app in the middle of runs that several tabs watch, and start it again."""
    toll = Toll()
    for _ in range(times):
        seen: dict[str, dict[int, Any]] = {}
        with ExitStack() as stack:
            watching = [stack.enter_context(tab(app.url)) for _ in range(tabs)]
            with ThreadPoolExecutor(tabs) as pool:
                sessions = list(pool.map(lambda one: one.submit(f"What is {rng.random()}?", K), watching))
            until = time.monotonic() + rng.uniform(0.2, 2.0)
            while time.monotonic() < until:
                for one, session in zip(watching, sessions, strict=True):
                    seen[session] = _rows(one, session)
            app.kill()
        toll.kills += 1
        toll.runs += tabs
        app.start()
        _count(app, seen, toll)
    return toll


def _rows(one: Tab, session: str) -> dict[int, Any]:
    """Sample index -> the row that is shown."""
    return {row["i"]: row for row in one.view(session).get("rows", [])}


def _count(app: App, seen: dict[str, dict[int, Any]], toll: Toll) -> None:
    with tab(app.url) as after:
        for session, rows in seen.items():
            now = _rows(after, session)
            toll.shown += len(rows)
            toll.lost += sum(now.get(index) != row for index, row in rows.items())
    with sqlite3.connect(f"file:{app.db}?mode=ro", uri=True) as raw:
        toll.damaged += raw.execute("PRAGMA integrity_check").fetchone() != ("ok",)
        same = "SELECT count(*) - count(DISTINCT session_id || '/' || [index]) FROM sample"
        toll.twice += raw.execute(same).fetchone()[0]
    raw.close()


def kill_engine(app: App, engine: Engine, rng: random.Random, times: int) -> Toll:
    """Kill the engine, or have it hang, while runs are under way; they have to end whole and by themselves."""
    toll = Toll()
    for place in range(times):
        with tab(app.url) as one:
            session = one.submit(f"What is {rng.random()}?", K)
            time.sleep(rng.uniform(0.0, 0.5))
            if place % 4 == 3:
                engine.pause()
                time.sleep(rng.uniform(0.5, 2.0))
                engine.go_on()
            else:
                engine.kill()
                time.sleep(rng.uniform(0.0, 2.0))
                engine.start()
            toll.kills += 1
            toll.runs += 1
            view = one.ended(session)
            toll.shown += len(view["rows"])
            errors = [row for row in view["rows"] if row["reason"] not in (None, "no scores found")]
            toll.failed += len(errors) + (K - len(view["rows"])) + (view["phase"] != "done")
            toll.twice += len(view["rows"]) - len({row["i"] for row in view["rows"]})
    return toll


def kill_score(engine: Engine, folder: Path, rng: random.Random, times: int) -> Toll:
    """Kill `score` again and again, go on with --resume, and compare with a run that nobody killed."""
    items = folder / "items.jsonl"
    lines = [{"id": f"i{number}", "query": f"What is {number}?", "responses": ["a", "b"]} for number in range(40)]
    write_lines(items, lines)
    options = [str(items), "--k", str(K), "--engine", engine.url, "--meta", "none"]
    _score([*options, "--out", str(folder / "whole.jsonl")]).wait()
    expected, toll = _drawn(folder / "whole.jsonl"), Toll()
    out = folder / "killed.jsonl"
    while toll.kills < times:
        out.unlink(missing_ok=True)
        while toll.kills < times:
            before = out.stat().st_size if out.exists() else 0
            child = _score([*options, "--out", str(out), "--resume"])
            while child.poll() is None and (not out.exists() or out.stat().st_size <= before):
                time.sleep(0.01)
            time.sleep(rng.uniform(0.0, 0.3))
            if child.poll() is not None:
                break
            child.kill()
            child.wait()
            toll.kills += 1
        _score([*options, "--out", str(out), "--resume"]).wait()
        toll.runs += 1
        samples = _drawn(out)
        toll.shown += len(samples)
        toll.damaged += samples != expected
    return toll


def _score(options: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "app.py", "score", *options]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _drawn(path: Path) -> list[tuple[str, int, int, Any]]:
    """(item, index, seed, scores) of every sample, in the file's order."""
    return [
        (item.item_id, sample.index, sample.seed, sample.scores)
        for block in read_samples(path)
        for item in block.items
        for sample in item.samples
    ]
