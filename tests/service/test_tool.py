"""The tool that other programs call judges as the page does, over the protocol itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from mcp.client import Client
from mcp.types import TextContent

from grm_core.cards import Card
from grm_core.errors import UsageError
from runs.judging import Judging
from runs.settings import Endpoint, Judge, Page, Sampling
from service import tool
from tests.fake_engine import FakeEngine
from tests.ui.conftest import serving
from ui import serve

ASKED = {"query": "2+2?", "responses": ["4", "5"], "k": 6, "seed": 3}


def judging() -> Judging:
    return Judging(FakeEngine(), None, Card(), Sampling(), Endpoint())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("tool"), served=tool.serve(judging())) as app:
        yield app.address


async def test_a_tool_judges_and_tells_what_it_cannot() -> None:
    alone = tool.Tool(judging())
    answer = await alone.judge("2+2?", ["4", "5"], k=6, seed=3)
    assert (answer["k"], len(answer["totals"])) == (6, 2)
    assert answer == await alone.judge("2+2?", ["4", "5"], k=6, seed=3)
    assert "query" in (await alone.judge(" ", ["4"]))["error"]
    assert "at least 1 item" in (await alone.judge("2+2?", []))["error"]


async def test_a_client_finds_the_tool_and_is_told_what_it_is(address: str) -> None:
    async with Client(f"{address}/mcp") as client:
        (listed,) = (await client.list_tools()).tools
        assert listed.name == "judge"
        assert "which is best" in (listed.description or "")
        assert set(listed.input_schema["required"]) == {"query", "responses"}
        called = await client.call_tool("judge", ASKED)
    (content,) = called.content
    assert isinstance(content, TextContent)
    expected = await tool.Tool(judging()).judge(**ASKED)
    assert json.loads(content.text) == json.loads(json.dumps(expected))


async def test_a_page_of_another_site_does_not_reach_the_tool(address: str) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "judge", "arguments": ASKED}}
    async with httpx.AsyncClient(trust_env=False) as client:
        for headers in ({"origin": "https://elsewhere.example"}, {"host": "elsewhere.example"}):
            answer = await client.post(f"{address}/mcp", json=call, headers=headers)
            assert answer.status_code in (400, 403), headers


@pytest.mark.parametrize("beside", [{"endpoint": Endpoint()}, {"mcp": True}])
def test_what_knows_no_logins_does_not_stand_beside_a_page_that_has_them(beside: dict, tmp_path: Path) -> None:
    page = Page(Judge("hf"), tmp_path / "x.db", port=7997, logins=(("ann", "word"),), **beside)
    with pytest.raises(UsageError, match="logins"):
        serve.run(page)
    assert not page.db.exists()
