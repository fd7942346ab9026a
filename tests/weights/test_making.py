"""From nothing to a judge's folder in one call, and what is left in the cache after it and after its failures."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from grm_core import cards, models, prepared
from grm_core.errors import EngineError
from grm_core.weights import making
from grm_core.weights.base import Base
from grm_core.weights.convert import convert
from grm_core.weights.progress import OnProgress, Progress, silent
from tests.weights.stand_in import Hub
from tests.weights.tiny import write_adapter, write_gguf

TEMPLATE = models.CHAT_TEMPLATE


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    """A real model in place of the other tests' random bytes."""
    return write_gguf(tmp_path / "tiny.gguf").read_bytes()


def left() -> set[str]:
    """Files in the cache beside the finished folders and the locks."""
    cache = prepared.cache_folder()
    files = {str(path.relative_to(cache)) for path in cache.rglob("*") if path.is_file()}
    complete = {path.parent.name for path in cache.glob("*/manifest.json")}
    return {name for name in files if name.split("/")[0] not in complete and not name.endswith("lock")}


@pytest.mark.slow
def test_a_judge_is_downloaded_converted_and_merged_once(base: Base, served: Hub, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    convert("bf16", tmp_path / "tiny.gguf", plain, TEMPLATE, None, lambda *_: None)
    adapter = write_adapter(plain, tmp_path / "adapter")
    moments: list[Progress] = []
    folder = making.judge("judge", "int8", adapter, TEMPLATE, moments.append, base)
    assert cards.read(folder) == cards.Card("compact", "single", True)
    assert json.loads((folder / "config.json").read_text())["quantization_config"]["format"] == "int-quantized"
    assert prepared.problem(folder, full=True) is None
    assert left() == set(), "the download is not needed any more"
    phases = list(dict.fromkeys(each.phase for each in moments))
    assert phases == ["downloading the model", "checking the model", "converting the model"]
    count = len(served.asked)
    assert making.judge("judge", "int8", adapter, TEMPLATE, silent, base) == folder
    assert len(served.asked) == count, "what is made needs no network"
    (adapter / "grm_lens.json").write_text("{}")
    assert making.name_of("judge", "int8", adapter, TEMPLATE, base) != folder.name, "another card, another folder"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversion that only tells of itself and writes one file."""

    def convert(form: str, weights: Path, out: Path, template: str, adapter: Path | None, tell: OnProgress) -> None:
        tell(Progress("converting the model"))
        (out / "weights").write_bytes(weights.read_bytes()[:9])

    monkeypatch.setattr(making, "_convert", convert)


@pytest.mark.usefixtures("quick")
def test_a_download_that_was_left_over_is_removed_by_the_next_start(base: Base, served: Hub) -> None:
    making.judge("base", "bf16", None, TEMPLATE, silent, base)
    over = prepared.cache_folder() / "downloads" / base.file
    over.write_bytes(b"x")
    with prepared.locked(over.with_name("lock")):
        making.judge("base", "bf16", None, TEMPLATE, silent, base)
        assert over.exists(), "another process is making something of it"
    making.judge("base", "bf16", None, TEMPLATE, silent, base)
    assert left() == set()


@pytest.mark.slow
def test_a_conversion_that_fails_says_why_and_keeps_the_download(base: Base, served: Hub, tmp_path: Path) -> None:
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"peft_type": "LORA", "use_dora": true}')
    with pytest.raises(EngineError, match=r"could not be converted: the adapter in .* is no plain LoRA"):
        making.judge("judge", "int8", adapter, TEMPLATE, silent, base)
    assert left() == {f"downloads/{base.file}"}


@pytest.mark.slow
def test_a_killed_start_goes_on_and_its_conversion_ends_with_it(base: Base, served: Hub) -> None:
    code = f"""
from pathlib import Path
from grm_core import models
from grm_core.weights import making
from grm_core.weights.base import Base
base = Base({base.file!r}, {base.size}, {base.sha256!r}, {base.repository!r}, ("pinned",), Path("none"), 1)
making.judge("base", "bf16", None, models.CHAT_TEMPLATE, lambda told: print(told.phase, flush=True), base)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert any(line.startswith("converting") for line in process.stdout)
    children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    until = time.monotonic() + 10
    while time.monotonic() < until and any(map(alive, children)):
        time.sleep(0.05)
    assert children
    assert not any(map(alive, children))
    count = len(served.asked)
    folder = making.judge("base", "bf16", None, TEMPLATE, silent, base)
    assert len(served.asked) == count, "the download was whole"
    assert prepared.problem(folder, full=True) is None
    assert left() == set()


def alive(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


@pytest.mark.usefixtures("quick")
def test_a_second_start_waits_and_says_so(base: Base, served: Hub) -> None:
    messages: list[str] = []
    lock = prepared.cache_folder() / "downloads" / "lock"
    waiting = threading.Event()

    def tell(progress: Progress) -> None:
        messages.append(progress.words())
        waiting.set()

    with prepared.locked(lock):
        second = threading.Thread(target=making.judge, args=("base", "bf16", None, TEMPLATE, tell, base))
        second.start()
        assert waiting.wait(10)
        assert messages == ["another process is preparing the model"]
    second.join()
    assert messages[-1].startswith("converting")


def test_a_cache_that_is_no_folder_is_told(base: Base, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(EngineError, match="cannot be kept"):
        making.judge("base", "bf16", None, TEMPLATE, silent, base)
