"""A regex as a grammar of llama.cpp (GBNF), for servers that hold a model to nothing else."""

import re

_TOKEN = re.compile(
    r"\\(?P<escaped>x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)"
    r"|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<open>\((?:\?:)?)(?!\?)"
    r"|(?P<mark>[)|])"
    r"|(?P<times>[*+?]|\{\d+(?:,\d*)?\})\??"
    r"|(?P<char>[^(^$])",
    re.DOTALL,
)
_IN_SET = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": r" \t\n\r"}
_QUOTE, _SPECIAL = '"', "[]-^"
_CONTROLS = {"n": r"\n", "r": r"\r", "t": r"\t"}


def grammar(regex: str) -> str | None:
    """The grammar that matches what the regex does; None for one with anchors, lookarounds or references."""
    items: list[str] = []
    at = 0
    while at < len(regex):
        token = _TOKEN.match(regex, at)
        if token is None:
            return None
        at = token.end()
        if token["times"]:
            items[-1] += token["times"]
            continue
        item = _item(token)
        if item is None:
            return None
        items.append(item)
    return f"root ::= {' '.join(items)}"


def _item(token: re.Match[str]) -> str | None:
    escaped = token["escaped"]
    if escaped is not None:
        if escaped in _CLASSES:
            return f"[{_CLASSES[escaped]}]"
        written = _escape(escaped, _QUOTE)
        return None if written is None else f'"{written}"'
    if token["set"]:
        return _set(token["set"])
    if token["open"]:
        return "("
    if token["mark"]:
        return token["mark"]
    return r"[^\n]" if token["char"] == "." else f'"{_literal(token["char"], _QUOTE)}"'


def _set(text: str) -> str | None:
    start = 2 if text.startswith("[^") else 1
    written = ""
    at = start
    while at < len(text) - 1:
        escape = _IN_SET.match(text, at)
        if escape is None:
            piece: str | None = text[at] if text[at] == "-" else _literal(text[at], _SPECIAL)
            at += 1
        else:
            piece = _CLASSES.get(escape[1]) or _escape(escape[1], _SPECIAL)
            at = escape.end()
        if piece is None:
            return None
        written += piece
    return f"{text[:start]}{written}]"


def _escape(escaped: str, special: str) -> str | None:
    """The character behind a backslash, as a grammar writes it; None where it is none."""
    if len(escaped) > 1:
        return f"\\{escaped}"
    if escaped in _CONTROLS:
        return _CONTROLS[escaped]
    return None if escaped.isalnum() else _literal(escaped, special)


def _literal(char: str, special: str) -> str:
    """A character where it means itself, though it may be `special` there."""
    if char in "-^" and special == _SPECIAL:
        return f"\\x{ord(char):02X}"
    return f"\\{char}" if char == "\\" or char in special else char
