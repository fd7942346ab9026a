"""Many completions that share their prompts, without vLLM: a Llama-like model run over a cache that rows can share.

vLLM is the sampler wherever it is installed. This is for a GPU with torch and transformers alone: `generate` there
computes every prompt once per sample and copies its cache at every step, which makes it several times slower.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional


@dataclass(slots=True)
class Cache:
    """Keys and values of B rows: one layout for all, with slots that a row may leave unused."""

    keys: list[torch.Tensor]
    """Per layer [B, key-value heads, capacity, head size]."""
    values: list[torch.Tensor]
    used: torch.Tensor
    """[B, capacity], bool: the slots that a row's tokens stand in."""
    end: int
    """Slots filled so far."""

    @property
    def positions(self) -> torch.Tensor:
        """[B]: how many tokens each row has, the position of its next one."""
        return self.used.sum(1)

    def expanded(self, rows: torch.Tensor, room: int) -> "Cache":
        """A cache of these rows (they may repeat), with room for so many more tokens."""

        def grown(old: torch.Tensor) -> torch.Tensor:
            new = old.new_zeros((len(rows), old.shape[1], self.end + room, old.shape[3]))
            new[:, :, : self.end] = old[rows, :, : self.end]
            return new

        used = self.used.new_zeros((len(rows), self.end + room))
        used[:, : self.end] = self.used[rows, : self.end]
        return Cache([grown(old) for old in self.keys], [grown(old) for old in self.values], used, self.end)


class Decoder:
    """A causal model of transformers (Llama, Qwen2, SmolLM2, ...), run a few tokens at a time."""

    def __init__(self, model: Any, device: str) -> None:
        """`model`: merged, in the type of number that it is to compute in. Nothing is learned through it."""
        self.model = model.eval()
        self.device = device
        config = model.config
        self.heads, self.shared = config.num_attention_heads, config.num_key_value_heads
        self.size = getattr(config, "head_dim", None) or config.hidden_size // self.heads

    def empty(self, rows: int, room: int) -> Cache:
        """A cache for so many rows and tokens."""
        shape = (rows, self.shared, room, self.size)
        layers, dtype = len(self.model.model.layers), self.model.dtype
        keys, values = ([torch.zeros(shape, dtype=dtype, device=self.device) for _ in range(layers)] for _ in range(2))
        return Cache(keys, values, torch.zeros((rows, room), dtype=torch.bool, device=self.device), 0)

    def extend(self, cache: Cache, ids: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        """Let every row read ids [B, T] where `said` [B, T] is true; returns the last states [B, T, hidden]."""
        width = ids.shape[1]
        start, end = cache.end, cache.end + width
        positions = (cache.positions[:, None] + said.cumsum(1) - 1).clamp(min=0)
        cache.used[:, start:end] = said
        cache.end = end
        slots = torch.arange(end, device=self.device)
        seen = cache.used[:, None, :end] & (slots[None, None] <= slots[start:end][None, :, None])
        seen = seen | (slots[None, None] == slots[start:end][None, :, None])  # a row of padding looks at itself
        groups = self.heads // self.shared
        mask = seen[:, None].repeat(1, 1, groups, 1) if width > 1 else seen[:, None]
        hidden = self.model.model.embed_tokens(ids)
        cos, sin = self.model.model.rotary_emb(hidden, positions)
        cos, sin = cos[:, None], sin[:, None]
        for number, layer in enumerate(self.model.model.layers):
            hidden = hidden + self._attention(layer, hidden, cos, sin, mask, cache, number, start)
            hidden = hidden + layer.mlp(layer.post_attention_layernorm(hidden))
        return self.model.model.norm(hidden)

    def _attention(
        self,
        layer: Any,
        hidden: torch.Tensor,
        cos: torch.Tensor,
        sin: torch.Tensor,
        mask: torch.Tensor,
        cache: Cache,
        number: int,
        start: int,
    ) -> torch.Tensor:
        rows, width, _ = hidden.shape
        attention, normed = layer.self_attn, layer.input_layernorm(hidden)
        query = attention.q_proj(normed).view(rows, width, self.heads, self.size)
        key = attention.k_proj(normed).view(rows, width, self.shared, self.size)
        value = attention.v_proj(normed).view(rows, width, self.shared, self.size).transpose(1, 2)
        if hasattr(attention, "q_norm"):  # Qwen3
            query, key = attention.q_norm(query), attention.k_norm(key)
        query, key = _rotated(query.transpose(1, 2), cos, sin), _rotated(key.transpose(1, 2), cos, sin)
        cache.keys[number][:, :, start : cache.end] = key
        cache.values[number][:, :, start : cache.end] = value
        # Heads that share keys look as if they were further queries: the keys need not be repeated.
        query = query.reshape(rows, self.shared, -1, self.size)
        keys, values = cache.keys[number][:, :, : cache.end], cache.values[number][:, :, : cache.end]
        attend = _looked_up if width == 1 else functional.scaled_dot_product_attention
        out = attend(query, keys, values, mask)
        out = out.reshape(rows, self.heads, width, self.size).transpose(1, 2).reshape(rows, width, -1)
        projected: torch.Tensor = attention.o_proj(out)
        return projected

    def read(self, prompts: Sequence[Sequence[int]]) -> tuple[Cache, torch.Tensor]:
        """A cache of prompts, one a row, and the state of each one's last token."""
        cache = self.empty(len(prompts), max(map(len, prompts)))
        return cache, self.follow(cache, prompts)

    def follow(self, cache: Cache, texts: Sequence[Sequence[int]]) -> torch.Tensor:
        """Let every row read its own tokens (at least one); returns the state of each one's last, [B, hidden]."""
        width = max(map(len, texts))
        ids = torch.zeros((len(texts), width), dtype=torch.long)
        mask = torch.zeros((len(texts), width), dtype=torch.bool)
        for row, text in enumerate(texts):  # padded on the left: the last token stands at the end of every row
            ids[row, width - len(text) :] = torch.tensor(list(text))
            mask[row, width - len(text) :] = True
        return self.extend(cache, ids.to(self.device), mask.to(self.device))[:, -1]

    def write(
        self, cache: Cache, state: torch.Tensor, limit: int, temperature: float, ends: Sequence[int]
    ) -> list[list[int]]:
        """Sample on after `state` until one of the tokens `ends` (left out) or `limit` tokens; the rows' tokens.

        Torch's seed decides what is drawn. The cache then holds what was written, without the closing tokens.
        """
        rows = len(state)
        over = torch.zeros(rows, dtype=torch.bool, device=self.device)
        closing = torch.tensor(list(ends), device=self.device)
        written: list[torch.Tensor] = []
        for step in range(limit):
            tokens = self._draw(state, temperature)
            over = over | torch.isin(tokens, closing)
            written.append(torch.where(over, -1, tokens))
            if step % 8 == 7 and bool(over.all()):
                break
            state = self.extend(cache, tokens[:, None], ~over[:, None])[:, -1]
        return [[token for token in row if token >= 0] for row in torch.stack(written, 1).tolist()]

    def _draw(self, state: torch.Tensor, temperature: float) -> torch.Tensor:
        tokens = []
        for part in state.split(1024):  # a row of logits is a megabyte
            logits = self.model.lm_head(part).float()
            if temperature:
                noise = -torch.log(torch.empty_like(logits).exponential_().clamp_(min=1e-20))
                logits = logits.div_(temperature).add_(noise)
            tokens.append(logits.argmax(-1))
        return torch.cat(tokens)


def _rotated(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = x.chunk(2, -1)
    return x * cos + torch.cat((-second, first), -1) * sin


def _looked_up(query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The same for one token a row, as two products: because of the mask the fused kernel may compute in 32 bits."""
    scores = torch.matmul(query, keys.transpose(2, 3)).float() / math.sqrt(query.shape[-1])
    weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), -1)
    return torch.matmul(weights.to(values.dtype), values)
