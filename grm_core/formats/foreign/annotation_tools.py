"""Records of annotation tools, which hold what was shown apart from what annotators said: Argilla, Label Studio."""

import re
from collections.abc import Iterator
from typing import Any

from grm_core.formats.foreign.queries import Json

_SHOWN = ("fields", "data")
_BEST = re.compile("prefer|best|better|winner|chosen|choice|compar|rank", re.IGNORECASE)
"""Names of questions that ask which response is best."""


def flat(record: Json) -> Json:
    """The record with what was shown and what was preferred side by side; every other record as it is."""
    name = next((name for name in _SHOWN if isinstance(record.get(name), dict)), None)
    if name is None or not all(isinstance(key, str) for key in record[name]):
        return record
    shown: Json = {key: value for key, value in record.items() if key in ("id", "metadata")} | record[name]
    said = [*_argilla(record.get("responses")), *_label_studio(record.get("annotations"))]
    if said and "winner" not in shown:
        shown["winner"] = said
    return shown


def _argilla(responses: Any) -> Iterator[Any]:
    """What annotators prefer: a value, or the first of a ranking."""
    for question, answers in responses.items() if isinstance(responses, dict) else ():
        for answer in answers if _BEST.search(question) and isinstance(answers, list) else ():
            value = answer.get("value") if isinstance(answer, dict) else None
            if isinstance(value, list):
                firsts = [each.get("value") for each in value if isinstance(each, dict) and each.get("rank") == 1]
                value = firsts[0] if len(firsts) == 1 else "tie"
            if isinstance(value, str):
                yield value


def _label_studio(annotations: Any) -> Iterator[str]:
    """The sides that annotators select; what they took back does not count."""
    for annotation in annotations if isinstance(annotations, list) else ():
        if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
            continue
        for result in annotation.get("result") or ():
            if isinstance(result, dict) and result.get("type") == "pairwise" and isinstance(result.get("value"), dict):
                yield str(result["value"].get("selected"))
