"""ReaLMistake (psunlpgroup/ReaLMistake, data.zip): does a response hold an error? 900 of three tasks and two models.

The paper's figure is the ROC-AUC of the score for "no error", pooled here and beside it per task. The benchmark's own
is F1 on "error", per task and model and averaged; a mean score below the middle of the scale, 5.5, says error.

Its authors ask that no item be published in plain text: the zip is read in memory, and reports hold figures only.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grm_core.benchmarks.base import Benchmark, Line, Policy, Result, Scored, grouped, mean
from grm_core.benchmarks.official_files import Hub, Row
from grm_core.outcome import TIE, Invalid, Tie
from grm_core.types import SCORE_MAX, SCORE_MIN, Example

_TASKS = ("math_word_problem_generation", "finegrained_fact_verification", "answerability_classification")
THRESHOLD = (SCORE_MIN + SCORE_MAX) / 2
_LABELS = {"error": 0.0, "no_error": 1.0}


def examples(row: Row) -> list[Example]:
    """One response; its id is `metadata.id`, its subset the task, its source the model that wrote it."""
    about = row.inside("metadata")
    # The files in the zip say error_label, as the hub does; other copies say label.
    label = _LABELS[row.one_of("label" if "label" in row.value else "error_label", tuple(_LABELS))]
    task, source = about.text("task_name"), about.text("llm_response_model")
    response = (row.text("llm_response"),)
    return [Example(about.name("id"), row.query("input"), response, (label,), source=source, subset=task)]


def measure(items: Sequence[Scored], policy: Policy) -> Result:
    """ROC-AUC over all items and per task; F1, precision and recall per task and model, and their means."""
    tasks = grouped(items, lambda item: item.example.subset or "(none)")
    table = [auc(mine, policy, "subset", name) for name, mine in tasks.items()]
    overall = auc(items, policy, "overall", "pooled")
    table += [Line("overall", "mean of tasks", "ROC-AUC", overall.items, mean(line.value for line in table)), overall]
    models = grouped(items, lambda item: item.example.source or "(none)")
    for model, theirs in models.items():
        by_model = [
            _error_figures(mine, policy, f"{task}, {model}")
            for task, mine in grouped(theirs, lambda item: item.example.subset or "(none)").items()
        ]
        table += [line for lines in by_model for line in lines]
        counted = sum(lines[0].items for lines in by_model)
        table.append(Line("model", model, "F1 on error", counted, mean(lines[0].value for lines in by_model)))
    return Result(overall.value, tuple(table))


def score(item: Scored) -> float | None:
    """Mean score of the samples voted; None when none could be read."""
    totals, verdict = item.totals, item.verdict
    return None if totals is None or verdict is None else totals[0] / len(verdict.voted)


def auc(items: Sequence[Scored], policy: Policy, kind: str, name: str) -> Line:
    """The mean credit of all pairs of a response without and one with an error.

    A pair whose scores are equal follows the policy for ties (half: the usual ROC-AUC), one that has an unreadable
    response the policy for those.
    """
    scores = {label: [score(item) for item in items if item.labels == (label,)] for label in (1.0, 0.0)}
    good, bad = (_readable(scores[label], policy.invalid) for label in (1.0, 0.0))
    if not len(good) or not len(bad):
        return Line(kind, name, "ROC-AUC", len(good) + len(bad), None)
    ahead = good[:, None] - bad[None, :]
    worth = np.where(np.isnan(ahead), 0.5 if policy.invalid is Invalid.HALF else 0.0, ahead > TIE)
    tied = np.abs(ahead) <= TIE
    if policy.tie is Tie.HALF:
        worth[tied] = 0.5
    elif policy.tie is Tie.RANDOM:
        worth[tied] = np.random.default_rng(policy.seed).integers(0, 2, int(tied.sum()))
    return Line(kind, name, "ROC-AUC", len(good) + len(bad), float(worth.mean()))


def _readable(scores: Sequence[float | None], invalid: Invalid) -> NDArray[np.float64]:
    """Scores as an array, NaN for what could not be read, without those where they are skipped."""
    values = np.array([np.nan if each is None else each for each in scores], dtype=np.float64)
    return values[~np.isnan(values)] if invalid is Invalid.SKIP else values


def _error_figures(items: Sequence[Scored], policy: Policy, name: str) -> list[Line]:
    """F1, precision and recall on "error", from the credit that each item's own label gets."""
    hit = miss = alarm = count = 0.0
    for item in items:
        wrong, mean_score = item.labels == (0.0,), score(item)
        sides = None if mean_score is None else (THRESHOLD, mean_score)
        credit = policy.credit(item.example.id, sides, (1.0, 0.0) if wrong else (0.0, 1.0))
        if credit is None:
            continue
        count += 1
        hit, miss = (hit + credit, miss + 1 - credit) if wrong else (hit, miss)
        alarm += 0 if wrong else 1 - credit
    # As in the benchmark's own code, a figure without a denominator is 0.
    precision, recall = (hit / total if total else 0.0 for total in (hit + alarm, hit + miss))
    f1 = 2 * hit / (2 * hit + miss + alarm) if hit else 0.0
    figures = {"F1 on error": f1, "precision on error": precision, "recall on error": recall}
    return [Line("file", name, metric, int(count), value if count else None) for metric, value in figures.items()]


def _files(names: Sequence[str]) -> list[str]:
    """Without the three examples that are shown before the password is asked for."""
    return [name for name in names if name.rsplit("/", 1)[-1] != "example.jsonl"]


BENCHMARK = Benchmark(
    "realmistake",
    examples,
    measure,
    "ROC-AUC of the score, error against no error, over all items",
    tuple(Hub("ryokamoi/realmistake", config=task) for task in _TASKS),
    choose=_files,
    password=b"open-realmistake",
    tie=Tie.HALF,
)
