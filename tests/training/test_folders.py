"""A stage knows which weights it began from; a merge that was cut off is not taken for a model."""

from pathlib import Path

import pytest

from grm_core import models
from grm_core.errors import UsageError
from grm_core.training import folders


def weights(folder: Path, content: bytes, name: str = folders.ADAPTER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    return folder


def test_a_stage_goes_on_over_the_same_weights_and_begins_anew_over_others(tmp_path: Path) -> None:
    source, stage, messages = weights(tmp_path / "demos", b"one"), tmp_path / "rft", []
    folders.begin(stage, source, messages.append)
    weights(stage / "checkpoint", b"learned")
    weights(source, b"one")  # saved again by a call that had nothing left to do
    folders.begin(stage, source, messages.append)
    assert (stage / "checkpoint").exists()
    assert messages == []
    for number in (1, 2):
        weights(source, f"more {number}".encode())
        folders.begin(stage, source, messages.append)
        assert not (stage / "checkpoint").exists()
        assert (tmp_path / f"rft.{number}" / "checkpoint" / folders.ADAPTER).read_bytes() == b"learned"
        assert messages[-1].startswith("rft begins anew")
        weights(stage / "checkpoint", b"learned")


def test_a_stage_from_before_there_were_notes_is_kept(tmp_path: Path) -> None:
    weights(tmp_path / "rft" / "checkpoint", b"learned")
    source = weights(tmp_path / "demos", b"whole model", "model.safetensors")
    folders.begin(tmp_path / "rft", source, lambda _: None)
    assert (tmp_path / "rft" / "checkpoint").exists()
    assert folders.began_from(tmp_path / "rft") == folders.digest(source)


def test_a_merge_is_made_once_per_adapter_and_again_after_it_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[bytes] = []

    def merge(base: Path, adapter: Path, out: Path) -> None:
        content = (adapter / folders.ADAPTER).read_bytes()
        weights(out, content, "model.safetensors")
        if content == b"cut off":
            raise KeyboardInterrupt
        made.append(content)

    monkeypatch.setattr(models, "merge", merge)
    adapter = tmp_path / "rft" / "checkpoint"
    with pytest.raises(UsageError, match="run the stage rft first"):
        folders.merged(tmp_path, adapter)
    weights(adapter, b"cut off")
    with pytest.raises(KeyboardInterrupt):
        folders.merged(tmp_path, adapter)
    assert not (tmp_path / "rft" / "merged-checkpoint").exists(), "half a model is no model"
    for content in (b"one", b"one", b"two"):
        weights(adapter, content)
        assert (folders.merged(tmp_path, adapter) / "model.safetensors").read_bytes() == content
    assert made == [b"one", b"two"]
