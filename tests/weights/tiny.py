"""A Qwen2 model of some kilobytes as a GGUF file, and a LoRA adapter for it, by the libraries that define them."""

from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, GGUFWriter, quants

HIDDEN, INNER, HEADS, LAYERS = 64, 96, 2, 2
LETTERS = [chr(code) for code in range(33, 127)] + ["ab"]
WORDS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
VOCABULARY = LETTERS + WORDS


def write_gguf(path: Path, *, output: bool = True, architecture: str = "qwen2") -> Path:
    """Weights in 8 bits and in 4, norms and biases in 32, as in the real file; `output`: a second embedding."""
    random = np.random.default_rng(17)
    writer = GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(1)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(VOCABULARY)
    writer.add_token_types([1] * len(LETTERS) + [3] * len(WORDS))
    writer.add_token_merges(["a b"])
    writer.add_bos_token_id(len(LETTERS))
    writer.add_eos_token_id(len(VOCABULARY) - 1)
    writer.add_pad_token_id(len(LETTERS))

    def add(name: str, *shape: int, kind: GGMLQuantizationType = GGMLQuantizationType.Q8_0) -> None:
        values = random.normal(0, 0.2, shape).astype(np.float32)
        if len(shape) == 1:
            writer.add_tensor(name, values)
        else:
            writer.add_tensor(name, quants.quantize(values, kind), raw_dtype=kind)

    add("token_embd.weight", len(VOCABULARY), HIDDEN, kind=GGMLQuantizationType.Q4_0)
    if output:
        add("output.weight", len(VOCABULARY), HIDDEN)
    add("output_norm.weight", HIDDEN)
    for layer in range(LAYERS):
        add(f"blk.{layer}.attn_norm.weight", HIDDEN)
        add(f"blk.{layer}.ffn_norm.weight", HIDDEN)
        for part, out in (("q", HIDDEN), ("k", HIDDEN // HEADS), ("v", HIDDEN // HEADS)):
            add(f"blk.{layer}.attn_{part}.weight", out, HIDDEN)
            add(f"blk.{layer}.attn_{part}.bias", out)
        add(f"blk.{layer}.attn_output.weight", HIDDEN, HIDDEN)
        add(f"blk.{layer}.ffn_gate.weight", INNER, HIDDEN, kind=GGMLQuantizationType.Q4_0)
        add(f"blk.{layer}.ffn_up.weight", INNER, HIDDEN)
        add(f"blk.{layer}.ffn_down.weight", HIDDEN, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_adapter(base: Path, folder: Path) -> Path:
    """A LoRA adapter over the last layer of the model in `base`, with a card; its second half is not zero."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    targets = ["q_proj", "v_proj", "o_proj", "up_proj", "down_proj"]
    config = LoraConfig(r=4, lora_alpha=12, target_modules=targets, layers_to_transform=[1], task_type="CAUSAL_LM")
    adapted = get_peft_model(model, config)
    torch.manual_seed(3)
    for name, weight in adapted.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, 0, 0.1)
    adapted.save_pretrained(folder)
    (folder / "grm_lens.json").write_text('{"style": "compact", "context": "single", "opens": true}')
    return folder
