"""The judge as a tool of the Model Context Protocol, at /mcp (streamable HTTP)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from itertools import count
from typing import Any, NamedTuple

from mcp.server import MCPServer
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import ValidationError
from starlette.routing import BaseRoute

from grm_core.errors import GRMError
from runs.judging import Judging
from runs.turns import Caller
from service.wire import Item, answer

K_MOST = 128
"""Samples that one call may ask for."""


PATH = "/mcp"


class Served(NamedTuple):
    """The tool as a web app has it."""

    routes: Sequence[BaseRoute]
    running: Callable[[], AbstractAsyncContextManager[None]]
    """Entered once, for as long as the app is served."""


def serve(judging: Judging) -> Served:
    """The tool `judge` over this judging. Whoever serves it says which hosts and sites may ask."""
    server = MCPServer("GRM Lens", log_level="WARNING")
    server.add_tool(Tool(judging).judge)
    app = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return Served(app.routes, server.session_manager.run)


class Tool:
    """What other programs may call."""

    def __init__(self, judging: Judging) -> None:
        self._judging, self._numbers = judging, count()

    async def judge(self, query: str, responses: list[str], k: int = 8, seed: int = 0) -> dict[str, Any]:
        """Judge responses to a query with a generative reward model: which is best, and by how much.

        Args:
            query: What the responses answer.
            responses: 1 to 32 responses, in any order; the verdict names them by their place, from 0.
            k: How many judgments are voted over, 1 to 128; more are surer and take longer.
            seed: The same seed gives the same judgments.

        Returns:
            totals (one per response, higher is better), winner (null for a tie), margin, and how many judgments could
            be read; or error, where it cannot be judged.
        """
        try:
            example = Item(query=query, responses=responses).example()
            self._judging.turns.admit()
            settings = replace(self._judging.base, k=min(max(1, int(k)), K_MOST), seed=int(seed))
            caller = Caller("mcp", next(self._numbers))
            return answer(await self._judging.judge(caller, example, settings), samples=False)
        except GRMError as error:
            return {"error": str(error)}
        except ValidationError as error:
            return {"error": error.errors()[0]["msg"]}
