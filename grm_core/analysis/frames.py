"""Samples, principles and verdicts as pandas tables, for notebooks, CSV and the page's table views."""

from collections.abc import Iterable, Sequence

import pandas as pd

from grm_core.types import Sample, Verdict


def letter(response: int) -> str:
    """The name of a response on page and in tables: 0 -> 'A', 25 -> 'Z', 26 -> 'AA'."""
    name = ""
    response += 1
    while response:
        response, digit = divmod(response - 1, 26)
        name = chr(ord("A") + digit) + name
    return name


def samples_frame(samples: Iterable[Sample]) -> pd.DataFrame:
    """One row per sample by index: status, score_A.. in own order (nullable integers), order, meta logit, cost."""
    rows = []
    for s in sorted(samples, key=lambda s: s.index):
        row: dict[str, object] = {"index": s.index, "status": str(s.parsed.status), "error": s.error}
        scores = s.scores or (None,) * len(s.order)
        row |= {f"score_{letter(i)}": score for i, score in enumerate(scores)}
        row |= {"order": "".join(letter(r) for r in s.order), "seed": s.seed, "meta_logit": s.meta_logit}
        done = s.completion
        row |= {
            "prompt_tokens": done.prompt_tokens if done else None,
            "completion_tokens": done.completion_tokens if done else None,
            "seconds": done.seconds if done else None,
            "finish_reason": done.finish_reason if done else None,
        }
        rows.append(row)
    frame = pd.DataFrame(rows)
    integers = [c for c in frame.columns if c.startswith("score_") or c.endswith("_tokens")]
    return frame.astype(dict.fromkeys(integers, "Int64"))


def principles_frame(samples: Iterable[Sample]) -> pd.DataFrame:
    """One row per principle: sample index, place in its list (0-based), text, weight as written (NaN where none)."""
    rows = [
        {"index": s.index, "place": place, "principle": p.text, "weight": p.weight}
        for s in sorted(samples, key=lambda s: s.index)
        for place, p in enumerate(s.parsed.principles)
    ]
    return pd.DataFrame(rows, columns=["index", "place", "principle", "weight"]).astype({"weight": "float64"})


def verdicts_frame(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """One row per verdict: method, k, k_effective, k_meta, winner ('A'.., None for a tie), margins, total_A.. ."""
    rows = []
    for v in verdicts:
        row: dict[str, object] = {"method": str(v.method), "k": v.k, "k_effective": v.k_effective, "k_meta": v.k_meta}
        row |= {"winner": None if v.winner is None else letter(v.winner)}
        row |= {"margin": v.margin, "margin_mean": v.margin_mean}
        row |= {f"total_{letter(i)}": total for i, total in enumerate(v.totals or ())}
        rows.append(row)
    return pd.DataFrame(rows)
