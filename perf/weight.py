"""What opening a page costs a browser that has nothing of it: requests, kilobytes, shifts of its layout.

Counted from the address until the page is still; below the window nothing is drawn yet.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from perf.page import LONG, fill
from tests.browser.conftest import FLAGS, free_port, wait_for

ROOT = Path(__file__).resolve().parent.parent
_STILL_MS = 2500
_WATCH = """
window.shift = 0; window.painted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.painted = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
"""
PAGES = {
    "Inspect": ("/", "#score"),
    "a session of 128 samples": ("/?session=big", ".grm-verdict h2"),
    "its Lab": ("/?session=big&tab=lab", ".grm-panel .main-svg"),
    "Sessions": ("/sessions", ".grm-session-list"),
    "a run": ("/runs?id=run", ".grm-panel .main-svg"),
    "Principles": ("/principles", ".grm-hint"),
    "Demo": ("/demo", ".grm-stage"),
}
"""Page -> its address, and what is there when the page is."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One page, cold."""

    page: str
    requests: int
    gradio: float
    """Kilobytes on the wire of Gradio's own files."""
    ours: float
    """Of ours: styles, fonts, modules, the page itself and its data."""
    plots: float
    """Of the plot library; 0 where no plot is in view."""
    shift: float
    """Cumulative layout shift."""
    painted: float
    """Milliseconds to the largest contentful paint, beside whatever else the machine did."""


def weights(folder: Path) -> Iterator[Weight]:
    """Every page, each in a browser context of its own."""
    db, port = folder / "weight.db", free_port()
    if not db.exists():
        fill(db)
    command = [sys.executable, "-m", "tests.browser.app", "--db", str(db), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, process)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            for name in PAGES:
                yield _weigh(browser, url, name)
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=20)


def _weigh(browser: Any, url: str, name: str) -> Weight:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.add_init_script(_WATCH)
    wire = context.new_cdp_session(page)
    wire.send("Network.enable")
    paths: dict[str, str] = {}
    sizes: dict[str, float] = {}
    wire.on("Network.responseReceived", lambda seen: paths.setdefault(seen["requestId"], seen["response"]["url"]))
    wire.on("Network.loadingFinished", lambda seen: sizes.setdefault(seen["requestId"], seen["encodedDataLength"]))
    address, ready = PAGES[name]
    page.goto(url + address)
    page.locator(ready).first.wait_for(timeout=LONG)
    page.wait_for_timeout(_STILL_MS)
    shift, painted = page.evaluate("[window.shift, window.painted]")
    context.close()
    parts = dict.fromkeys(("gradio", "ours", "plots"), 0.0)
    for key, size in sizes.items():
        parts[_whose(paths.get(key, ""))] += size / 1000
    kilobytes = {part: round(size, 1) for part, size in parts.items()}
    return Weight(name, len(sizes), **kilobytes, shift=round(shift, 3), painted=round(painted))


def _whose(path: str) -> str:
    if path.endswith("plotly.min.js"):
        return "plots"
    return "gradio" if "/assets/" in path or "/static/" in path else "ours"
