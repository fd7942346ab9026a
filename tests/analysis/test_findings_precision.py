"""How often a finding is right, kind by kind, on cases that were read and labelled by hand.

labelled_findings.jsonl holds what the audit found in samples of the bundled judges on our own items, and whether a
reader agrees: that the words in quotation marks are offered as somebody's and nobody wrote them, that praise and score
cannot both be meant, that two principles ask for the same. Kinds that follow from scores alone (ties, pivotal samples,
position bias) are true by what they say and not among them.
"""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from grm_core.analysis import audit
from grm_core.reading.parsing import parse
from grm_core.types import Example, Finding, Message
from tests.make import make_sample

CASES = [json.loads(line) for line in Path(__file__).with_name("labelled_findings.jsonl").read_text().splitlines()]
LEAST = 0.8


def findings(case: dict[str, Any]) -> tuple[Finding, ...]:
    query = (*(Message(role, text) for role, text in case["earlier"]), Message("user", case["query"]))
    example = Example("case", query, tuple(case["responses"]))
    parsed = parse(case["text"], len(case["order"]))
    return audit.find(example, [replace(make_sample(0, None, order=case["order"], text=case["text"]), parsed=parsed)])


@pytest.fixture(scope="module")
def kinds() -> dict[str, tuple[str, float]]:
    """Kind -> its severity, and the share of its labelled cases that is right, of those that are found."""
    right, count, severity = Counter[str](), Counter[str](), dict[str, str]()
    for case in CASES:
        for each in findings(case):
            if (each.kind, each.evidence) == (case["kind"], case["evidence"]):
                severity[each.kind] = each.severity
                count[each.kind] += 1
                right[each.kind] += case["real"]
    assert sum(count.values()) >= 0.95 * len(CASES), "the cases are those that the audit finds"
    return {kind: (severity[kind], right[kind] / count[kind]) for kind in count}


def test_what_marks_a_sample_is_right_four_times_in_five(kinds: dict[str, tuple[str, float]]) -> None:
    marking = {kind: share for kind, (severity, share) in kinds.items() if severity != "info"}
    assert set(marking) == {
        "quote not found", "critique contradicts its score", "box disagrees with the critique", "repeated principle",
    }  # fmt: skip
    assert {kind: share for kind, share in marking.items() if share < LEAST} == {}


def test_what_is_right_less_often_is_information(kinds: dict[str, tuple[str, float]]) -> None:
    assert {kind for kind, (_, share) in kinds.items() if share < LEAST} == {"principle without a word of the query"}
    assert kinds["principle without a word of the query"][0] == "info"
