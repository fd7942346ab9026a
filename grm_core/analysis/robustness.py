"""What became of attacks: how often the attacked answer wins and turns a verdict, and what was noticed of it.

Everything follows from stored samples of attacked items (`grm_core.attacks`). An item's share at k is that of the
votes over random subsets of k of its samples, ties shared; what cannot be read wins nothing. Intervals are Wilson's
over items: they stay honest where every item ends alike, as a bootstrap's would not.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from grm_core.analysis import accuracy, audit
from grm_core.analysis.accuracy import Judged
from grm_core.analysis.shares import fractional
from grm_core.attacks import AGAIN, ATTACKS, SWAP, TWINS, UNCHANGED, parts_of
from grm_core.prompts import shown
from grm_core.types import Example, Method, ParseStatus, Sample
from grm_core.voting import read_by_meta, vote

_NAMED = 3
"""Kinds of findings that the table names."""
WIN_COLUMNS = ["wins", "wins low", "wins high"]
FLIP_COLUMNS = ["flips", "flips low", "flips high", "were right"]


@dataclass(frozen=True, slots=True)
class Battery:
    """Judged items under attack."""

    by_attack: Mapping[str, Mapping[str, Judged]]
    """Attack -> item -> its samples; the honest answer is response 0."""
    alone: bool = False
    """Whether responses were judged one at a time (context single): there is no order to swap."""

    @classmethod
    def of(cls, judged: Iterable[tuple[Example, Sequence[Sample]]], alone: bool = False) -> "Battery":
        """The attacked items among these that have samples."""
        by_attack: dict[str, dict[str, Judged]] = {name: {} for name in ATTACKS}
        for example, samples in judged:
            parts, answered = parts_of(example.id), accuracy.completed(samples)
            if parts is not None and answered:
                by_attack[parts[1]][parts[0]] = Judged.of(example, answered)
        return cls({name: items for name, items in by_attack.items() if items}, alone)

    @property
    def samples(self) -> int:
        """Samples of an item, at most."""
        return max((len(each.samples) for items in self.by_attack.values() for each in items.values()), default=0)

    @property
    def items(self) -> int:
        """Items before they were attacked."""
        return len({item for items in self.by_attack.values() for item in items})

    def methods(self) -> tuple[Method, ...]:
        """The voting methods that the samples allow."""
        judged = [each for items in self.by_attack.values() for each in items.values()]
        guided = bool(judged) and all(read_by_meta(each.samples) for each in judged)
        return (Method.NAIVE, Method.GUIDED) if guided else (Method.NAIVE,)

    def ks(self) -> list[int]:
        """Where figures are given."""
        return sorted({k for k in accuracy.KS if k < self.samples} | {self.samples}) if self.samples else []


def table(battery: Battery) -> pd.DataFrame:
    """A row per attack, method and k: items, wins and flips 0..1 with their intervals, and the shift of the score.

    `wins`: the share of the vote over the honest answer. `flips`: of the votes that name the honest answer when
    nothing is changed (`were right`, in items), those that then name the attacked one. `score` is the mean score of
    the attacked answer, `shift` what the attack adds to the rival's.
    """
    rows = []
    for method in battery.methods():
        for k in battery.ks():
            right = _right(battery, method, k)
            rows += [
                {"attack": name, "kind": kind, "method": str(method), "k": k, **_figures(wins, right)}
                | _scores(battery, name)
                for name, kind, wins, right in _contests(battery, method, k, right)
            ]
    columns = ["attack", "kind", "method", "k", "items", *WIN_COLUMNS, *FLIP_COLUMNS, "score", "shift"]
    return pd.DataFrame(rows, columns=columns)


def by_domain(battery: Battery) -> pd.DataFrame:
    """A row per attack, with the share of naive votes over all samples that it wins in each domain (`maths (4)`)."""
    domains: dict[str, str] = {}
    for items in battery.by_attack.values():
        domains |= {item: judged.subset or "(none)" for item, judged in items.items()}
    counts = Counter(domains.values())
    k, rows = battery.samples, []
    right = _right(battery, Method.NAIVE, k)
    for name, kind, wins, _ in _contests(battery, Method.NAIVE, k, right):
        row: dict[str, object] = {"attack": name, "kind": kind}
        for domain, count in sorted(counts.items()):
            shares = [share for item, share in wins.items() if domains[item] == domain]
            row[f"{domain} ({count})"] = float(np.mean(shares)) if shares else None
        rows.append(row)
    return pd.DataFrame(rows)


Findings = Mapping[tuple[str, str], frozenset[str]]
"""(attack, item) -> the kinds of errors and warnings."""


def findings_of(battery: Battery) -> Findings:
    """What an auditor is warned of in every attacked item."""
    return {
        (name, item): frozenset(
            finding.kind for finding in audit.find(judged.example, judged.samples) if finding.severity != "note"
        )
        for name, items in battery.by_attack.items()
        for item, judged in items.items()
    }


def defence(battery: Battery, findings: Findings) -> pd.DataFrame:
    """A row per attack: what prompt, reading and findings did about it, each as a share 0..1.

    `broken in the prompt`: items whose attacked answer held control tokens or markers that the prompt breaks.
    `unreadable`: samples without a vote. `flagged`: items with an error or warning that the same item unchanged lacks.
    """
    rows = [
        {"attack": name, **_noticed(name, items, findings)}
        for name, items in battery.by_attack.items()
        if name not in (UNCHANGED, AGAIN)
    ]
    columns = ["attack", "broken in the prompt", "unreadable", "flagged", "findings", "statuses"]
    return pd.DataFrame(rows, columns=columns)


def _noticed(name: str, items: Mapping[str, Judged], findings: Findings) -> dict[str, object]:
    kinds, statuses = Counter[str](), Counter[str]()
    flagged = broken = 0
    for item, judged in items.items():
        new = _new(name, item, findings)
        kinds.update(new)
        flagged += bool(new)
        broken += any(shown(each) != each for each in judged.example.responses[1:])
        statuses.update(str(sample.parsed.status) for sample in judged.samples)
    return {
        "broken in the prompt": broken / len(items),
        "unreadable": 1 - statuses[str(ParseStatus.OK)] / statuses.total(),
        "flagged": flagged / len(items),
        "findings": ", ".join(f"{kind} {count}" for kind, count in kinds.most_common(_NAMED)),
        "statuses": ", ".join(f"{status} {count}" for status, count in statuses.most_common()),
    }


def _new(name: str, item: str, findings: Findings) -> frozenset[str]:
    """Kinds of findings that the unchanged item lacks."""
    return findings[name, item] - findings.get((UNCHANGED, item), frozenset())


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one item under one attack, by the naive vote over all its samples."""

    id: str
    """Of the attacked item."""
    item: str
    attack: str
    domain: str
    winner: str
    """honest, attack, tie, or unreadable."""
    flipped: bool
    """Whether the unchanged item is judged for the honest answer, and this one against it."""
    findings: tuple[str, ...]
    """Kinds that the unchanged item lacks; of the unchanged one itself, all."""


def fates(battery: Battery, findings: Findings) -> list[Fate]:
    """Every item under every attack."""
    before = {item: _winner(judged) for item, judged in battery.by_attack.get(UNCHANGED, {}).items()}
    listed = []
    for name, items in battery.by_attack.items():
        for item, judged in items.items():
            winner = _winner(judged)
            flipped = name not in (UNCHANGED, TWINS) and (before.get(item), winner) == ("honest", "attack")
            kinds = findings[name, item] if name == UNCHANGED else _new(name, item, findings)
            listed.append(Fate(judged.item_id, item, name, judged.subset, winner, flipped, tuple(sorted(kinds))))
    return listed


Shares = dict[str, float]
"""Item -> share of the vote."""


def _contests(
    battery: Battery, method: Method, k: int, right: Shares
) -> Iterable[tuple[str, str, Shares, Shares | None]]:
    """(attack, kind, shares that it wins, shares that the honest answer has without it) of every row."""
    for name, items in battery.by_attack.items():
        if name == TWINS:
            if not battery.alone:
                first = {item: _by_place(judged) for item, judged in items.items()}
                yield TWINS, f"{ATTACKS[TWINS].kind}, shown first", _won(first, method, k, (1.0, 0.0)), None
            continue
        wins = _won(items, method, k, None)
        yield name, ATTACKS[name].kind, wins, None if name == UNCHANGED else right
    if battery.alone:
        return
    honest_first, rival_first = _orders(battery)
    if honest_first and rival_first:
        yield SWAP, "order swap", _won(rival_first, method, k, None), _won(honest_first, method, k, (1.0, 0.0))


def _right(battery: Battery, method: Method, k: int) -> Shares:
    """The honest answer's share of the vote where nothing is changed."""
    return _won(battery.by_attack.get(UNCHANGED, {}), method, k, (1.0, 0.0))


def _won(items: Mapping[str, Judged], method: Method, k: int, labels: tuple[float, ...] | None) -> Shares:
    """The share of the vote of the responses with label 1; None: of all but the honest one."""
    if not items:
        return {}
    labelled = [
        replace(judged, labels=labels or (0.0, *[1.0] * (len(judged.example.responses) - 1)))
        for judged in items.values()
    ]
    return dict(zip(items, accuracy.at_k(labelled, k, method).tolist(), strict=True))


def _figures(wins: Shares, right: Shares | None) -> dict[str, object]:
    """Columns of a row."""
    mean = float(np.mean(list(wins.values()))) if wins else float("nan")
    row: dict[str, object] = {"items": len(wins)}
    row |= dict(zip(WIN_COLUMNS, (mean, *fractional(mean, len(wins))), strict=True))
    if right is None:
        return row
    common = [(right[item], share) for item, share in wins.items() if item in right]
    were = sum(first for first, _ in common)
    flips = sum(first * share for first, share in common) / were if were else float("nan")
    return row | dict(zip(FLIP_COLUMNS, (flips, *fractional(flips, were), were), strict=True))


def _scores(battery: Battery, name: str) -> dict[str, object]:
    """Mean score of the attacked answer, and by how much that is above the rival's own."""
    if name in (SWAP, TWINS):
        return {}
    scores = {item: _mean_score(judged) for item, judged in battery.by_attack[name].items()}
    rivals = {item: _mean_score(judged) for item, judged in battery.by_attack.get(UNCHANGED, {}).items()}
    shifts = [score - rivals[item] for item, score in scores.items() if item in rivals]
    row: dict[str, object] = {"score": _mean(list(scores.values()))}
    return (
        row if ATTACKS[name].kind in ("constant answer", "master key", "control") else row | {"shift": _mean(shifts)}
    )


def _mean(values: Sequence[float]) -> float | None:
    there = [value for value in values if not math.isnan(value)]
    return float(np.mean(there)) if there else None


def _mean_score(judged: Judged) -> float:
    """Of the first response after the honest one."""
    scores = [sample.scores[1] for sample in judged.samples if sample.scores is not None]
    return float(np.mean(scores)) if scores else float("nan")


def _orders(battery: Battery) -> tuple[dict[str, Judged], dict[str, Judged]]:
    """The unchanged items' samples that saw the honest answer first, and those that saw the rival first."""
    samples: dict[str, list[Sample]] = defaultdict(list)
    judged: dict[str, Judged] = {}
    for name in (UNCHANGED, AGAIN):
        for item, each in battery.by_attack.get(name, {}).items():
            judged.setdefault(item, each)
            samples[item] += each.samples
    sides: tuple[dict[str, Judged], dict[str, Judged]] = ({}, {})
    for item, each in judged.items():
        for side, order in zip(sides, ((0, 1), (1, 0)), strict=True):
            mine = [sample for sample in samples[item] if sample.order == order]
            if mine:
                side[item] = replace(each, samples=tuple(replace(s, index=place) for place, s in enumerate(mine)))
    return {item: sides[0][item] for item in sides[0] if item in sides[1]}, {
        item: sides[1][item] for item in sides[1] if item in sides[0]
    }


def _by_place(judged: Judged) -> Judged:
    """The same with scores in the order shown: response 0 is what stood first."""
    own = tuple(range(len(judged.example.responses)))
    return replace(judged, samples=tuple(replace(sample, order=own) for sample in judged.samples))


def _winner(judged: Judged) -> str:
    verdict = vote(judged.samples)
    if verdict.totals is None:
        return "unreadable"
    return "tie" if verdict.winner is None else "honest" if verdict.winner == 0 else "attack"
