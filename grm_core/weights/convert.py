"""From the 4-bit GGUF file to a folder that vLLM or transformers serves, an adapter merged in before it is rounded.

    python -m grm_core.weights.convert FORM GGUF OUT TEMPLATE [ADAPTER]

One tensor at a time, and of a large one some rows at a time: the whole model is never in memory. `int8` is for vLLM on
CPUs (compressed-tensors: weights in 8 bits with a scale per output channel, activations rounded per token as they
come), `bf16` for GPUs and for the hf engine. As a command it runs in a process of its own, whose memory is given back
to the machine when it ends; it says on standard output how far it is, and ends with the process that started it.
"""

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grm_core.errors import EngineError
from grm_core.weights import adapter as adapters
from grm_core.weights.adapter import Delta
from grm_core.weights.shards import Shards

if TYPE_CHECKING:
    from torch import Tensor

VERSION = 1
"""Raised when the same file and adapter become another folder."""
_ROWS = 4096
"""Rows that are worked on together."""
_TICK_S = 0.25
_PARTS = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
_INT8 = {"num_bits": 8, "type": "int", "symmetric": True}
QUANTIZATION = {
    "quant_method": "compressed-tensors",
    "format": "int-quantized",
    "quantization_status": "compressed",
    "ignore": ["lm_head"],
    "config_groups": {
        "group_0": {
            "targets": ["Linear"],
            "weights": _INT8 | {"strategy": "channel", "dynamic": False},
            "input_activations": _INT8 | {"strategy": "token", "dynamic": True},
        }
    },
}


def convert(
    form: str, weights: Path, out: Path, template: str, adapter: Path | None, at: Callable[[int, int], None]
) -> None:
    """Write the folder, with this chat template; `at` is told how many bytes of the GGUF file are done, of how many.

    Raises EngineError for a file or an adapter that is not for this, OSError where the disk is full.
    """
    from gguf import GGUFReader
    from safetensors import SafetensorError

    deltas = {} if adapter is None else adapters.read(adapter)
    reader = GGUFReader(weights)
    if (kind := reader.fields["general.architecture"].contents()) != "qwen2":
        raise EngineError(f"{weights} is a model of the kind {kind}, not qwen2")
    named = dict(_named(reader.tensors))
    if strange := sorted(deltas.keys() - named.keys()):
        raise EngineError(f"{adapter} is an adapter for another base: it changes {strange[0]}")
    total, done = sum(int(tensor.n_bytes) for tensor in named.values()), 0
    at(done, total)
    _settings(form, weights, out, template)
    try:
        shards = Shards(out)
        for name, tensor in named.items():
            shards.add(_written(form, name, tensor, deltas))
            done += int(tensor.n_bytes)
            at(done, total)
        shards.close()
    except SafetensorError as error:  # how a full disk shows itself while weights are written
        raise OSError(str(error)) from error


def quantized(rows: "Tensor") -> tuple["Tensor", "Tensor"]:
    """Rows of a weight in 8 bits, and the scale of each."""
    import torch

    scale = (rows.abs().amax(dim=1, keepdim=True) / 127).clamp_min(torch.finfo(torch.float32).tiny)
    return (rows / scale).round_().clamp_(-127, 127).to(torch.int8), scale


def _named(tensors: list[Any]) -> Iterator[tuple[str, Any]]:
    """The tensors under transformers' names; of input and output embeddings one, which the model uses for both.

    Qwen's model has one for both, and the file stores it twice: the output's is rounded less.
    """
    by_name = {str(tensor.name): tensor for tensor in tensors}
    first = by_name.pop("token_embd.weight", None)
    yield "model.embed_tokens.weight", by_name.pop("output.weight", first)
    yield "model.norm.weight", by_name.pop("output_norm.weight")
    for name, tensor in by_name.items():
        match = re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name)
        if match is None or match[2] not in _PARTS:
            raise EngineError(f"the model has a tensor {name}, which is not known here")
        yield f"model.layers.{match[1]}.{_PARTS[match[2]]}.{match[3]}", tensor


def _written(form: str, name: str, tensor: Any, deltas: Mapping[str, Delta]) -> dict[str, "Tensor"]:
    """A tensor as it is stored, by name: rounded once, after the adapter has been added."""
    import torch

    pieces = _pieces(tensor, deltas.get(name))
    if form == "bf16" or not name.endswith("_proj.weight"):
        return {name: torch.cat([piece.to(torch.bfloat16) for piece in pieces])}
    weights, scales = zip(*map(quantized, pieces), strict=True)
    return {name: torch.cat(weights), f"{name}_scale": torch.cat(scales)}


def _pieces(tensor: Any, delta: Delta | None) -> Iterator["Tensor"]:
    """The tensor in 32 bits, some rows at a time, with what the adapter adds."""
    import gguf
    import torch

    rows = len(tensor.data)
    for first in range(0, rows, _ROWS):
        last = min(rows, first + _ROWS)
        piece = torch.tensor(gguf.dequantize(tensor.data[first:last], tensor.tensor_type), dtype=torch.float32)
        yield piece if delta is None else piece + delta.rows(first, last)


def _settings(form: str, weights: Path, out: Path, template: str) -> None:
    """Configuration, tokenizer and chat template, as the GGUF file tells them."""
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    tokenizer = AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(out)
    config = AutoConfig.from_pretrained(weights.parent, gguf_file=weights.name)
    config.architectures, config.tie_word_embeddings = ["Qwen2ForCausalLM"], True
    config.eos_token_id, config.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    GenerationConfig.from_model_config(config).save_pretrained(out)
    config.save_pretrained(out)
    record = json.loads((out / "config.json").read_text(encoding="utf-8")) | {"dtype": "bfloat16"}
    if form == "int8":
        record["quantization_config"] = QUANTIZATION
    (out / "config.json").write_text(json.dumps(record, indent=2), encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Convert as the arguments say; an error is the last line on standard error."""
    form, weights, out, template, *adapter = arguments
    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.nice(5)  # the page is to stay quick meanwhile
    done = [0, 0]
    over = threading.Event()

    def at(*now: int) -> None:
        done[:] = now

    def tick() -> None:
        # Also while nothing changes: whoever listens may want to end it.
        while not over.wait(_TICK_S):
            print(*done, flush=True)

    ticking = threading.Thread(target=tick, daemon=True)
    ticking.start()
    try:
        convert(form, Path(weights), Path(out), template, Path(adapter[0]) if adapter else None, at)
    except (EngineError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        over.set()
        ticking.join()
    return 0


def _end_with_parent() -> None:
    """Standard input ends when the process that holds its other end does, however that ends."""
    while os.read(0, 1024):  # not sys.stdin: its lock would be held when this process ends of itself
        pass
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
