"""How text that others wrote becomes part of a document: one escaper for Markdown, one for a spreadsheet.

There is none for HTML: the templates escape by themselves (see page.py).
"""

import re
from itertools import pairwise

_SURROGATE = re.compile("[\ud800-\udfff]")
_MARKUP = re.compile(r"[\\`*{}<>#|~$&]|(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])")
"""Markup inside a line. An underscore within a word and a bracket that opens no link are not."""


def encodable(text: str) -> str:
    """The text with lone surrogates as U+FFFD: UTF-8 cannot carry them."""
    return _SURROGATE.sub("\ufffd", text)


def plain(text: str) -> str:
    """One line of Markdown in which nothing is markup; it fits a cell of a table, too."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))


def fenced(text: str) -> str:
    """A code block of Markdown that the text cannot close."""
    runs = [0]
    for before, mark in pairwise(" " + text):
        runs.append(runs[-1] + 1 if mark == "`" and before == "`" else int(mark == "`"))
    fence = "`" * max(3, max(runs) + 1)
    return f"{fence}\n{text}\n{fence}"


def harmless(text: str) -> str:
    """The text as a cell of a spreadsheet: one that would run as a formula gets an apostrophe before it."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r") else text
