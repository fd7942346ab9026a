"""Principles with their weights and the critique are found in the layouts that GRMs write."""

import pytest

from grm_core.reading.parsing import PARSER_VERSION, parse

OURS = r"""Principles:
1. States the right formula (weight: 60%)
2. Explains every symbol (weight: 40%)
Critique:
Response 1: Right and complete.
Response 2: Wrong sign.
Scores: \boxed{9, 2}"""


def test_our_own_format_is_read_in_full() -> None:
    parsed = parse(OURS, 2, "stop")
    assert [(p.text, p.weight) for p in parsed.principles] == [
        ("States the right formula", 60),
        ("Explains every symbol", 40),
    ]
    assert [OURS[slice(*p.span)] for p in parsed.principles] == [
        "States the right formula (weight: 60%)",
        "Explains every symbol (weight: 40%)",
    ]
    assert parsed.critique_span is not None
    assert OURS[slice(*parsed.critique_span)] == "Response 1: Right and complete.\nResponse 2: Wrong sign."
    assert (parsed.shown_scores, parsed.version) == ((9, 2), PARSER_VERSION)


def test_principles_and_critique_are_read_when_the_scores_fail() -> None:
    cut = OURS[: OURS.index(" 2}")]
    parsed = parse(cut, 2, "length")
    assert (parsed.status, len(parsed.principles)) == ("truncated", 2)
    assert parsed.critique_span is not None
    assert cut[slice(*parsed.critique_span)].endswith("Wrong sign.")


@pytest.mark.parametrize(
    ("item", "text", "weight"),
    [
        ("1. **Accuracy** (Weight: 30%): It is true.", "Accuracy: It is true.", 30),
        ("- **Accuracy (35%)**: It is true.", "Accuracy: It is true.", 35),
        ("* Accuracy (4): It is true.", "Accuracy: It is true.", 4),
        ("1) Accuracy [20%] It is true.", "Accuracy It is true.", 20),
        ("(1) Accuracy - Weight: 0.3", "Accuracy", 0.3),
        ("- Accuracy: 40%", "Accuracy", 40),
        ("- Accuracy: 7", "Accuracy", 7),
        ("#### 1. Accuracy, weight 25 %", "Accuracy,", 25),
        ("**1. Accuracy** (weight: 3/10)", "Accuracy", 3),
        ("- Accuracy: 9-10 points", "Accuracy: 9-10 points", None),
        ("- Accuracy, as 20% of readers err here.", "Accuracy, as 20% of readers err here.", None),
        ("- It holds [see 3] and 2*3*4", "It holds [see 3] and 2*3*4", None),
        ("- Accuracy\n   - Weight: 30%\n   - It is true.", "Accuracy - - It is true.", 30),
        ("Accuracy (weight: 50%)", "Accuracy", 50),
        ("**Accuracy**: It is true.", "Accuracy: It is true.", None),
    ],
)
def test_a_principle_has_its_text_and_the_number_written(item: str, text: str, weight: float | None) -> None:
    parsed = parse(f"Specific Criteria:\n{item}\n\nAnalysis: fine.", 2)
    assert [(p.text, p.weight) for p in parsed.principles] == [(text, weight)]


@pytest.mark.parametrize(
    "head",
    [
        "Principles:",
        "**Specific Criteria:**",
        "### Evaluation criteria",
        "## 1. Principles",
        "<specific_criteria>",
        "Query-Specific Criteria and Weights:",
        "**Principles** (with weights):",
        "Principles (most important first):",
    ],
)
def test_the_principles_section_has_many_names(head: str) -> None:
    text = (
        f"{head}\nHere are mine:\n- One rule\n  goes on here\n- Another\n\n**Analysis:** Both fail.\n\nScores: [1, 1]"
    )
    parsed = parse(text, 2)
    assert [p.text for p in parsed.principles] == ["One rule goes on here", "Another"]
    assert parsed.critique_span is not None
    assert text[slice(*parsed.critique_span)] == "Both fail."


def test_principles_on_one_line_are_told_apart_by_their_numbers() -> None:
    parsed = parse("Specific Criteria: 1. Rigour (60%) 2. Tone (40%)\nAnalysis: ok", 2)
    assert [(p.text, p.weight) for p in parsed.principles] == [("Rigour", 60), ("Tone", 40)]


def test_weights_given_in_a_second_list_belong_to_the_principles_above() -> None:
    parsed = parse("Criteria:\n- Tone: be kind\n- Depth: go deep\nThe weights are:\n- Tone: 7\n- Depth: 3\n", 2)
    assert [(p.text, p.weight) for p in parsed.principles] == [("Tone: be kind", 7), ("Depth: go deep", 3)]


def test_a_principle_called_analysis_does_not_open_the_critique() -> None:
    text = "Principles:\n- Analysis: goes deep\n- Evaluation: is fair\nCritique: Good.\nScores: [7, 3]"
    parsed = parse(text, 2)
    assert len(parsed.principles) == 2
    assert parsed.critique_span is not None
    assert text[slice(*parsed.critique_span)] == "Good."


def test_a_stray_quotation_mark_swallows_no_heading() -> None:
    parsed = parse('Principles:\n1. Says "yes\nCritique:\nIt says no".\nScores: [7, 3]', 2)
    assert (len(parsed.principles), parsed.critique_span is None) == (1, False)


def test_a_runaway_list_is_cut_off() -> None:
    assert len(parse("Principles:\n" + "- again\n" * 5000, 2).principles) == 64
