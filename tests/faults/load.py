"""Many clients at the same time, each with runs one after the other: nobody is refused, all end, memory stays flat."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np

from tests.faults.rig import App, Tab, tab


@dataclass
class Load:
    """What clients met with."""

    clients: int
    seconds: list[float] = field(default_factory=list)
    """Of each run, from Score to its end."""
    by_client: dict[int, int] = field(default_factory=dict)
    """Client -> its runs that ended."""
    refused: int = 0
    failed: int = 0
    waited: int = 0
    """Runs that were seen in the line."""
    memory: list[tuple[float, float]] = field(default_factory=list)
    """(seconds since the beginning, megabytes of the app)."""

    @property
    def spread(self) -> float:
        """Difference of the most and the fewest runs of a client, in shares of the mean."""
        runs = list(self.by_client.values())
        return (max(runs) - min(runs)) / max(1e-9, float(np.mean(runs)))

    def slope(self, after: float = 0.5) -> float:
        """Megabytes an hour by which memory grows, over what follows the share `after` of the time."""
        times, values = np.array(self.memory).T
        late = times >= times[-1] * after
        return float(np.polyfit(times[late], values[late], 1)[0] * 3600)


def press(app: App, clients: int, seconds: float, k: int = 2, at_once: int = 1) -> Load:
    """Have clients ask for that long, each `at_once` runs at a time; one in four runs is watched from a new tab."""
    load, lock = Load(clients), threading.Lock()
    tabs = [Tab(app.url, f"load-{client}") for client in range(clients)]
    began = time.monotonic()

    def round_of(client: int, number: int) -> None:
        start, one = time.monotonic(), tabs[client]
        sessions = [one.submit(f"What is {client} times {number} plus {place}?", k) for place in range(at_once)]
        said = [str(one.view(session).get("progress", "")) for session in sessions]
        views = [_watched(app, one, session, number) for session in sessions]
        with lock:
            load.seconds.append(time.monotonic() - start)
            load.by_client[client] = load.by_client.get(client, 0) + at_once
            load.failed += sum(view["phase"] != "done" or len(view["rows"]) != k for view in views)
            load.waited += sum(line.startswith("Number ") for line in said)

    def ask(client: int) -> None:
        number = 0
        while not number or time.monotonic() < began + seconds:
            number += 1
            try:
                round_of(client, number)
            except (AssertionError, httpx.HTTPError) as error:
                print(f"client {client}, run {number}: {error!r}", file=sys.stderr, flush=True)
                with lock:
                    load.refused += 1

    done = threading.Event()

    def measure() -> None:
        while not done.wait(2.0):
            load.memory.append((time.monotonic() - began, app.memory))

    watcher = threading.Thread(target=measure)
    watcher.start()
    try:
        with ThreadPoolExecutor(clients) as pool:
            list(pool.map(ask, range(clients)))
    finally:
        done.set()
        watcher.join()
        for one in tabs:
            one.close()
    return load


def _watched(app: App, one: Tab, session: str, number: int) -> dict[str, Any]:
    """The session once its run has ended."""
    if number % 4:
        return one.ended(session)
    with tab(app.url) as other:
        return other.ended(session)
