"""Regexes as grammars of llama.cpp, tried by an engine of its own that reads both."""

import re

import pytest
from llguidance import LLMatcher, LLTokenizer
from llguidance.gbnf_to_lark import gbnf_to_lark

from grm_core import prompts
from grm_core.engines._gbnf import grammar

BYTES = LLTokenizer("byte")


def matches(regex: str, text: str) -> bool:
    """Whether the grammar of a regex takes the whole text."""
    written = grammar(regex)
    assert written is not None
    matcher = LLMatcher(BYTES, gbnf_to_lark(written))
    assert not matcher.is_error(), matcher.get_error()
    consumed = matcher.try_consume_tokens(list(text.encode()))
    return bool(consumed == len(text.encode()) and matcher.is_accepting())


@pytest.mark.parametrize(
    ("regex", "right", "wrong"),
    [
        (r"(?:1717|2323)", ["1717", "2323"], ["17", "17172323", ""]),
        (r"a\.b", ["a.b"], ["axb"]),
        (r"[a-c]{2,3}", ["ab", "abc"], ["a", "abca", "ad"]),
        (r"[^\n\r\\<\[`\x00-\x1f\u2028]+", ["plain é", "]^-"], ["a\n", "<", "[", "\\", "`", "\u2028"]),
        (r"\\boxed\{(?:[1-9]|10)\}", ["\\boxed{7}", "\\boxed{10}"], ["\\boxed{0}", "boxed{7}"]),
        (r"x(?:yz)?\d*", ["x", "xyz12"], ["xy", "yz"]),
        (r'"[\]\-^"]"', ['"]"', '"-"', '"^"', '"""'], ['"a"']),
        (r".\n", ["a\n"], ["\n\n", "a"]),
        (r"ab*", ["a", "abb"], ["abab"]),
    ],
)
def test_a_grammar_takes_what_the_regex_does(regex: str, right: list[str], wrong: list[str]) -> None:
    assert [bool(re.fullmatch(regex, text)) for text in right + wrong] == [True] * len(right) + [False] * len(wrong)
    assert [matches(regex, text) for text in right] == [True] * len(right)
    assert [matches(regex, text) for text in wrong] == [False] * len(wrong)


def test_the_formats_of_all_templates_can_be_put_as_grammars() -> None:
    text = "Principles:\n1. Is it true and whole (weight: 50%)\n2. Form as it was asked (weight: 50%)\nCritique:\n"
    text += "".join(f"Response {i}: It says what was asked of it.\n" for i in (1, 2))
    assert matches(prompts.structure(2), text + "Scores: \\boxed{7, 10}")
    assert not matches(prompts.structure(2), text + "Scores: \\boxed{7, 11}")
    for name in ("pointwise", "ratings", "verdict", "judge", "compact"):
        assert grammar(prompts.structure_of(name, 3)) is not None


@pytest.mark.parametrize("regex", ["^a", "a$", "(?i)a", "(?=a)b", r"(a)\1", r"\bword", "(?<n>a)"])
def test_what_a_grammar_cannot_say_is_none(regex: str) -> None:
    assert grammar(regex) is None
