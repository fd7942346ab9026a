"""The tool that other programs call judges as the page does."""

from pathlib import Path

import pytest

from grm_core.cards import Card
from grm_core.errors import UsageError
from runs.judging import Judging
from runs.settings import Endpoint, Judge, Page, Sampling
from tests.fake_engine import FakeEngine
from ui import serve
from ui.tool import Tool


async def test_a_tool_judges_and_tells_what_it_cannot() -> None:
    tool = Tool(Judging(FakeEngine(), None, Card(), Sampling(), Endpoint()))
    answer = await tool.judge("2+2?", ["4", "5"], k=6, seed=3)
    assert (answer["k"], len(answer["totals"])) == (6, 2)
    assert answer == await tool.judge("2+2?", ["4", "5"], k=6, seed=3)
    assert "query" in (await tool.judge(" ", ["4"]))["error"]
    assert "at least 1 item" in (await tool.judge("2+2?", []))["error"]


@pytest.mark.parametrize("beside", [{"endpoint": Endpoint()}, {"mcp": True}])
def test_what_knows_no_logins_does_not_stand_beside_a_page_that_has_them(beside: dict, tmp_path: Path) -> None:
    page = Page(Judge("hf"), tmp_path / "x.db", port=7997, logins=(("ann", "word"),), **beside)
    with pytest.raises(UsageError, match="logins"):
        serve.run(page)
    assert not page.db.exists()
