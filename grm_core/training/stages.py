"""The whole recipe in stages, each resumable and within a budget of minutes: demos -> rft -> grpo -> meta.

<folder>/demos   checkpoint (all linear layers), train.jsonl, grm (the low-rank adapter)
<folder>/rft     samples.jsonl, checkpoint (the adapter), train.jsonl, summary.json
<folder>/grpo    checkpoint (the adapter after RL), train.jsonl
<folder>/meta    samples.jsonl, states.npz, head.json, checkpoint (adapter and head), train.jsonl, summary.json

A stage whose source was trained further begins anew (see folders).
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch

from grm_core import models
from grm_core.errors import UsageError
from grm_core.training import fit, folders, grpo, head, lowrank, meta, pairs, policy, rft, sampler, tasks, token_rows
from grm_core.training.families import SEEN
from grm_core.training.generate import Question, Trajectory
from grm_core.training.token_rows import Row
from grm_core.types import Example, Params

Log = Callable[[str], None]
T = TypeVar("T")
GRM_RANK, META_RANK = 64, 32
_LIMIT = 320
"""Most tokens of a judgment that is sampled for training."""
_RECOVERY = 0.15
"""Of a stage's minutes, how much goes into the low-rank adapter after the full model."""
_FRESH = 100_000
"""Rows (steps) into the stream of demonstrations where a later stage takes its own."""
_OWN = 0.3
"""Share of the GRM's own judgments among the rows of rejective fine-tuning; the rest are demonstrations."""
_WEAK = 0.35
"""Share of demonstrations of the families that the GRM gets wrong most (on its training items)."""
_HINTED = 0.3
"""Of the minutes in which rejective fine-tuning may sample, the share of the hinted samples."""
_META_PART = 3
"""One item in this many, of those sampled for rejection, is sampled anew for the meta RM: it learns from both."""
_META_FIRST, _RFT_FIRST, _GRPO_FIRST, _WEAK_FIRST = 400_000, 500_000, 600_000, 700_000
"""First item seeds of the stages: far apart, so that no stage sees another's program-made items."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The settings of a training: model, folder and data."""

    folder: Path
    base: Path
    pairs: Path | None = None
    """Labelled pairs; without them only program-made tasks are used."""
    device: str = "cpu"
    seed: int = 0
    share: float = 0.15
    """Of the rows, how many are labelled pairs."""
    longest: int = 250
    """Pairs of more tokens than this are left out."""
    most: int = 1500
    """Labelled pairs that are sampled for rejection and for the meta RM, at most."""
    rows: int = 12
    tokens: int = 2048
    """Most tokens in one forward pass, padding included."""
    preset: str = "small"
    temperature: float = 0.9
    """At which judgments are sampled for rejection and for the meta RM."""
    sampling: float | None = None
    """Minutes in which a stage may sample, and those in which it may read for the head; None: until all is done."""
    log: Log = field(default=print)

    def examples(self, split: str = "train") -> list[Example]:
        """The labelled pairs of a split; none where no file is given."""
        return [] if self.pairs is None else pairs.read(self.pairs, split, self.longest)

    def sampled(self, seed: int) -> list[Example]:
        """The labelled pairs that judgments are sampled of: a draw of at most `most`."""
        examples = self.examples()
        return random.Random(seed).sample(examples, min(self.most, len(examples)))

    def demonstrations(self, tokenizer: Any, done: int) -> Iterator[Row]:
        """Program-made demonstrations mixed with labelled pairs, from the `done`-th row on."""
        examples = self.examples()
        share = self.share if examples else 0.0
        made = token_rows.demonstrations(tokenizer, SEEN, int(done * (1 - share)) // len(SEEN))
        labelled = token_rows.labelled(tokenizer, examples, self.seed, int(done * share))
        return token_rows.mixed(
            [(made, 1 - share), (labelled, share)] if examples else [(made, 1.0)], self.seed + done
        )


def demos(plan: Plan, minutes: float) -> Path:
    """Teach the format and the judging by demonstrations; returns the folder of the adapter."""
    folder = _stage(plan, "demos")
    learner = policy.load_full(folder if folder.exists() else plan.base, plan.device)

    def source(step: int) -> Iterator[Row]:
        return plan.demonstrations(learner.tokenizer, step * plan.rows)

    settings = fit.Settings(minutes * (1 - _RECOVERY), rate=3e-4, rows=plan.rows, tokens=plan.tokens)
    state = fit.fit(learner, source, settings, folder, plan.log)
    plan.log(f"demos: {state['step']} steps, {state['rows']} rows")
    return _low_rank(plan, folder, source, minutes * _RECOVERY)


def rejective(plan: Plan, minutes: float, items: int) -> Path:
    """Sample, reject, fine-tune on what is left, mixed with demonstrations; returns the folder of the adapter.

    The adapter itself is trained: another full model would lose at the cut to a low rank what this stage gains.
    """
    start = plan.folder / "demos" / "grm" / "checkpoint"
    folder = _stage(plan, "rft", start)
    examples = _rejection_items(plan, items)
    judgments = _rejected(plan, folder.parent / "samples.jsonl", folders.merged(plan.base, start), examples)
    learner = policy.load_adapter(plan.base, folder if folder.exists() else start, GRM_RANK, plan.device)
    kept = _few_pairs(judgments, [judgment.question.example for judgment in judgments], plan)
    weak = rft.weak_families(rft.read(folder.parent / "samples.jsonl", examples), SEEN)
    shares = {"own": _OWN if kept else 0.0, "weak": _WEAK if weak else 0.0}
    plan.log(f"rft: {len(kept)} judgments kept; more of {', '.join(family.name for family in weak) or 'no family'}")

    def source(step: int) -> Iterator[Row]:
        done, rest = step * plan.rows, 1 - sum(shares.values())
        own = rft.endless(learner.tokenizer, kept, plan.seed, int(done * shares["own"]))
        more = token_rows.demonstrations(
            learner.tokenizer, weak, _WEAK_FIRST + int(done * shares["weak"]) // max(1, len(weak))
        )
        shown = plan.demonstrations(learner.tokenizer, _FRESH + int(done * rest))
        parts = [(own, shares["own"]), (more, shares["weak"]), (shown, rest)]
        return token_rows.mixed([part for part in parts if part[1]], plan.seed + done)

    settings = fit.Settings(minutes, rate=2e-4, rows=plan.rows, tokens=plan.tokens)
    state = fit.fit(learner, source, settings, folder, plan.log)
    plan.log(f"rft: {state['step']} steps on {len(kept)} kept judgments")
    return folder


def _low_rank(plan: Plan, trained: Path, source: fit.Source, minutes: float) -> Path:
    """The change of a fully trained model as an adapter, which is then trained a little to make up for the loss."""
    models.mark(trained)
    folder = trained.parent / "grm" / "checkpoint"
    start = folder.parent / "extracted"
    folders.begin(folder.parent, trained, plan.log)  # more training of the full model: its adapter is made anew
    if not folder.exists():
        held = lowrank.extract(plan.base, trained, GRM_RANK, start)
        plan.log(f"an adapter of rank {GRM_RANK} holds {held:.1%} of the change (squared)")
    learner = policy.load_adapter(plan.base, folder if folder.exists() else start, GRM_RANK, plan.device)
    settings = fit.Settings(minutes, rate=5e-4, rows=plan.rows, tokens=plan.tokens)
    fit.fit(learner, lambda step: source(_FRESH + step), settings, folder, plan.log)
    return folder


def reinforce(plan: Plan, minutes: float, items: int) -> Path:
    """Rule-based online RL on items that the policy does not always get right; returns the folder of the adapter."""
    start = plan.folder / "rft" / "checkpoint"
    folder = _stage(plan, "grpo", start)
    frozen = folders.merged(plan.base, start)
    learner = policy.load_adapter(plan.base, folder if folder.exists() else start, GRM_RANK, plan.device)
    preset = grpo.PRESETS[plan.preset]
    questions = _undecided(plan, items)
    plan.log(f"grpo: {len(questions)} items that are not always right, {preset}")
    reference = policy.load_frozen(frozen, plan.device)
    state = grpo.train(learner, reference, questions, preset, minutes, folder, plan.log)
    plan.log(f"grpo: {state['update']} updates")
    return folder


def judge_of_judges(plan: Plan, minutes: float, items: int) -> Path:
    """Train the meta RM on judgments of the trained GRM; returns the folder of its adapter and head.

    As in the paper: judgments sampled for rejection (not the hinted ones), and judgments of the GRM after RL.
    """
    start = plan.folder / "grpo" / "checkpoint"
    folder = _stage(plan, "meta", start)
    grm = folders.merged(plan.base, start)
    samples = folder.parent / "samples.jsonl"
    fresh = plan.sampled(plan.seed + 1)[: plan.most // _META_PART]
    examples = fresh + rft.items(SEEN, _META_FIRST, items // _META_PART)
    if not samples.exists():
        questions = rft.questions([example for example in examples if len(example.responses) > 1], plan.seed + 1)
        partial = samples.with_suffix(".partial")
        _sample(plan, partial, grm, questions, rft.N_RFT, plan.seed + 1)
        partial.rename(samples)
    rejection = rft.read(plan.folder / "rft" / "samples.jsonl", _rejection_items(plan, items))
    judgments = [each for each in [*rejection, *rft.read(samples, examples)] if _judges(each)]
    judgments = _few_pairs(judgments, [each.question.example for each in judgments], plan)
    if len({each.correct() for each in judgments}) < 2:
        raise UsageError(f"{samples} holds no right or no wrong judgments: there is nothing to tell apart")
    learn, held_out = meta.split(meta.told(judgments), 0.1, plan.seed)
    learner = meta.load(grm, folder if folder.exists() else None, META_RANK, plan.device)
    if not folder.exists():
        head.fit(learner, learn, folder.parent / "states.npz", plan.log, plan.sampling)
        before = meta.evaluate(learner, held_out, plan.log)
        (folder.parent / "head.json").write_text(json.dumps(before, indent=1), encoding="utf-8")
    settings = fit.Settings(minutes, rate=3e-4, rows=plan.rows, tokens=2 * plan.tokens)

    def source(step: int) -> Iterator[meta.Row]:
        return meta.endless(learner.tokenizer, learn, plan.seed, step * plan.rows)

    fit.fit(learner, source, settings, folder, plan.log, meta.loss)
    result = meta.evaluate(learner, held_out, plan.log)
    (folder.parent / "summary.json").write_text(json.dumps(result, indent=1), encoding="utf-8")
    return folder


def _judges(judgment: Trajectory) -> bool:
    """Whether the meta RM can learn from it: several responses, readable scores, no hint."""
    question = judgment.question
    return len(question.order) > 1 and not question.hinted and judgment.scores() is not None


def _rejection_items(plan: Plan, items: int) -> list[Example]:
    """The examples that the rejective stage samples."""
    return plan.sampled(plan.seed) + rft.items(SEEN, _RFT_FIRST, items)


def _few_pairs(judgments: Sequence[T], examples: Sequence[Example], plan: Plan) -> list[T]:
    """Everything on program-made items, and of that on pairs only so much that it has the plan's share.

    On pairs a small GRM is right hardly more often than by chance: what agrees with their labels there is luck, and
    luck in large numbers unlearns what it can do.
    """
    sides: tuple[list[T], list[T]] = ([], [])
    for one, example in zip(judgments, examples, strict=True):
        sides[example.source != tasks.SOURCE].append(one)
    made, labelled = sides
    return [*made, *(labelled[: round(len(made) * plan.share / (1 - plan.share))] if made else labelled)]


def _stage(plan: Plan, name: str, start: Path | None = None) -> Path:
    """The checkpoint folder of a stage that goes on from another's checkpoint, its parent made."""
    folder = plan.folder / name / "checkpoint"
    if start is None:
        folder.parent.mkdir(parents=True, exist_ok=True)
    else:
        folders.needed(start, start.relative_to(plan.folder).parts[0])
        folders.begin(folder.parent, start, plan.log)
    torch.manual_seed(plan.seed)
    return folder


def _rejected(plan: Plan, path: Path, grm: Path, examples: Sequence[Example]) -> list[Trajectory]:
    """The judgments that rejection leaves of the stage's samples, which are read from the file where it is whole."""
    if not path.exists():
        partial = path.with_suffix(".partial")
        questions = rft.questions(examples, plan.seed)
        sampled = _sample(plan, partial, grm, questions, rft.N_RFT, plan.seed, 1 - _HINTED)
        kept, again = rft.reject(sampled)
        plan.log(f"rft: {len(kept.judgments)} right, {kept.wrong} wrong, {kept.too_easy} items too easy")
        hinted = _sample(plan, partial, grm, again, 1, plan.seed + 7, _HINTED)
        partial.rename(path)
        summary = {
            "items": sum(map(bool, sampled)),
            "right": len(kept.judgments),
            "wrong": kept.wrong,
            "too_easy": kept.too_easy,
            "hinted": len(again),
            "hinted_right": sum(rft.usable(judgment) for group in hinted for judgment in group),
        }
        (path.parent / "summary.json").write_text(json.dumps(summary, indent=1), encoding="utf-8")
    return rft.kept(rft.read(path, examples))


def _undecided(plan: Plan, items: int) -> list[Question]:
    """Items for RL: those of the rejective stage that were right now and then, and fresh program-made ones."""
    examples = _rejection_items(plan, items)
    right: dict[str, list[bool]] = {}
    for judgment in rft.read(plan.folder / "rft" / "samples.jsonl", examples):
        if not judgment.question.hinted:
            right.setdefault(judgment.question.example.id, []).append(judgment.correct())
    mixed = [example for example in examples if 0 < sum(right.get(example.id, [])) < len(right.get(example.id, []))]
    random.Random(plan.seed).shuffle(mixed)
    mixed = _few_pairs(mixed, mixed, plan)
    random.Random(plan.seed).shuffle(mixed)
    return rft.questions(mixed or rft.items(SEEN, _GRPO_FIRST, 200), plan.seed + 2)


def _sample(
    plan: Plan, path: Path, grm: Path, questions: list[Question], each: int, seed: int, part: float = 1.0
) -> list[list[Trajectory]]:
    """`each` judgments per question at the plan's temperature, in `part` of the minutes that there are for it."""
    params, minutes = Params(plan.temperature, max_tokens=_LIMIT), None
    if plan.sampling is not None:
        # What the minutes do not reach is then a draw of all, not the end of the list.
        minutes, questions = plan.sampling * part, random.Random(seed).sample(questions, len(questions))
    return sampler.sample(path, grm, questions, sampler.Settings(each, params, seed, plan.device, minutes), plan.log)
