"""The parser reads scores, principles and critiques in the notations that GRMs use."""

from pathlib import Path

import pytest

from grm_core.reading.parsing import CAP, parse
from grm_core.types import ParseStatus

COMPLETIONS = Path(__file__).parent / "completions"

SCORE_LINES = [
    r"Scores: \boxed{7, 3}",
    r"Score: \boxed{7,3}",
    r"**Scores:** \boxed{7, 3}",
    r"**Scores**: \boxed{7, 3}",
    r"**Scores: \boxed{7, 3}**",
    r"### Scores: \boxed{7, 3}",
    "### Scores\n\n\\boxed{7, 3}",
    "Scores:\n\\boxed{7, 3}",
    "**Scores:**\n$$\n\\boxed{7, 3}\n$$",
    "\\[\n\\boxed{7, 3}\n\\]",
    r"Final scores - $\boxed{7, 3}$.",
    r"- **Final Scores**: \(\boxed{7, 3}\)",
    r"3. Overall score = \[ \boxed{7, 3} \]",
    r"| Scores | \boxed{7, 3} |",
    r"Scores (out of 10): \boxed{7, 3}",
    r"<scores>\boxed{7, 3}</scores>",
    "<scores>\n\\boxed{7, 3}\n</scores>",
    r"Scores: `\boxed{7, 3}`",
    "Scores:\n`\\boxed{7, 3}`",
    r"Scores: \boxed{7, 3}<|im_end|>",
    "Scores：\\boxed{7, 3}",
    r"\boxed{7, 3}",
    r"*\boxed{7, 3}*",
    "  \\boxed{ 7 , 3 }\t",
    r"\boxed {7, 3}",
    "Scores: \\boxed{7, 3}\r\n",
    "text\rScores: \\boxed{7, 3}\rmore",
    "\ufeffScores: \\boxed{7, 3}",
    "Scores: \\boxed{7, 3}\n\nThat is my judgment.",
]
SPACINGS = [
    r"7,\,3",
    r"7,\;3",
    r"7,\:3",
    r"7,\!3",
    r"7,\ 3",
    "7,~3",
    r"7,\quad 3",
    r"7\,,\qquad3",
    r"7, \text{ } 3",
    "7,\n3",
]
BRACKET_LINES = ["[7,3]", "Scores: [7, 3]", "**[7, 3]**", r"\[7, 3\]", r"\[ [7, 3] \]", "<scores>[7, 3]</scores>"]


@pytest.mark.parametrize("line", [*SCORE_LINES, *BRACKET_LINES])
def test_a_score_line_may_wear_a_label_and_markup(line: str) -> None:
    text = f"Response 1 is better.\n\n{line}"
    parsed = parse(text, 2, "stop")
    assert (parsed.status, parsed.shown_scores) == (ParseStatus.OK, (7, 3))
    assert [text[slice(*span)] for span in parsed.score_spans] == ["7", "3"]


@pytest.mark.parametrize("inside", SPACINGS)
def test_latex_spacing_in_the_box_is_ignored(inside: str) -> None:
    assert parse(rf"Scores: \boxed{{{inside}}}", 2).shown_scores == (7, 3)


@pytest.mark.parametrize("backslash", ["\\\\b", "\x08"])
def test_a_backslash_mangled_by_a_shell_or_json_is_understood(backslash: str) -> None:
    assert parse(f"Scores: {backslash}oxed{{7, 3}}", 2).shown_scores == (7, 3)


def test_one_and_many_responses_are_read() -> None:
    assert parse(r"Scores: \boxed{7}", 1).shown_scores == (7,)
    assert parse(rf"Scores: \boxed{{{', '.join(['10'] * 32)}}}", 32).shown_scores == (10,) * 32


@pytest.mark.parametrize("value", range(1, 11))
def test_every_integer_of_the_scale_is_read(value: int) -> None:
    assert parse(rf"\boxed{{{value}}}", 1).shown_scores == (value,)


@pytest.mark.parametrize(
    ("text", "n", "finish", "status"),
    [
        ("", 2, None, "empty"),
        (" \r\n\t", 2, "length", "empty"),
        ("Critique: both are fine", 2, "length", "truncated"),
        (r"Scores: \boxed{7, 3", 2, "stop", "truncated"),
        (r"Scores: \boxed{7", 2, None, "truncated"),
        (r"Scores: \boxed", 2, None, "truncated"),
        ("\\boxed{9}\n\nScores: \\boxed{7,", 2, "length", "truncated"),
        (r"I lean to \boxed{7, 3} but", 2, "length", "truncated"),
        (r"Scores: \boxed{7, 3}", 2, "length", "ok"),
        ("Scores: \\boxed{7, 3}\nScores: \\boxed{7,", 2, "length", "ok"),
        (r"Scores: \boxed{11, 3}", 2, "length", "out_of_range"),
        ("Scores: [7, 3", 2, "stop", "no_scores"),
        ("Scores: 7, 3", 2, "stop", "no_scores"),
        ("The better one is 8/10, **8**.", 1, "stop", "no_scores"),
        ("[[A]]", 2, "stop", "no_scores"),
        ("[A]\n[B]", 2, "stop", "no_scores"),
        (r"Scores: \boxed{7}", 2, "stop", "wrong_count"),
        (r"Scores: \boxed{7, 3, 1}", 2, "stop", "wrong_count"),
        (r"Scores: \boxed{}", 1, "stop", "wrong_count"),
        (r"Scores: \boxed{7,,3}", 2, "stop", "wrong_count"),
        (r"Scores: \boxed{7, 3,}", 2, "stop", "wrong_count"),
        (r"Scores: \boxed{7 3}", 2, "stop", "wrong_count"),
        (r"Scores: \boxed{7; 3}", 2, "stop", "wrong_count"),
        ("\\boxed{7}\n\\boxed{3}", 3, "stop", "wrong_count"),
        (r"Scores: \boxed{11}", 2, "stop", "wrong_count"),
        ("[11, 0]", 2, "stop", "out_of_range"),
        (r"Scores: \boxed{7, 3}", 0, "stop", "wrong_count"),
    ],
)
def test_what_is_wrong_is_named_in_order_of_precedence(text: str, n: int, finish: str | None, status: str) -> None:
    parsed = parse(text, n, finish)
    assert parsed.status == status
    assert (parsed.shown_scores is None) == (status != "ok")


@pytest.mark.parametrize(
    "value",
    [
        "0",
        "11",
        "-1",
        "+7",
        "7.5",
        "1e1",
        "1e999",
        "NaN",
        "Infinity",
        "ten",
        "７",
        "٧",
        "8/10",
        "**8**",
        "x",
        "7%",
        "9" * 5000,
    ],
)
def test_what_is_no_integer_of_the_scale_is_out_of_range(value: str) -> None:
    assert parse(rf"Scores: \boxed{{{value}, 3}}", 2).status == "out_of_range"


def test_equal_score_lines_count_once_and_different_ones_are_ambiguous() -> None:
    line = "Scores: \\boxed{7, 3}\n"
    twice = parse(line * 2, 2)
    assert (twice.status, twice.score_spans[0][0]) == ("ok", len(line) + line.index("7"))
    assert parse("[7, 3]\n[3, 7]", 2).status == "ambiguous"
    assert parse(line + r"\boxed{3, 7}", 2).status == "ambiguous"


def test_a_malformed_line_gives_way_to_a_well_formed_one() -> None:
    assert parse("Scores: \\boxed{x, y}\nScores: \\boxed{7, 3}", 2).shown_scores == (7, 3)
    assert parse("\\boxed{7}\n\\boxed{3}\n\\boxed{7, 3}", 2).shown_scores == (7, 3)


def test_brackets_count_only_where_no_line_holds_a_box_meant_as_scores() -> None:
    assert parse("[7, 3]\nScores: \\boxed{3, 7}", 2).shown_scores == (3, 7)
    assert parse("[7, 3]\nScores: \\boxed{11, 7}", 2).status == "out_of_range"
    assert parse("\\boxed{42}\n[7, 3]", 2).shown_scores == (7, 3)


def test_a_box_in_prose_counts_only_without_a_score_line_and_when_unopposed() -> None:
    assert parse(r"So I settle on \boxed{7, 3} in the end.", 2).shown_scores == (7, 3)
    assert parse(r"The final answer is: $\boxed{7, 3}$", 2).shown_scores == (7, 3)
    assert parse(r"I say \boxed{7, 3}, yes, \boxed{7, 3}.", 2).shown_scores == (7, 3)
    assert parse(r"Either \boxed{7, 3} or \boxed{3, 7}.", 2).status == "ambiguous"
    assert parse(r"The first gets \boxed{7}, the second \boxed{3}.", 3).status == "wrong_count"
    assert parse("At first \\boxed{5, 5}.\nScores: \\boxed{7, 3}", 2).shown_scores == (7, 3)


OURS = "Principles:\n1. Explains (weight: 40%)\nCritique:\nFine.\nScores: \\boxed{9, 2}"


def test_spans_are_exact_in_a_text_beyond_the_cap() -> None:
    text = "x" * (CAP + 5000) + "\n" + OURS
    parsed = parse(text, 2)
    assert [text[slice(*span)] for span in parsed.score_spans] == ["9", "2"]
    assert text[slice(*parsed.principles[0].span)] == "Explains (weight: 40%)"


def test_thinking_that_starts_before_the_cap_is_still_thinking() -> None:
    hidden = "<think>" + "x" * CAP + "\nScores: \\boxed{1, 10}\n"
    assert parse(hidden, 2).status == "no_scores"
    assert parse(hidden + "</think>\nScores: \\boxed{7, 3}", 2).shown_scores == (7, 3)


EXPECTED = {
    "deepseek_style": ("ok", (8, 4), 3),
    "xml_after_thinking": ("ok", (6, 9), 2),
    "markdown_headings": ("ok", (5, 5, 10), 3),
    "injection_quoted": ("ok", (2, 8), 2),
    "two_score_blocks": ("ambiguous", None, 2),
    "cut_in_the_box": ("truncated", None, 2),
    "rambling": ("no_scores", None, 0),
    "box_in_prose": ("ok", (7, 6), 0),
    "table_and_fence": ("ok", (3, 7), 2),
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recorded_style_completions_are_read(name: str) -> None:
    text = (COMPLETIONS / f"{name}.txt").read_text()
    status, scores, principles = EXPECTED[name]
    parsed = parse(text, 3 if name == "markdown_headings" else 2, "stop")
    assert (parsed.status, parsed.shown_scores, len(parsed.principles)) == (status, scores, principles)


def test_every_recorded_style_completion_has_an_expectation() -> None:
    assert {path.stem for path in COMPLETIONS.glob("*.txt")} == set(EXPECTED)
