"""What the app's launch lets a browser fetch."""

from pathlib import Path

import pytest
from gradio.utils import is_allowed_file

from runs.settings import Judge, Page
from storage.store import Store
from ui.layout import launch_options
from ui.people import People
from ui.uploads import Uploads
from ui.web import PLOTLY


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", ".lock", ".door"])
def test_the_database_is_blocked_and_the_plots_script_beside_it_is_not(tmp_path: Path, ending: str) -> None:
    store = Store(tmp_path / "grm.db")
    blocked = launch_options(store, Page(Judge(), store.path), Uploads(1), People((), store.acts))["blocked_paths"]
    script = tmp_path / "lib" / PLOTLY.name  # as where the database lies in the folder that holds .venv
    everything = [str(tmp_path)]
    assert is_allowed_file(script, blocked, everything, []) == (True, "allowed")
    assert is_allowed_file(Path(f"{store.path}{ending}"), blocked, everything, []) == (False, "in_blocklist")
    store.close()
