"""What the tests of engines share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from grm_core.engines import _http
from grm_core.types import Example, Message
from tests.engines.wire import WireServer


@pytest.fixture
async def server() -> AsyncIterator[WireServer]:
    """A vLLM server's wire format, with faults on demand."""
    async with WireServer() as running:
        yield running


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries without the waiting."""
    monkeypatch.setattr(_http, "FIRST_DELAY", 0.01)


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder of the bundled model, prepared if it is not yet."""
    from grm_core.models import small_model

    return small_model().folder


@pytest.fixture
def example() -> Example:
    """A real item: one answer is right."""
    return Example(
        id="capital",
        query=(Message("user", "What is the capital of Australia?"),),
        responses=("The capital of Australia is Canberra.", "It is Sydney, the largest city."),
    )
