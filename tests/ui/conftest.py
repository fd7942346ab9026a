"""The real app on a free port, in this process, and a client that sends what a program or a browser would."""

import socket
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from runs.batches import BatchLine
from runs.jobs import Jobs
from runs.settings import Judge, Page
from service.tool import Served
from storage.store import Store
from tests.fake_engine import FakeEngine
from tests.make import make_sample
from tests.storage.make import RUN, SESSION
from ui import layout
from ui.people import People
from ui.uploads import Uploads


class App(NamedTuple):
    """A served app, with what stands behind it."""

    address: str
    store: Store
    jobs: Jobs
    demo: Any
    uploads: Uploads
    people: People

    def component(self, call: str) -> int:
        """The id of the component whose module may call this."""
        blocks = self.demo.blocks.values()
        return next(block._id for block in blocks if getattr(getattr(block, call, None), "_is_server_fn", False))

    def body(self, call: str, *values: Any) -> dict[str, Any]:
        """A call as a page's module makes it."""
        return {
            "data": list(values),
            "component_id": self.component(call),
            "session_hash": "tab",
            "fn_name": call,
        }


def keep_session(store: Store) -> str:
    """The id of a new session with two samples."""
    session = replace(SESSION, id=uuid.uuid4().hex[:12])
    store.add_run(RUN)
    store.add_session(session)
    for index, scores in enumerate(((3, 8), (7, 2))):
        store.add_sample(make_sample(index, scores, session_id=session.id))
    return session.id


@contextmanager
def serving(
    folder: Path, engine: FakeEngine | None = None, served: Served | None = None, **options: Any
) -> Iterator[App]:
    """The app with these options of a Page; `served` stands beside it."""
    with socket.socket() as probe, closing(Store(folder / "grm.db")) as store:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        jobs = Jobs(store, engine or FakeEngine())
        page = Page(Judge(), store.path, port=port, **options)
        uploads = Uploads(port)
        uploads.begin()
        people = People(page.logins, store.acts)
        demo = layout.build(store, jobs, BatchLine(jobs), people)
        beside = () if served is None else served
        layout.launch(demo, page, layout.launch_options(store, page, uploads, people, *beside))
        jobs.start()
        try:
            yield App(f"http://127.0.0.1:{port}", store, jobs, demo, uploads, people)
        finally:
            demo.close(verbose=False)
            jobs.close()
            uploads.clear()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One without a login, for the tests of a module."""
    with serving(tmp_path_factory.mktemp("app")) as served:
        yield served


@pytest.fixture
def client(app: App) -> Iterator[httpx.Client]:
    """A program on this machine."""
    with httpx.Client(base_url=app.address, trust_env=False, timeout=60) as one:
        yield one
