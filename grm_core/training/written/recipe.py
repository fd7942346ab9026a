"""From written judgments to a judge: demonstrations, own samples that survive rejection, and the GRM as its meta RM.

<folder>/demos     checkpoint (the adapter), train.jsonl, curve.jsonl
<folder>/samples   drawn.jsonl: the GRM's own judgments of training items, in both contexts
<folder>/rft       checkpoint (the adapter after rejective fine-tuning and the meta question), train.jsonl, curve.jsonl
<folder>/measured  <set>.<context>.<stage>.jsonl: samples of items that were never trained on

It needs torch, transformers and peft alone. A fit that was stopped goes on at its last checkpoint; a draw begins anew.
"""

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model

from grm_core.training import fit, folders, policy
from grm_core.training.policy import Policy
from grm_core.training.written import own, packing
from grm_core.training.written.draw import JOINT, SINGLE, Drawer
from grm_core.training.written.forms import Group
from grm_core.training.written.loss import Loss
from grm_core.training.written.material import Material, gather, mixed, streams
from grm_core.training.written.measure import Measured, measure
from grm_core.training.written.own import Own

Log = Callable[[str], None]
RANK, ALPHA, FIRST_LAYER = 16, 32, 8
"""LoRA in all projections of the upper layers: the lower ones read words, which the base does well."""
_SHARES = {"demos": 0.4, "samples": 0.1, "rft": 0.28}
"""Of the minutes of the whole recipe; what is left is for measuring."""
_DEMO_KINDS = {"single": 0.52, "joint": 0.2, "pair-single": 0.16, "pair-joint": 0.07, "principles": 0.05}
_SINGLE_KINDS = {"single": 0.72, "pair-single": 0.2, "principles": 0.08}
_RFT_KINDS = {
    "single": 0.16, "single-own": 0.28, "own": 0.14, "joint": 0.08, "pair-single": 0.04, "pair-own": 0.12,
    "meta": 0.18,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """One training: its folder, base and material."""

    folder: Path
    base: Path
    demos: Sequence[Path]
    pairs: Path | None = None
    """Labelled pairs, for the ranking of verdicts; their `dev` split is never trained on."""
    device: str = "cpu"
    seed: int = 0
    start: Path | None = None
    """An adapter to go on from; None: a fresh one."""
    joint: bool = True
    """Whether judging all responses in one prompt is taught too; where time is short, one at a time comes first."""
    groups: int = 8
    """Groups (items) a step."""
    tokens: int = 768
    """Most tokens in one forward pass; on a CPU all passes have so many."""
    rate: float = 3e-4
    longest: int = 450
    """Pairs of more tokens are left out."""
    k: int = 4
    """Own judgments of an item."""
    temperature: float = 0.7
    """At which own judgments are drawn."""
    log: Log = field(default=print)

    def material(self) -> Material:
        """Demonstrations and labelled pairs to train on."""
        return gather(self.demos, self.pairs, self.longest)


def everything(plan: Plan, minutes: float, measured: Sequence[Measured]) -> None:
    """All stages within so many minutes; `measured`: what is judged at the end, the first set in between too."""
    until = time.monotonic() + 60 * minutes
    demos(plan, minutes * _SHARES["demos"])
    first = actor(plan, plan.folder / "demos" / "checkpoint")
    few = [replace(each, k=min(8, each.k)) for each in measured[:1]]
    measure(plan.folder / "measured", first, "demos", few, until - 60 * minutes * 0.4, plan.seed, plan.log)
    samples(plan, first, minutes * _SHARES["samples"])
    del first
    free(plan.device)
    rejective(plan, minutes * _SHARES["rft"])
    final = actor(plan, plan.folder / "rft" / "checkpoint")
    measure(plan.folder / "measured", final, "rft", measured, until, plan.seed, plan.log)


def own_judgments(plan: Plan, minutes: float) -> Path:
    """The two stages after demonstrations: own judgments are drawn, a third of the minutes, and learned from."""
    samples(plan, actor(plan, plan.folder / "demos" / "checkpoint"), minutes / 3)
    free(plan.device)
    return rejective(plan, minutes * 2 / 3)


def demos(plan: Plan, minutes: float) -> Path:
    """Teach form and judgment by demonstrations and labelled pairs; returns the folder of the adapter."""
    folder = plan.folder / "demos" / "checkpoint"
    folder.parent.mkdir(parents=True, exist_ok=True)
    corpus = plan.material()
    plan.log(f"demos: {len(corpus.shown)} items with written judgments, {len(corpus.labelled)} labelled pairs")
    torch.manual_seed(plan.seed)
    learner = load(plan.base, folder if folder.exists() else plan.start, plan.device)
    kinds = _DEMO_KINDS if plan.joint else _SINGLE_KINDS
    shares = {kind: share for kind, share in kinds.items() if corpus.labelled or not kind.startswith("pair")}

    def source(step: int) -> Iterator[Group]:
        return mixed(shares, streams(learner.tokenizer, corpus, f"{plan.seed}|{step}"), f"{plan.seed}|{step}")

    return _fit(plan, learner, source, folder, minutes, plan.rate)


def _fit(plan: Plan, learner: Policy, source: fit.Source, folder: Path, minutes: float, rate: float) -> Path:
    """Fit a stage to its groups for so many minutes; returns its checkpoint's folder."""
    settings = fit.Settings(minutes, rate=rate, rows=plan.groups, tokens=plan.tokens)
    loss = Loss(learner.tokenizer, folder.parent / "curve.jsonl", plan.tokens)
    state = fit.fit(learner, source, settings, folder, plan.log, loss, packing.batches)
    plan.log(f"{folder.parent.name}: {state['step']} steps, {state['rows']} groups")
    return folder


def load(base: Path, adapter: Path | None, device: str) -> Policy:
    """The base with this adapter, or a fresh one in its upper layers, ready to be trained."""
    if adapter is not None:
        return policy.load_adapter(base, adapter, RANK, device)
    grm = policy.load_frozen(base, device)
    layers = grm.model.config.num_hidden_layers
    config = LoraConfig(
        r=RANK,
        lora_alpha=ALPHA,
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        layers_to_transform=list(range(min(FIRST_LAYER, layers - 1), layers)),
        task_type="CAUSAL_LM",
    )
    return replace(grm, model=policy.in_32_bits(get_peft_model(grm.model, config)))


def actor(plan: Plan, adapter: Path) -> Policy:
    """The base with an adapter merged in, for drawing."""
    folders.needed(adapter, adapter.parent.name)
    grm = policy.load_adapter(plan.base, adapter, RANK, plan.device)
    return replace(grm, model=grm.model.merge_and_unload().eval().requires_grad_(False))


def samples(plan: Plan, grm: Policy, minutes: float) -> None:
    """The GRM's own judgments of training items, the most useful first, for so many minutes."""
    path = plan.folder / "samples" / "drawn.jsonl"
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    corpus = plan.material()
    rng = random.Random(plan.seed)
    items = [each.example for each in corpus.shown if len(each.example.responses) > 1]
    items = rng.sample(items, len(items))
    some = rng.sample(corpus.labelled, min(len(items) // 2, len(corpus.labelled)))
    drawer = Drawer(grm.model, grm.tokenizer, plan.device, plan.temperature)
    until, partial = time.monotonic() + 60 * minutes, path.with_suffix(".partial")
    waves = [(SINGLE, items[start : start + 256]) for start in range(0, len(items), 256)]
    pair_waves = [(SINGLE, some[start : start + 256]) for start in range(0, len(some), 256)]
    together = [(JOINT, items[:256])]
    order = [*waves[:3], *pair_waves[:1], *together, *waves[3:], *pair_waves[1:]]
    with partial.open("w", encoding="utf-8") as file:
        for number, (context, examples) in enumerate(order):
            for each in drawer.draw(examples, plan.k, context, plan.seed + number):
                file.write(json.dumps(own.line(each)) + "\n")
            file.flush()
            if time.monotonic() > until:
                plan.log(f"samples: {number + 1} of {len(order)} waves drawn")
                break
    partial.rename(path)


def rejective(plan: Plan, minutes: float) -> Path:
    """Learn from own judgments that agree with the labels, and to tell right judgments from wrong ones."""
    folder = plan.folder / "rft" / "checkpoint"
    start = plan.folder / "demos" / "checkpoint"
    folders.begin(folder.parent, start, plan.log)
    corpus = plan.material()
    learner = load(plan.base, folder if folder.exists() else start, plan.device)
    judged = Own(learner.tokenizer, plan.folder / "samples" / "drawn.jsonl", corpus)
    plan.log(f"rft: {judged.summary}")
    (folder.parent / "summary.json").write_text(json.dumps(judged.summary, indent=1), encoding="utf-8")
    shares = {kind: share for kind, share in _RFT_KINDS.items() if corpus.labelled or not kind.startswith("pair")}

    def source(step: int) -> Iterator[Group]:
        seed = f"{plan.seed}|rft|{step}"
        groups = streams(learner.tokenizer, corpus, seed) | judged.streams(seed)
        return mixed({kind: share for kind, share in shares.items() if groups.get(kind)}, groups, seed)

    return _fit(plan, learner, source, folder, minutes, plan.rate / 2)


def free(device: str) -> None:
    """Give memory that nothing holds back to the device."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()
