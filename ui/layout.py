"""All pages in one gr.Blocks, and how it is launched: loopback, no analytics, nothing of anybody's text as markup."""

from functools import partial
from typing import Any

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from grm_core.embedders import Embedder
from runs.jobs import Jobs
from runs.settings import Page
from storage.store import Store
from ui import web
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
from ui.proxy import Forwarded, Pages
from ui.shell import NAME
from ui.theme import theme
from ui.vectors import Vectors

LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")


def build(store: Store, jobs: Jobs) -> gr.Blocks:
    """The whole app, not launched yet."""
    vectors, shell = Vectors(Embedder()), Shell(store, jobs)
    with gr.Blocks(title=NAME, analytics_enabled=False, fill_width=True) as demo:
        gr.Navbar(visible=False)
        shell.place()
        InspectPage(jobs, Viewer(store, jobs))
    for name, page in (
        ("Sessions", partial(SessionsPage, store, jobs)),
        ("Principles", partial(PrinciplesPage, store, vectors)),
        ("Runs", partial(RunPage, store)),
        ("Benchmarks", partial(BenchPage, store)),
        ("Models", partial(ModelsPage, store)),
        ("Queue", partial(QueuePage, store, vectors)),
        ("Demo", partial(DemoPage, store)),
        ("Compare", partial(ComparePage, store)),
    ):
        with demo.route(name, f"/{name.lower()}"):
            gr.Navbar(visible=False)
            shell.place()
            page()
    demo.queue(max_size=64, default_concurrency_limit=None, api_open=False)
    return demo


def launch_options(store: Store, page: Page) -> dict[str, Any]:
    """Options of the app's launch beside address and login."""
    middleware = [
        Middleware(Forwarded, proxies=page.proxies),
        Middleware(Pages, frame_ancestors=page.frame_ancestors),
    ]
    if page.host in LOOPBACK or page.allowed_hosts:
        # Another site that makes its name point to this machine gets no answer (DNS rebinding).
        hosts = [*LOOPBACK, *page.allowed_hosts]
        middleware.insert(0, Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False))
    return {
        # Fetched early and run by the first plot: as a script of a component it would keep all else waiting.
        "head": f'<link rel="preload" as="script" href="{web.address()}/{web.PLOTLY.name}">',
        "theme": theme(),
        "favicon_path": str(web.WEB / "icons" / "icon.png"),
        "root_path": page.root_path or None,
        "share": False,
        "strict_cors": True,
        "allowed_paths": [],
        # The files, not their folder: a folder above our own would take the page's scripts with it.
        "blocked_paths": [f"{store.path.resolve()}{end}" for end in ("", "-wal", "-shm", "-journal", ".lock")],
        "max_file_size": "200mb",
        "show_error": False,
        "enable_monitoring": False,
        "run_history": False,
        "mcp_server": False,
        "ssr_mode": False,
        "footer_links": [],
        "quiet": True,
        "app_kwargs": {"middleware": middleware, "routes": web.routes()},
        "prevent_thread_lock": True,
    }
