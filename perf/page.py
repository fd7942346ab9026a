"""How fast the page answers, in a real Chromium: python -m perf.page [ROUNDS]. Prints medians in milliseconds.

whole: from the address to the 128 rows and the verdict of a stored session · opens: the same from asking the server
for it · verdict, matrix, plot: from a turned dial to its effect · shown: from a sample's commit to its row.
"""

import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from grm_core.types import Params, Run, Session
from storage.store import Store
from tests.browser.conftest import FLAGS, free_port, wait_for
from tests.make import make_example, make_sample

ROOT = Path(__file__).resolve().parent.parent
K, N = 128, 4
LONG = 60_000
DIAL = """async () => {
    const slider = document.querySelector("#k-voted"), times = { verdict: [], matrix: [], plot: [] };
    const changed = (place) => new Promise((done) => {
        const watcher = new MutationObserver(() => { watcher.disconnect(); done(performance.now()); });
        watcher.observe(document.querySelector(place), { childList: true, subtree: true });
    });
    for (const k of [20, 90, 33, 71, 104]) {
        const start = performance.now(), verdict = changed(".grm-verdict"), matrix = changed(".grm-matrix");
        slider.value = k;
        slider.dispatchEvent(new Event("input"));
        times.verdict.push(await verdict - start);
        times.matrix.push(await matrix - start);
    }
    for (const method of ["guided", "guided-weighted", "naive", "guided", "naive"]) {
        const start = performance.now(), plot = changed(".grm-plot .main-svg");
        document.querySelector(`#method input[value=${method}]`).click();
        await new Promise((done) => setTimeout(done, 0));
        times.plot.push(await Promise.race([changed(".grm-plot"), plot]) - start);
        await new Promise((done) => setTimeout(done, 400));
    }
    return times;
}"""


def fill(path: Path) -> None:
    """One stored session with k = 128 and n = 4."""
    store, rng = Store(path), random.Random(0)
    store.add_run(Run("run", "2026-01-01T00:00:00+00:00", "fake", "m", "pointwise", "", Params(), K, None, 0))
    store.add_session(Session("big", "run", make_example(N), "big", "2026-01-01T00:00:00+00:00"))
    text = "Principles:\n1. One\n2. Two\nCritique:\n" + "Response 1: some words.\n" * 20
    for index in range(K):
        scores = [rng.randint(1, 10) for _ in range(N)]
        store.add_sample(make_sample(index, scores, rng.random(), rng.sample(range(N), N), "big", text))
    store.close()


def stored(page: Any, url: str) -> dict[str, float]:
    """Open the stored session and turn its dials."""
    seconds: list[float] = []
    page.on(
        "request", lambda request: seconds.append(time.perf_counter()) if "component_server" in request.url else None
    )
    start = time.perf_counter()
    page.goto(f"{url}/?session=big")
    page.wait_for_function(
        f"document.querySelectorAll('.grm-matrix tr[data-i]').length === {K}", timeout=LONG, polling=10
    )
    page.locator(".grm-verdict h2").wait_for(timeout=LONG)
    shown = time.perf_counter()
    page.wait_for_timeout(1500)
    times = page.evaluate(DIAL)
    return {
        "whole": 1000 * (shown - start),
        "opens": 1000 * (shown - seconds[0]),
        "verdict": statistics.median(times["verdict"]),
        "matrix": statistics.median(times["matrix"]),
        "plot": statistics.median(times["plot"]),
        "slowest plot": max(times["plot"]),
    }


def live(page: Any, url: str, db: Path) -> float:
    """Milliseconds from a sample's commit to its row, the median over a run of 24."""
    page.goto(url)
    page.locator("#score").wait_for(timeout=LONG)
    page.wait_for_timeout(1500)
    for place, text in (("#query", "What?"), ("#response-0", "This."), ("#response-1", "That.")):
        page.locator(f"{place} textarea").fill(text)
    page.locator("#k input").fill("24")
    page.evaluate("""() => { window.seen = []; new MutationObserver(() => {
        const rows = document.querySelectorAll(".grm-matrix tr[data-i]").length;
        while (window.seen.length < rows) window.seen.push(performance.timeOrigin + performance.now());
    }).observe(document.body, { childList: true, subtree: true }); }""")
    committed: list[float] = []
    ended = threading.Event()

    def watch() -> None:
        with sqlite3.connect(f"file:{db}?mode=ro", uri=True) as raw:
            before = raw.execute("SELECT max(seq) FROM sample").fetchone()[0]
            while not ended.is_set() and len(committed) < 24:
                now = raw.execute("SELECT max(seq) FROM sample").fetchone()[0]
                committed.extend([1000 * time.time()] * (now - before - len(committed)))
                time.sleep(0.003)

    watcher = threading.Thread(target=watch)
    watcher.start()
    page.locator("#score").click()
    page.locator(".grm-root[data-phase=done]").wait_for(timeout=LONG)
    page.wait_for_timeout(500)
    ended.set()
    watcher.join()
    seen = page.evaluate("window.seen")
    return float(statistics.median(shown - stored for shown, stored in zip(seen, committed, strict=False)))


def main() -> int:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    timings: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        db, port = Path(folder) / "grm.db", free_port()
        fill(db)
        command = [sys.executable, "-m", "tests.browser.app", "--db", str(db), "--port", str(port), "--delay", "0.03"]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(url, process)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for _ in range(rounds):
                page = browser.new_page(viewport={"width": 1440, "height": 900})
                for name, value in stored(page, url).items():
                    timings.setdefault(name, []).append(value)
                timings.setdefault("shown", []).append(live(page, url, db))
                page.close()
            browser.close()
        finally:
            process.terminate()
            process.wait(timeout=20)
    for name, values in timings.items():
        print(f"{name:12} {statistics.median(values):7.0f} ms  ({', '.join(f'{value:.0f}' for value in values)})")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
