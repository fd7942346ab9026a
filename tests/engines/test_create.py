"""Engines by name."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grm_core import engines, models
from grm_core.cards import Card
from grm_core.engines import create, hf
from grm_core.errors import UsageError


def test_an_address_makes_a_server_engine() -> None:
    engine = create("http://127.0.0.1:8000/v1", "some-model", concurrency=2)
    assert (engine.name, engine.model) == ("server", "some-model")


def test_a_recording_makes_a_replay_engine(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"item_id": "a", "index": 0, "seed": 1, "text": "x", "scores": None}))
    assert create(f"replay:{path}", pace="at-once").name == "replay"


@pytest.mark.parametrize("name", ["managed", "hf"])
def test_a_model_folder_names_the_model(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "my-grm"
    folder.mkdir()
    if name == "managed" and not engines.has_vllm():
        pytest.skip("vLLM is not installed")
    assert create(name, str(folder)).model == "my-grm"


def test_auto_is_managed_where_vllm_is_installed_and_hf_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "has_vllm", lambda: True)
    assert create("auto").name == "managed"
    monkeypatch.setattr(engines, "has_vllm", lambda: False)
    assert create("auto").name == "hf"
    with pytest.raises(UsageError, match="needs vLLM"):
        create("managed")


def test_small_is_the_bundled_model_of_135m_whatever_the_default_is(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[bool] = []
    monkeypatch.setattr(hf, "Bundled", lambda _, small, tell: calls.append(small))
    create("hf", models.SMALL_MODEL)
    create("hf")
    assert calls == [True, False]
    assert engines.card("hf", models.SMALL_MODEL) == Card("compact")


@pytest.mark.parametrize("spec", ["", "vllm", "replay", "localhost:8000", "HTTP://x"])
def test_a_spec_that_names_no_engine_lists_what_there_is(spec: str) -> None:
    with pytest.raises(UsageError, match="expected auto, managed, hf"):
        create(spec)


def test_a_missing_recording_or_model_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no recording"):
        create(f"replay:{tmp_path}/none.jsonl")
    with pytest.raises(UsageError, match="no folder"):
        create("hf", str(tmp_path / "none"))


def test_creating_an_engine_loads_no_heavy_package() -> None:
    code = (
        "import sys; from grm_core.engines import create; create('http://127.0.0.1:1'); create('hf'); create('auto');"
        "sys.exit(' '.join({'torch', 'transformers', 'vllm'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
