"""All pages in one gr.Blocks, and how it is launched: loopback, no analytics, nothing of anybody's text as markup."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from typing import Any

import gradio as gr
from gradio.route_utils import CustomCORSMiddleware
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from grm_core.embedders import Embedder
from runs.batches import BatchLine
from runs.jobs import Jobs
from runs.settings import Page
from storage.store import Store
from ui import site, web
from ui.calls import Calls
from ui.guard import UPLOAD_MOST, Guard, Hosts
from ui.pages.batch import BatchPage
from ui.pages.benchmarks import BenchPage
from ui.pages.compare import ComparePage
from ui.pages.demo import DemoPage
from ui.pages.inspect.page import InspectPage
from ui.pages.inspect.viewer import Viewer
from ui.pages.models import ModelsPage
from ui.pages.principles import PrinciplesPage
from ui.pages.queue import QueuePage
from ui.pages.runs import RunPage
from ui.pages.sessions import SessionsPage
from ui.pages.shell import Shell
from ui.people import People, Who
from ui.proxy import Forwarded, Pages
from ui.shell import NAME
from ui.tabs import TABS_MOST, swept
from ui.theme import theme
from ui.uploads import KEPT_S, Uploads
from ui.vectors import Vectors
from ui.view import View
from ui.wire.shared import Line

_DATABASE = ("", "-wal", "-shm", "-journal", ".lock", ".door")
"""Endings of the files that make up a database."""


def build(store: Store, jobs: Jobs, batches: BatchLine, people: People) -> gr.Blocks:
    """The whole app, not launched yet."""
    vectors, shell = Vectors(Embedder()), Shell(store, jobs)
    with gr.Blocks(title=NAME, analytics_enabled=False, fill_width=True, delete_cache=(KEPT_S // 6, KEPT_S)) as demo:
        gr.Navbar(visible=False)
        shell.place()
        InspectPage(jobs, Viewer(store, jobs), people)
        for name, page in (
            ("Sessions", partial(SessionsPage, store, jobs)),
            ("Principles", partial(PrinciplesPage, store, vectors)),
            ("Batch", partial(BatchPage, batches)),
            ("Runs", partial(RunPage, store, site.zipped)),
            ("Benchmarks", partial(BenchPage, store)),
            ("Models", partial(ModelsPage, store)),
            ("Queue", partial(QueuePage, store, vectors)),
            ("Demo", partial(DemoPage, store)),
            ("Compare", partial(ComparePage, store)),
        ):
            _turn(demo, name)
            gr.Navbar(visible=False)
            shell.place()
            # Always there: an open page knows its blocks by number, and goes on after a restart that may only read.
            View("notices").place([_read_only(store)] if store.read_only else [], "read-only")
            page()
    demo.queue(max_size=64, default_concurrency_limit=None, api_open=False)
    return demo


def _turn(demo: gr.Blocks, name: str) -> None:
    """What is placed from here on stands on a page of this name.

    As `demo.route` does, but for its `with`, at whose end Gradio makes a server: ten in vain, and the user waits.
    """
    path = name.lower()
    demo.pages.append((path, name, True))
    demo.current_page = path


def _read_only(store: Store) -> Line:
    held = f"Another process ({store.holder}) writes this database: everything can be read here, nothing saved."
    return Line(kind="warn", text=held)


def launch(demo: gr.Blocks, page: Page, options: dict[str, Any]) -> str:
    """Serve the app in the background; returns its address."""
    app, url, _ = demo.launch(server_name=page.host, server_port=page.port, **options)
    # It lets pages of any port of this machine read what is stored, and stands before all that we could put there.
    app.user_middleware = [each for each in app.user_middleware if each.cls is not CustomCORSMiddleware]
    app.middleware_stack = app.build_middleware_stack()
    return str(url)


@asynccontextmanager
async def _alive(app: Any, beside: Callable[[], AbstractAsyncContextManager[None]]) -> AsyncIterator[None]:
    async with swept(app), beside():
        yield


def _middleware(page: Page, uploads: Uploads, people: People) -> list[Middleware]:
    """What stands before every route, the outermost first."""
    return [
        # Another site that makes its name point to this machine gets no answer (DNS rebinding).
        Middleware(Hosts, names=page.allowed_hosts),
        Middleware(Forwarded, proxies=page.proxies),
        Middleware(Guard, room=uploads.room),
        Middleware(Who, people=people),
        Middleware(Calls),
        Middleware(Pages, frame_ancestors=page.frame_ancestors),
    ]


def launch_options(
    store: Store,
    page: Page,
    uploads: Uploads,
    people: People,
    routes: Sequence[BaseRoute] = (),
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> dict[str, Any]:
    """Options of the app's launch beside its address.

    `routes` stand beside the page; `beside` is entered for as long as the app is served.
    """
    return {
        "theme": theme(),
        "favicon_path": str(web.WEB / "icons" / "icon.png"),
        "auth": people.enter if people.are_asked else None,
        "root_path": page.root_path or None,
        "share": False,
        "strict_cors": True,
        "allowed_paths": [],
        # The files, not their folder: a folder above our own would take the page's scripts with it.
        "blocked_paths": [f"{store.path.resolve()}{end}" for end in _DATABASE],
        "max_file_size": UPLOAD_MOST,
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "mcp_server": False,
        "ssr_mode": False,
        "footer_links": [],
        "quiet": True,
        "app_kwargs": {
            "middleware": _middleware(page, uploads, people),
            "routes": [*web.routes(), *routes],
            "lifespan": partial(_alive, beside=beside),
        },
        "state_session_capacity": TABS_MOST,
        "prevent_thread_lock": True,
    }
