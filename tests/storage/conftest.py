"""A store with one session, on a real file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.storage.make import RUN, SESSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "grm.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    opened.add_run(RUN)
    opened.add_session(SESSION)
    yield opened
    opened.close()
