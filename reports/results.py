"""The page of results (docs/results.md): tables from files of samples, nothing typed by hand."""

import gzip
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from grm_core.analysis import accuracy, diversity, gain
from grm_core.analysis.accuracy import KS, Estimate, Judged
from grm_core.analysis.run_curves import scored
from grm_core.embedders import Embedder
from grm_core.errors import UsageError
from grm_core.formats.sessions import read_samples
from grm_core.training import tasks
from grm_core.training.families import SEEN
from grm_core.types import Example, Method
from reports.table import Table

_EMBEDDED = 60
SETS = {
    "everyday": "Everyday items, held out",
    "dev": "Dev pairs, pooled",
    "llmbar": "LLMBar",
    "rmb-bon": "RMB lists",
    "seen": "Seen families, new items",
    "unseen": "Unseen families",
}
_SOURCES = {"demonstrations": "everyday", "llmbar": "llmbar", "rmb": "rmb-bon", "rmb-bon": "rmb-bon"}
"""Source of an item -> its set; program-made items name their family, all others are labelled pairs."""
Runs = dict[tuple[str, str], list[Judged]]


def page(folder: Path) -> str:
    """The whole page. Raises UsageError where the folder holds no main run."""
    runs = read(folder)
    mains = {name: runs[name, "main"] for name in SETS if (name, "main") in runs}
    if not mains:
        raise UsageError(f"{folder} holds no main.jsonl")
    rivals = _rivals(folder)
    parts = [
        "# Results\n",
        "Written by `python app.py measure report` from stored samples; do not edit. Accuracy in per cent, with 95% "
        "intervals from a bootstrap over items. Voting@k is naive voting, MetaRM@k guided voting with k_meta = k/2; "
        "both are means over random subsets of the stored samples, ties shared. A sample that cannot be read casts no "
        "vote; where none of k can be read, that is wrong.\n",
        *_main(mains, runs),
        *_gains(mains, rivals),
        *_split(mains),
        *_kept(mains),
        *_variants(mains, runs),
        *_principles(mains),
        *_subsets(mains),
    ]
    return "\n".join(parts) + "\n"


def curves(folder: Path) -> list[dict[str, object]]:
    """Per set its name, n, k, the accuracy of voting at each k with its interval, the gain of the largest k over one
    sample (paired, with its interval) and, where the meta RM read all, guided voting's accuracy."""
    runs = read(folder)
    sets: list[dict[str, object]] = []
    for name in SETS:
        if items := runs.get((name, "main")):
            ks = [k for k in KS if k <= _most_samples(items)]
            values = [accuracy.at_k(items, k) for k in ks]
            voting = [accuracy.estimate(each) for each in values]
            gained = accuracy.estimate(values[-1] - values[0])
            guided = [round(float(accuracy.at_k(items, k, Method.GUIDED).mean()), 4) for k in ks if scored(items)]
            sets.append(
                {
                    "name": SETS[name],
                    "n": len(items),
                    "k": ks,
                    "voting": [round(each.mean, 4) for each in voting],
                    "low": [round(each.low, 4) for each in voting],
                    "high": [round(each.high, 4) for each in voting],
                    "gain": [round(each, 4) for each in (gained.mean, gained.low, gained.high)],
                    "guided": guided,
                }
            )
    return sets


def read(folder: Path) -> Runs:
    """(set, variant) -> its labelled items with their samples, from the files <variant>.jsonl."""
    runs: Runs = {}
    for path in sorted(folder.glob("*.jsonl*")):
        variant = path.name.removesuffix(".gz").removesuffix(".jsonl")
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rb") as lines:
            blocks = list(read_samples(io.BytesIO(lines.read()), str(path)))
        for item in (item for block in blocks for item in block.items):
            example = item.example
            samples = accuracy.completed(item.samples)
            if example is not None and example.labels and len(example.responses) > 1 and samples:
                runs.setdefault((_set_of(example), variant), []).append(Judged.of(example, samples))
    return runs


def _set_of(example: Example) -> str:
    if example.source != tasks.SOURCE:
        return _SOURCES.get(example.source or "", "dev")
    return "seen" if example.subset in {family.name for family in SEEN} else "unseen"


def _rivals(folder: Path) -> dict[str, dict[str, float]]:
    try:
        values: dict[str, dict[str, float]] = json.loads((folder / "rivals.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return values


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    return Table(tuple(head), tuple(map(tuple, rows))).markdown() + "\n"


def _main(mains: dict[str, list[Judged]], runs: Runs) -> Iterator[str]:
    """Main setting: one row per set and method."""
    yield "## Main setting\n"
    rows = []
    for name, items in mains.items():
        valid = accuracy.estimate(accuracy.valid_share(items))
        for method, label in ((Method.NAIVE, "Voting"), (Method.GUIDED, "MetaRM")):
            if method is Method.NAIVE or scored(items):
                cells = [
                    accuracy.estimate(accuracy.at_k(items, k, method)) if k <= _most_samples(items) else "" for k in KS
                ]
                rows.append([f"{SETS[name]} ({len(items)})", label, *cells, valid if method is Method.NAIVE else ""])
        if greedy := runs.get((name, "greedy")):
            estimate = accuracy.estimate(accuracy.at_k(greedy, 1))
            rows.append([f"{SETS[name]} ({len(greedy)})", "greedy", estimate, *[""] * (len(KS) - 1), ""])
    yield _table(["set (items)", "method", *(f"k = {k}" for k in KS), "valid format"], rows)
    areas = [(SETS[name], accuracy.auc(items)) for name, items in mains.items()]
    listed = ", ".join(f"{name} {area:.3f}" for name, area in areas if area is not None)
    if listed:
        yield f"AUC of the meta RM's logit, right against wrong samples: {listed}.\n"
        within = [(SETS[name], accuracy.auc_within(items)) for name, items in mains.items()]
        listed = "; ".join(
            f"{name} {accuracy.estimate(values)} ({len(values)} items)" for name, values in within if len(values)
        )
        yield f"The same within an item, where both kinds are, per cent: {listed}.\n"


def _gains(mains: dict[str, list[Judged]], rivals: dict[str, dict[str, float]]) -> Iterator[str]:
    """Paired differences: what voting and the meta RM add, and how far the rivals are."""
    yield "## What k and the meta RM add (paired differences, points)\n"
    rows = []
    for name, items in mains.items():
        k = _most_samples(items)
        single, voted = accuracy.at_k(items, 1), accuracy.at_k(items, k)
        differences = {f"Voting@{k} - Voting@1": voted - single}
        guided = accuracy.at_k(items, k, Method.GUIDED) if scored(items) else None
        if guided is not None:
            differences |= {f"MetaRM@{k} - Voting@1": guided - single, f"MetaRM@{k} - Voting@{k}": guided - voted}
        for rival, values in rivals.items():
            if all(item.item_id in values for item in items):
                theirs = np.array([values[item.item_id] for item in items])
                best = voted if guided is None else guided
                called = f"{'Voting' if guided is None else 'MetaRM'}@{k} - {rival} ({100 * theirs.mean():.1f})"
                differences[called] = best - theirs
        rows += [[SETS[name], label, _signed(accuracy.estimate(values))] for label, values in differences.items()]
    yield _table(["set", "difference", "points"], rows)


def _split(mains: dict[str, list[Judged]]) -> Iterator[str]:
    """The parts of the gain of k, as a table."""
    yield "## What the gain is made of (points, all samples against one)\n"
    rows = []
    for name, items in mains.items():
        for ties, mine in gain.table(items).groupby("ties", sort=False):
            cells = [f"{row.points:+.1f} [{row.low:+.1f}, {row.high:+.1f}]" for row in mine.itertuples()]
            rows.append([SETS[name], "worth half" if ties == "half" else "worth nothing", *cells])
    yield _table(["set", "a tie is", *gain.KINDS, "gain: their sum"], rows)


def _kept(mains: dict[str, list[Judged]]) -> Iterator[str]:
    """Guided voting by how many of the samples it keeps."""
    rows = []
    for name, items in mains.items():
        if not scored(items):
            continue
        k = _most_samples(items)
        voted = accuracy.at_k(items, k)
        for k_meta, label in ((1, "the best one"), (k // 4, "a quarter"), (k // 2, "half"), (k, "all, weighted")):
            method = Method.GUIDED if k_meta < k else Method.GUIDED_WEIGHTED
            values = accuracy.at_k(items, k, method, k_meta)
            cells = (accuracy.estimate(values), _signed(accuracy.estimate(values - voted)))
            rows.append([SETS[name], method, k_meta, label, *cells])
    if rows:
        yield "## How many of the samples the meta RM keeps\n"
        yield _table(["set", "method", "k_meta", "kept", "accuracy", "against all, points"], rows)


def _variants(mains: dict[str, list[Judged]], runs: Runs) -> Iterator[str]:
    """Other settings on the first items of each set, below the main setting on the same items."""
    rows = []
    for name, items in mains.items():
        others = {
            variant: {item.item_id: item for item in judged}
            for (set_, variant), judged in runs.items()
            if set_ == name and variant not in ("main", "greedy")
        }
        shared = [item for item in items if any(item.item_id in other for other in others.values())]
        if shared:
            rows.append([SETS[name], "main", len(shared), *_by_k(shared), ""])
        for variant, other in others.items():
            beside = [item for item in items if item.item_id in other]
            same = [other[item.item_id] for item in beside]
            if beside:
                k = _most_samples(same)
                apart = accuracy.estimate(accuracy.at_k(same, k) - accuracy.at_k(beside, k))
                rows.append([SETS[name], variant, len(same), *_by_k(same), _signed(apart)])
    if rows:
        yield "## Variants, below the main setting on the same items\n"
        yield "Voting; the difference is paired, at the largest k of the variant.\n"
        head = ["set", "variant", "items", *(f"k = {k}" for k in KS), "valid format", "against main, points"]
        yield _table(head, rows)


def _by_k(items: Sequence[Judged]) -> list[object]:
    """Voting's accuracy at each k up to what was drawn, and the share of valid samples."""
    most = _most_samples(items)
    cells = [accuracy.estimate(accuracy.at_k(items, k)) if k <= most else "" for k in KS]
    return [*cells, accuracy.estimate(accuracy.valid_share(items))]


def _most_samples(items: Sequence[Judged]) -> int:
    return max(len(item.samples) for item in items)


def _principles(mains: dict[str, list[Judged]]) -> Iterator[str]:
    """Whether the samples of one item state different principles, and ones of this very query."""
    yield f"## Principles (first {_EMBEDDED} items of a set)\n"
    embedder, rows = Embedder(), []
    for name, items in mains.items():
        near, naming = [], []
        for item in items[:_EMBEDDED]:
            texts = [text for sample in item.samples if (text := diversity.in_words(sample))]
            once = list(dict.fromkeys(texts))  # samples of a small GRM often say the same
            vector = dict(zip(once, embedder.embed(once), strict=True))
            near.append(diversity.pairwise_cosine(np.array([vector[text] for text in texts])))
            naming.append(diversity.names_the_query(item.example, item.samples))
        cosines, shares = ([value for value in values if value is not None] for values in (near, naming))
        if cosines:
            rows.append(
                [
                    SETS[name],
                    len(cosines),
                    f"{np.mean(cosines):.3f}",
                    f"{np.max(cosines):.3f}",
                    f"{np.mean(shares):.1%}",
                ]
            )
    head = ("set", "items", "mean pairwise cosine", "highest of an item", "samples that name something of the query")
    yield _table(head, rows) if rows else "The stored samples hold no texts.\n"


def _subsets(mains: dict[str, list[Judged]]) -> Iterator[str]:
    """Per source and family."""
    yield "## By source and family\n"
    rows = []
    for name, items in mains.items():
        for subset in sorted({item.subset for item in items}):
            part = [item for item in items if item.subset == subset]
            most = _most_samples(part)
            cells = [accuracy.estimate(accuracy.at_k(part, k)) for k in (1, most)]
            guided = accuracy.estimate(accuracy.at_k(part, most, Method.GUIDED)) if scored(part) else ""
            rows.append([SETS[name], subset, len(part), *cells, guided])
    yield _table(["set", "subset", "items", "Voting, k = 1", "Voting, all", "MetaRM, all"], rows)


def _signed(value: Estimate) -> str:
    return f"{100 * value.mean:+.1f} [{100 * value.low:+.1f}, {100 * value.high:+.1f}]"
