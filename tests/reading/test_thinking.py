"""Thinking in whatever marks is never read; what cannot be told apart casts no vote."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grm_core.reading import boxed_choice, letter_choice
from grm_core.reading.parsing import CAP, parse

DRAFT = "Maybe the second.\nPrinciples:\n1. Speed (weight: 90%)\nCritique:\nBad.\nScores: \\boxed{2, 9}\nNo: the fir"
ANSWER = "Principles:\n1. Accuracy (weight: 60%)\nCritique:\nThe first is right.\nScores: \\boxed{8, 3}"

FORMATS = {  # what opens the thinking, what closes it
    "deepseek, qwen, glm, ernie, step3, nemotron, minimax": ("<think>", "</think>"),
    "claude": ("<thinking>", "</thinking>"),
    "mistral": ("[THINK]", "[/THINK]"),
    "seed-oss": ("<seed:think>", "</seed:think>"),
    "minimax m3": ("<mm:think>", "</mm:think>"),
    "hunyuan v4": ("<think:6124c78e>", "</think:6124c78e>"),
    "hunyuan a13b": ("<think>\n", "\n</think>\n<answer>\n"),
    "k2 horizon": ("<ifm|think_fast>", "</ifm|think_fast>"),
    "plamo": ("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>"),
    "gemma 4": ("<|channel>thought\n", "<channel|>"),
    "gpt-oss": ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    "gpt-oss, constrained": (
        "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final <|constrain|>json<|message|>"
    ),
    "gpt-oss, two of analysis": (
        "<|channel|>analysis<|message|>",
        "<|end|><|start|>assistant<|channel|>commentary<|message|>So.\n[1, 1]\n<|end|>"
        "<|start|>assistant<|channel|>final<|message|>",
    ),
    "gpt-oss, no final": ("<|channel|>analysis<|message|>", "<|end|>"),
    "gpt-oss without its tokens": ("analysis", "assistantfinal"),
    "kimi": ("◁think▷", "◁/think▷"),
    "kimi k3": ("<|open|>think<|sep|>", "<|close|>think<|sep|><|open|>response<|sep|>"),
    "kimi k3, spaced": ("<|open|> think <|sep|>", "<|close|> think <|sep|>"),
    "cohere": ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    "cohere, thinking never ended": ("<|START_THINKING|>", "<|START_TEXT|>"),
    "granite": ("Here is my thought process:", "Here is my response:"),
    "granite, quantized": ("Here's my thought process:", "Here's my response:"),
    "openthinker": ("<|begin_of_thought|>", "<|end_of_thought|>\n\n<|begin_of_solution|>"),
    "inkling": (
        "<|message_model|><|content_thinking|>", "<|end_message|><|message_model|><|content_text|>"
    ),
    "muse": ("to=self<|message|>", "<|eom|><|start|>assistant to=user<|message|>"),
    "apertus": ("<|inner_prefix|>", "<|inner_suffix|>"),
    "exaone": ("<thought>", "</thought>"),
    "reasoning": ("<reasoning>", "</reasoning>"),
    "analysis": ("<analysis>", "</analysis>"),
    "reasoning in square brackets": ("[REASONING]", "[/REASONING]"),
    "reflection": ("<reflection>", "</reflection>"),
    "scratchpad": ("<scratchpad>", "</scratchpad>"),
    "inner thoughts": ("<innerThoughts>", "</innerThoughts>"),
    "chain": ("<chain_of_thought>", "</chain_of_thought>"),
    "tokens": ("<|think|>", "<|/think|>"),
    "tokens of a turn": ("<|im_think|>", "<|/im_think|>"),
    "words in square brackets": ("[BEGIN REASONING]\n", "\n[END REASONING]"),
    "tokens by word": ("<|thinking_start|>", "<|thinking_end|>"),
    "a folded block": ('<details type="reasoning" done="true">\n<summary>Thought</summary>', "</details>"),
    "attributes": ('<think effort="high">', "</think>"),
    "mixed": ("<think>", "</thinking>"),
    "an unknown name": ("<ponder>", "</ponder>"),
    "an unknown name in capitals": ("[PONDER]", "[/PONDER]"),
    "an unknown name, Kimi's marks": ("◁ponder▷", "◁/ponder▷"),
    "an unknown token": ("<|begin_of_pondering|>", "<|end_of_pondering|>"),
    "an unknown token, Gemma's marks": ("<|ponder>", "<ponder|>"),
}  # fmt: skip
WEAK = {"gpt-oss, no final", "granite", "granite, quantized", "cohere, thinking never ended", "inkling", "muse"}
"""What closes here also ends a turn, or is a plain sentence: alone it closes nothing."""
TOKENS_ALONE = {"an unknown token", "a folded block"}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("space", ["", "\n", "\n\n"])
def test_what_is_thought_is_never_read(name: str, space: str) -> None:
    opening, closing = FORMATS[name]
    text = f"{opening}{DRAFT}st.{space}{closing}{space}{ANSWER}"
    parsed = parse(text, 2, "stop")
    assert (parsed.status, parsed.shown_scores) == ("ok", (8, 3))
    assert [principle.text for principle in parsed.principles] == ["Accuracy"]
    assert parsed.critique_span is not None
    assert text[slice(*parsed.critique_span)] == "The first is right."
    assert [text[slice(*span)] for span in parsed.score_spans] == ["8", "3"]


@pytest.mark.parametrize("name", FORMATS)
def test_thinking_that_was_cut_off_is_truncated(name: str) -> None:
    assert parse(FORMATS[name][0] + DRAFT, 2, "length").status == "truncated"
    assert parse(FORMATS[name][0] + DRAFT, 2, "max_tokens").status == "truncated"


@pytest.mark.parametrize("name", sorted(set(FORMATS) - WEAK - TOKENS_ALONE))
def test_a_closing_mark_alone_makes_all_before_it_thinking(name: str) -> None:
    assert parse(f"{DRAFT}st.\n{FORMATS[name][1]}{ANSWER}", 2, "stop").shown_scores == (8, 3)


@pytest.mark.parametrize("name", FORMATS)
def test_an_empty_answer_has_no_scores_whatever_was_thought(name: str) -> None:
    opening, closing = FORMATS[name]
    parsed = parse(f"{opening}{DRAFT}st.\n{closing}The first is right.", 2, "stop")
    assert (parsed.status, parsed.principles) == ("no_scores", ())


@pytest.mark.parametrize(
    "text",
    [
        f"So.\n<ponder>{DRAFT}st.</ponder>{ANSWER}",
        f"So.\n<ponder>\n{DRAFT}st.\n</ponder>\n{ANSWER}",
        f"{DRAFT}st.\n<|zzz|>{ANSWER}",
        "Scores: \\boxed{2, 9}\nNo.<|zzz|>Scores: \\boxed{8, 3}",
        "Scores: \\boxed{2, 9}\n<final>Scores: \\boxed{8, 3}</final>",
        "Scores: \\boxed{2, 9}\n<answer>\\boxed{8, 3}</answer>",
        "Scores: \\boxed{2, 9}\n<b>Scores:</b> \\boxed{8, 3}",
        "Scores: \\boxed{2, 9}\n<p>Scores: \\boxed{8, 3}</p>",
        "Scores: \\boxed{2, 9}\n[RESULT] \\boxed{8, 3}",
    ],
)
def test_two_lines_of_scores_between_which_no_mark_decides_are_ambiguous(text: str) -> None:
    assert parse(text, 2, "stop").status == "ambiguous"


@pytest.mark.parametrize(
    "text",
    [
        "<judgment>\n{}\n</judgment>",
        "<judgment>\n{}\n</judgment>\n\nThat is all.",
        "<critique>\nThe first is right.\n</critique>\n{}",
        "<answer>{}</answer>",
        "<ponder>\n{}\n</ponder>",  # nothing behind it: this is the answer
        "<|START_RESPONSE|>{}<|END_RESPONSE|>",
        "{}<|im_end|>\n<|im_start|>user\nThanks!",
        "{}<|eot_id|>",
        "{}<|end|>",
        "The tag <section> is missing.\n{}",
        "Response 1 shows <Foo>a</Foo> unfenced.\n{}",
        "[Response 1] is right.\n{}",
        "Response 2 writes analysis, the first assistantfina.\n{}",
        "Here is my response:\n{}",
        "{}\nHere is my response: thanks.",
        "<type>Chat</type>\n<rubric>Facts</rubric>\n{}",
        "Analysis:\nfine.\n{}",
        "[Reasoning]\nfine.\n[Scores]\n{}",
    ],
)
def test_marks_of_an_answer_hide_nothing(text: str) -> None:
    assert parse(text.format("Scores: \\boxed{8, 3}"), 2, "stop").shown_scores == (8, 3)


def test_an_analysis_that_follows_criteria_is_the_critique() -> None:
    text = "<criteria>\n- Facts (6)\n</criteria>\n<analysis>\nGood.\n</analysis>\n<scores>\n\\boxed{8, 3}\n</scores>"
    parsed = parse(text, 2)
    assert parsed.critique_span is not None
    assert (text[slice(*parsed.critique_span)], len(parsed.principles)) == ("Good.", 1)


@pytest.mark.parametrize("name", ["seed-oss", "gemma 4", "gpt-oss without its tokens", "granite", "an unknown name"])
def test_thinking_longer_than_what_is_read_is_still_thinking(name: str) -> None:
    opening, closing = FORMATS[name]
    long = f"{opening}{'x ' * CAP}\nScores: \\boxed{{2, 9}}\n"
    assert parse(f"{long}{closing}{ANSWER}", 2, "stop").shown_scores == (8, 3)
    assert parse(long, 2, "length").status == "truncated"


def test_a_letter_or_an_index_in_thinking_is_no_verdict() -> None:
    for opening, closing in FORMATS.values():
        assert letter_choice.read(f"{opening}Verdict: [[A]]\nNo.\n{closing}Verdict: [[B]]", 2, "stop").shown == 1
        assert boxed_choice.read(f"{opening}\\boxed{{1}}\nNo.\n{closing}\\boxed{{2}}", 2, "stop").shown == 1
        assert letter_choice.read(f"{opening}Verdict: [[A]]\nNo: the", 2, "length").status == "truncated"
        assert boxed_choice.read(f"{opening}\\boxed{{1}}\nNo: the", 2, "length").status == "truncated"


WORDS = st.lists(st.sampled_from(["so", "the first", "Scores: \\boxed{2, 9}", "[2, 9]", "\n", ". ", '"']), max_size=12)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(set(FORMATS) - {"granite", "granite, quantized"})), WORDS)
def test_no_thought_changes_the_scores(name: str, words: list[str]) -> None:
    opening, closing = FORMATS[name]
    assert parse(f"{opening} {' '.join(words)} \n{closing}\n{ANSWER}", 2, "stop").shown_scores == (8, 3)


QUOTED = ['"', "'", "`", "``", ("“", "”"), ("«", "»")]


@pytest.mark.parametrize("signs", QUOTED)
@pytest.mark.parametrize("opening", ["<think>", "[THINK]", "<seed:think>", "<ponder>"])
def test_thinking_may_begin_and_end_with_a_quotation(signs: str | tuple[str, str], opening: str) -> None:
    left, right = signs if isinstance(signs, tuple) else (signs, signs)
    closing = opening[0] + "/" + opening[1:]
    words = f"{left}Well.{right} So.\nScores: \\boxed{{2, 9}}\nAnd {left}done.{right}"
    for text in (f"{opening}{words}{closing}\n{ANSWER}", f"{words}{closing}\n{ANSWER}"):
        assert parse(text, 2, "stop").shown_scores == (8, 3)
    assert parse(f"{opening}{left}Well.\nScores: \\boxed{{2, 9}}\nNo", 2, "length").status == "truncated"
    assert parse(f"{opening}{words}{closing}{left}Fair.{right}\n{ANSWER}", 2, "stop").shown_scores == (8, 3)


@pytest.mark.parametrize("signs", QUOTED)
def test_marks_of_thinking_that_are_quoted_hide_nothing(signs: str | tuple[str, str]) -> None:
    left, right = signs if isinstance(signs, tuple) else (signs, signs)
    for words in ("<think>", "</think>", "<think>Well</think>", "<think>Well"):
        parsed = parse(f"{ANSWER}\nIt's odd that it has {left}{words}{right} in it.", 2, "stop")
        assert (parsed.shown_scores, len(parsed.principles)) == ((8, 3), 1), words
