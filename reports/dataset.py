"""Sessions as data for others: a Hugging Face dataset folder (Parquet and a card), and preference pairs for TRL."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow
import pyarrow.parquet

from grm_core.formats.annotations import annotation_record
from grm_core.formats.foreign.judged import ABSENT
from grm_core.formats.items import item_record
from grm_core.formats.samples import sample_record
from grm_core.types import FOREIGN, Annotation, Method, Run, Sample, Session
from grm_core.voting import vote
from reports.escape import encodable, plain

Json = dict[str, Any]
_TURN = pyarrow.struct([("role", pyarrow.string()), ("content", pyarrow.string())])
_TEXT, _WHOLE, _REAL = pyarrow.string(), pyarrow.int64(), pyarrow.float64()
SAMPLES = pyarrow.schema(
    [
        ("session_id", _TEXT), ("item_id", _TEXT), ("query", pyarrow.list_(_TURN)),
        ("responses", pyarrow.list_(_TEXT)),
        ("models", pyarrow.list_(_TEXT)), ("labels", pyarrow.list_(_REAL)), ("reference", _TEXT), ("source", _TEXT),
        ("subset", _TEXT), ("run_id", _TEXT), ("engine", _TEXT), ("model", _TEXT), ("template", _TEXT),
        ("context", _TEXT), ("foreign", pyarrow.bool_()), ("index", _WHOLE), ("order", pyarrow.list_(_WHOLE)),
        ("seed", _WHOLE), ("status", _TEXT), ("scores", pyarrow.list_(_WHOLE)), ("meta_logit", _REAL), ("text", _TEXT),
        ("reasoning", _TEXT), ("finish_reason", _TEXT), ("prompt_tokens", _WHOLE), ("completion_tokens", _WHOLE),
        ("error", _TEXT),
    ]
)  # fmt: skip
"""Columns of samples.parquet, a row a sample; `scores` in the order of `responses`."""
LABELS = pyarrow.schema(
    [
        ("id", _TEXT), ("session_id", _TEXT), ("kind", _TEXT), ("label", _TEXT), ("author", _TEXT),
        ("created_at", _TEXT), ("sample", _WHOLE), ("place", _WHOLE), ("span", pyarrow.list_(_WHOLE)),
        ("note", _TEXT), ("replaces", _TEXT), ("queue", _TEXT),
    ]
)  # fmt: skip
"""Columns of labels.parquet, a row an annotation."""


class JudgedSession(NamedTuple):
    """A session with its run and samples."""

    run: Run
    session: Session
    samples: Sequence[Sample]


class Written(NamedTuple):
    """Counts of a dataset folder."""

    sessions: int
    samples: int
    labels: int


def write(folder: Path, judged: Iterable[JudgedSession], labels: Iterable[Annotation]) -> Written:
    """Write data/samples.parquet, data/labels.parquet and README.md into a new folder."""
    (folder / "data").mkdir(parents=True)
    runs: dict[str, Run] = {}
    sessions, samples = set(), []
    for each in judged:
        runs[each.run.id] = each.run
        sessions.add(each.session.id)
        samples += [_sample_row(each, sample) for sample in each.samples]
    annotations = [_clean(annotation_record(each)) for each in labels if each.session_id in sessions]
    for name, rows, schema in (("samples", samples, SAMPLES), ("labels", annotations, LABELS)):
        table = pyarrow.Table.from_pylist(rows, schema=schema)
        pyarrow.parquet.write_table(table, folder / "data" / f"{name}.parquet")
    written = Written(len(sessions), len(samples), len(annotations))
    (folder / "README.md").write_text(card(written, list(runs.values())), encoding="utf-8")
    return written


def _sample_row(judged: JudgedSession, sample: Sample) -> Json:
    run, example = judged.run, judged.session.example
    turns = [{"role": turn.role, "content": turn.content} for turn in example.query]
    origin: Json = {"session_id": judged.session.id, "run_id": run.id, "engine": run.engine, "template": run.template}
    origin |= {"context": run.context, "foreign": run.engine == FOREIGN}
    row = item_record(example) | sample_record(example.id, sample) | origin | {"query": turns, "model": run.model}
    row["order"] = list(sample.order)
    cleaned: Json = _clean(row)
    return cleaned


def _clean(value: Any) -> Any:
    """The value with lone surrogates, which Parquet cannot hold, as replacement characters."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, list | tuple):
        return [_clean(each) for each in value]
    return {key: _clean(each) for key, each in value.items()} if isinstance(value, dict) else value


def card(written: Written, runs: Sequence[Run]) -> str:
    """The dataset card: configurations for the hub, what is in it, and under which settings it was judged."""
    head = ["---", "configs:", "- config_name: samples", "  data_files: data/samples.parquet", "  default: true"]
    if written.labels:
        head += ["- config_name: labels", "  data_files: data/labels.parquet"]
    head += ["tags:", "- reward-model", "- grm-lens", "---"]
    parts = [
        "\n".join(head),
        "# Judgments of GRM Lens",
        f"{written.sessions:,} sessions with {written.samples:,} samples, and {written.labels:,} annotations.",
        "A row of `samples` is one judgment of one item: the query, its responses, the order in which they were "
        "shown, the text, and `scores` in the order of `responses` (null where none could be read: such a sample "
        "casts no vote). A row of `labels` is what somebody said of a session or one of its samples.",
        "## Runs",
        "\n".join(_run_line(run) for run in runs) or "None.",
    ]
    return encodable("\n\n".join(parts)) + "\n"


def _run_line(run: Run) -> str:
    if run.engine == FOREIGN:
        return f"* {plain(run.model)}: judged elsewhere, imported from {plain(run.template)}"
    params = f"T = {run.params.temperature:g}, k = {run.k}, seed {run.seed}"
    return f"* {plain(run.model)}: template {plain(run.template)}, {run.context}, {params}"


def pairs(judged: Iterable[JudgedSession], method: Method = Method.NAIVE) -> Iterator[Json]:
    """Preference pairs as TRL reads them: the vote's winner over every other response; a tie gives none.

    A response that was not in an imported file, and one that is the same as the winner, give none either.
    """
    for run, session, samples in judged:
        if not samples:
            continue
        verdict = vote(samples, method)
        if verdict.winner is None or verdict.totals is None:
            continue
        turns = [{"role": turn.role, "content": turn.content} for turn in session.example.query]
        best = session.example.responses[verdict.winner]
        for own, text in enumerate(session.example.responses):
            if verdict.totals[own] < verdict.totals[verdict.winner] and ABSENT not in (best, text) and text != best:
                yield {
                    "prompt": turns,
                    "chosen": [{"role": "assistant", "content": best}],
                    "rejected": [{"role": "assistant", "content": text}],
                    "item_id": session.example.id,
                    "judge": run.model,
                    "margin": verdict.totals[verdict.winner] - verdict.totals[own],
                }
