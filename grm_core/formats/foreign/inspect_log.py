"""Logs of Inspect (.eval, or JSON) through inspect_ai's own reader: the scores of every sample by every scorer."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grm_core.errors import UsageError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.judged import Judgment
from grm_core.formats.foreign.queries import Json, number, turns_record
from grm_core.formats.items import read_item
from grm_core.types import Message

FORM = "inspect"


def matches(data: bytes) -> bool:
    """Whether the bytes are an .eval log: a zip with its journal or header."""
    if not data.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name in ("header.json", "_journal/start.json") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def is_json(log: Any) -> bool:
    """Whether a JSON file is a log in Inspect's older form."""
    return isinstance(log, dict) and {"eval", "samples", "version"} <= log.keys()


def judgments(data: bytes, name: str) -> tuple[list[Judgment], list[tuple[str, str]]]:
    """The judgments of a log, and the samples that have none: (place, why). UsageError where it cannot be read."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError:
        raise UsageError(
            f"{name} is a log of Inspect, which inspect_ai reads: pip install inspect_ai (the extra grm-lens[inspect])"
        ) from None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("log.eval" if matches(data) else "log.json")
        path.write_bytes(data)
        try:
            log = read_eval_log(str(path))
        except (ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UsageError(f"{name}: inspect_ai cannot read it: {reason}") from None
    made: list[Judgment] = []
    left_out = []
    for sample in log.samples or ():
        scored = list(_scored(log, sample))
        made += scored
        if not scored:
            why = f"it ended with an error: {_brief(sample.error.message)}" if sample.error else "it has no score"
            left_out.append((f"sample {sample.id}", why))
    return made, left_out


def _brief(words: str) -> str:
    first = (words.strip().splitlines() or [""])[0]
    return first if len(first) <= 100 else f"{first[:99]}…"


def _scored(log: Any, sample: Any) -> Iterator[Judgment]:
    epochs = (log.eval.config.epochs or 1) > 1
    query = _turns(sample.input)
    answer = sample.output.completion if sample.output else ""
    target = sample.target if isinstance(sample.target, str) else "\n".join(sample.target)
    example = read_item(
        {
            "id": f"{sample.id}/{sample.epoch}" if epochs else str(sample.id),
            "query": turns_record(query),
            "responses": [answer],
            "reference": target.strip() or None,
            "source": FORM,
            "subset": log.eval.task,
        }
    )
    for scorer, score in (sample.scores or {}).items():
        value = score.value
        judge = _judge(log, scorer)
        plain = not isinstance(value, str | bool | dict | list)
        words = score.as_str() if isinstance(value, str | bool) else value
        note = "" if plain else f"Score in the imported file: {words}"
        yield Judgment(
            example,
            judge,
            (number(value),) if plain and number(value) is not None else None,
            score.explanation or "",
            str(log.eval.created),
            note,
        )


def _turns(messages: Any) -> tuple[Message, ...]:
    if isinstance(messages, str):
        return (Message("user", messages),)
    plain: list[Json] = [{"role": turn.role, "content": turn.text} for turn in messages if turn.role != "tool"]
    return texts.turns_of(plain, "input")


def _judge(log: Any, scorer: str) -> str:
    """The grader's model behind the scorer's name, where the log tells it."""
    roles = log.eval.model_roles or {}
    model = roles["grader"].model if "grader" in roles else None
    for each in log.eval.scorers or ():
        if each.name == scorer and each.options and isinstance(each.options.get("model"), str):
            model = each.options["model"]
    return f"{scorer} ({model})" if model else scorer
