"""Results of RewardBench 2's run_generative_v2.py: ratings with their judgments, line by line, or columns of results.

The lines hold no responses, and the columns only sometimes: a session shows what the file has.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grm_core.formats.fields import FieldError
from grm_core.formats.foreign import texts
from grm_core.formats.foreign.judged import ABSENT, Judgment, preferred
from grm_core.formats.foreign.queries import Json, number
from grm_core.formats.items import read_item
from grm_core.formats.lines import digest

FORM = "rewardbench2"
EXAMPLE = '{"prompt": "What is 2+2?", "scores": [9, 2], "judgments": ["Right. Rating: 9", "Wrong. Rating: 2"]}'
_FAILED = -1
"""What the script writes where it could read no rating."""


def matches(record: Json) -> bool:
    """Whether the record is a line of ratings, or a row of the columns of results."""
    rated = {"prompt", "scores", "judgments"} <= record.keys()
    return rated or ({"id", "subset", "model"} <= record.keys() and bool({"results", "scores"} & record.keys()))


def judgments(record: Json, name: str = "") -> Iterator[Judgment]:
    """The judgment of one item; `name` is the file's, which names the model of the lines."""
    if "judgments" in record:
        yield _rated(record, _model_of(name))
    else:
        yield _row(record)


def _model_of(name: str) -> str:
    """The script calls its file final_results_MODEL.jsonl."""
    return Path(name).name.removesuffix(".jsonl").removeprefix("final_results_") or "unknown"


def _rated(record: Json, model: str) -> Judgment:
    scores, written, prompt = record["scores"], record["judgments"], record["prompt"]
    if not isinstance(scores, list) or not isinstance(written, list) or len(written) not in (0, len(scores)):
        raise FieldError('"scores" and "judgments" must be lists of one length')
    prompt = texts.text_of(prompt, "prompt")
    example = read_item(
        {"id": f"rb2-{digest(prompt)[:12]}", "query": prompt, "responses": [ABSENT] * len(scores)}
        | {"source": FORM, "labels": None}
    )
    critiques = [f"Response {place}: {texts.text_of(each, 'judgments')}" for place, each in enumerate(written, 1)]
    return Judgment(example, model, _ratings(scores), "\n\n".join(critiques), of_ten=True)


def _ratings(scores: Any) -> tuple[float | None, ...] | None:
    if not isinstance(scores, list) or not scores:
        return None
    return tuple(None if score == _FAILED else number(score) for score in scores)


def _row(record: Json) -> Judgment:
    """A row of results: 1 where the chosen response won; else the file does not say which one did."""
    right, wrong = (_texts(record.get(f"texts_{side}")) for side in ("chosen", "rejected"))
    scores = _ratings(record.get("scores"))
    count = len(scores or ()) or len(right) + len(wrong) or 4
    correct = len(right) or int(number(record.get("num_correct")) or 1)
    example = read_item(
        {
            "id": str(record["id"]),
            "query": _prompt(record) or ABSENT,
            "responses": [*right, *wrong] if len(right) + len(wrong) == count else [ABSENT] * count,
            "labels": [1.0] * correct + [0.0] * (count - correct),
            "source": FORM,
            "subset": record.get("subset"),
        }
    )
    result = number(record.get("results"))
    if scores is None:
        scores = preferred(0 if result == 1 else None, count)
    note = "" if result is None else f"Result in the imported file: {result:g} (1: the chosen response won)"
    model = record["model"]
    return Judgment(example, model if isinstance(model, str) else "unknown", scores, "", note=note, of_ten=True)


def _texts(value: Any) -> list[str]:
    """The responses of a side: texts, or chats whose last turn is the response."""
    if not isinstance(value, list):
        return []
    return [
        texts.turns_of(each, "texts")[-1].content if texts.is_chat(each) else texts.text_of(each, "texts")
        for each in value
    ]


def _prompt(record: Json) -> str:
    if isinstance(record.get("prompt"), str):
        return str(record["prompt"])
    chats = record.get("texts_chosen")
    chat = chats[0] if isinstance(chats, list) and chats and texts.is_chat(chats[0]) else []
    return texts.turns_of(chat, "texts_chosen")[0].content if chat else ""
