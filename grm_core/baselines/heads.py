"""Models with one logit over a conversation: loaded, read, and trained on pairs by the Bradley-Terry loss.

What the scalar and the semi-scalar reward model share. A *text* is a conversation of role and content; its logit is
read from the last token. The adapter and head that `fit` writes stand over the base that they were trained on.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any, NamedTuple

import torch
from jinja2 import TemplateError
from torch.nn import functional

from grm_core import meta_rm
from grm_core.errors import EngineError, UsageError
from grm_core.training import fit as fitting
from grm_core.training import meta, policy
from grm_core.training.policy import Policy

Text = Sequence[dict[str, str]]
RANK = 16
RATE = 5e-4
LONGEST = 2048
"""Tokens of a text that is trained on; longer pairs are left out."""
_BATCH = 8


class Pair(NamedTuple):
    """A better and a worse text in tokens."""

    better: tuple[int, ...]
    worse: tuple[int, ...]

    @property
    def ids(self) -> tuple[int, ...]:
        """All its tokens: what a batch counts."""
        return self.better + self.worse


def load(folder: Path, device: str) -> Policy:
    """A model with one logit, ready to read: what `fit` wrote, or any classifier of transformers with one label.

    Raises EngineError where the folder holds no such model.
    """
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification

    adapter = adapter_of(folder)
    try:
        source = folder if adapter is None else base_of(adapter)
        labels = {} if adapter is None else {"num_labels": 1}
        dtype = policy.dtype_of(device)
        model: Any = AutoModelForSequenceClassification.from_pretrained(source, dtype=dtype, **labels)
        if adapter is not None:
            model = PeftModel.from_pretrained(model, adapter).merge_and_unload()
        if model.config.num_labels != 1 or not hasattr(model, "score"):
            raise ValueError("it has no head `score` with one logit")
        return Policy(model.to(device).eval(), policy.tokenizer_of(source), device)
    except (OSError, ValueError) as error:
        raise EngineError(f"{folder} holds no reward model that transformers can load: {error}") from error


def adapter_of(folder: Path) -> Path | None:
    """Where `fit` left its adapter, in this folder or its checkpoint; None where there is none."""
    places = (folder, folder / "checkpoint")
    return next((place for place in places if (place / "adapter_config.json").is_file()), None)


def base_of(adapter: Path) -> Path:
    """The folder of the model under an adapter. Raises UsageError where it is not there any more."""
    config = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    base = Path(str(config.get("base_model_name_or_path")))
    if not base.is_dir():
        raise UsageError(f"{adapter} was trained over {base}, which is not there; train it again with --base")
    return base


def tokens(tokenizer: Any, text: Text) -> tuple[int, ...]:
    """A conversation in tokens. Raises UsageError where there is no chat template, or none for these roles."""
    if not tokenizer.chat_template:
        raise UsageError("the reward model's tokenizer has no chat template")
    try:
        return tuple(tokenizer.apply_chat_template(list(text), tokenize=True, return_dict=False))
    except TemplateError as error:
        raise UsageError(f"the reward model's chat template refuses the conversation: {error}") from error


def read(model: Policy, texts: Sequence[Text]) -> list[float]:
    """One raw logit per text, in their order. Raises UsageError for a text longer than the model's context."""
    rows = [list(tokens(model.tokenizer, text)) for text in texts]
    limit = model.model.config.max_position_embeddings
    if (most := max(map(len, rows), default=0)) > limit:
        raise UsageError(f"a text is {most:,} tokens long and the reward model reads {limit:,}")
    rewards: list[float] = []
    for start in range(0, len(rows), _BATCH):
        with torch.inference_mode():
            rewards += meta_rm.logits(model.model, rows[start : start + _BATCH], model.device).float().tolist()
    return rewards


def loss(learner: Policy, part: list[Any]) -> tuple[torch.Tensor, float]:
    """Sum over pairs of -log sigmoid(better - worse) in nats (Bradley-Terry), and the number of pairs."""
    texts = [list(pair.better) for pair in part] + [list(pair.worse) for pair in part]
    with learner.autocast():
        rewards = meta_rm.logits(learner.model, texts, learner.device).float()
    return -functional.logsigmoid(rewards[: len(part)] - rewards[len(part) :]).sum(), float(len(part))


def fit(
    base: Path, texts: Sequence[tuple[Text, Text]], minutes: float, folder: Path, device: str, seed: int,
    log: Callable[[str], None], rate: float = RATE, rounds: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train adapter and head on (better, worse) texts into folder/checkpoint, going on where it stands; the state.

    It ends with the minutes, or when every pair was seen `rounds` times. Raises UsageError when no pair
    is left whose texts are at most LONGEST tokens each.
    """
    checkpoint = folder / "checkpoint"
    learner = meta.load(base, checkpoint if policy.state_of(checkpoint) else None, RANK, device, judgments=False)
    limit = min(LONGEST, learner.model.config.max_position_embeddings)
    pairs = [Pair(*(tokens(learner.tokenizer, text) for text in both)) for both in texts]
    pairs = [pair for pair in pairs if max(len(pair.better), len(pair.worse)) <= limit]
    if not pairs:
        raise UsageError(f"none of {len(texts)} pairs can be trained on: texts have at most {limit} tokens")
    settings = fitting.Settings(minutes, rate=rate, rows=8, tokens=4096 if device == "cpu" else 32768, warmup=10)

    def source(step: int) -> Iterator[Pair]:
        return islice(shuffled(pairs, seed, rounds), step * settings.rows, None)

    folder.mkdir(parents=True, exist_ok=True)
    return fitting.fit(learner, source, settings, checkpoint, log, loss)


def shuffled(pairs: Sequence[Pair], seed: int, rounds: int | None = None) -> Iterator[Pair]:
    """Every pair once in an order drawn by the seed, then again in another: so many rounds, or without end."""
    rng = random.Random(seed)
    for _ in count() if rounds is None else range(rounds):
        yield from rng.sample(list(pairs), len(pairs))
