"""How many completion tokens a refusal leaves room for: read from the sentences of vLLM, SGLang, OpenAI and others."""

import re

LEAST = 256
"""Tokens below which a judgment is not asked for: principles, a critique and the scores of a few responses."""
_LENGTHS = re.compile(
    r"(?i)max_\w*tokens|context|token.?(?:limit|count)|too many tokens|maximum \w* ?length|output tokens"
)
_OF_COMPLETION = re.compile(r"(?i)max_?(?:completion_|new_|output_)?tokens|completion tokens|output tokens|generat")
_TOO_LARGE = re.compile(
    r"(?i)too (?:large|high|big|many|long)|exceed|invalid|greater|less than|at most|beyond|must be|limit"
)
_SUM = re.compile(r"(\d+)\s*\+\s*(\d+)\s*>\s*(\d+)")  # Anthropic: prompt + max_tokens > context
_DIFFERENCE = re.compile(r"\d+\s*>\s*(\d+)\s*-\s*(\d+)")  # vLLM: max_tokens > context - prompt
_CONTEXT = re.compile(
    r"(?i)(?:context(?:[ _](?:length|window|size))?|maximum (?:\w+ )?length|max_model_len|n_ctx|max_total_tokens)"
    r"\D{0,40}?(\d{2,})"
    r"|tokens`? must be <= (\d{2,})"
)
_PROMPT = re.compile(
    r"(?i)(\d+) (?:tokens )?(?:in|from|of|for) (?:the |your )?(?:input|prompt|message|text)"
    r"|(\d+) `?(?:input|prompt|inputs)`?(?: tokens)?\b"
    r"|(?:prompt|input|messages|request)\b[^.;\d]{0,40}?(\d+) ?(?:input |prompt )?tokens"
)
_TOTAL = re.compile(r"(?i)(?:requested|total of|requires|needs)\D{0,30}?(\d+) (?:total )?tokens")
_CAP = re.compile(
    r"(?i)(?:at most|less than or equal to|<=|≤|up to|no more than|(?:can|must) ?not exceed"
    r"|limit(?:ed)?(?: is| of| to)?|maximum(?: \w+)*?(?: is| of|:)?|\[\d+, ?|between \d+ and|>)\W{0,3}(\d+)"
)


def left(words: str, tokens: int) -> int | None:
    """Completion tokens that may be asked for instead of `wanted`; None where a refusal is not about their number.

    Where a server tells no number it is half of them. What is below 1 leaves no room at all.
    """
    if not _LENGTHS.search(words):
        return None
    text = re.sub(r"(?<=\d)[,_](?=\d{3}(?!\d))", "", words)
    if sums := _SUM.search(text):
        return int(sums[3]) - int(sums[1])
    if difference := _DIFFERENCE.search(text):
        return int(difference[1]) - int(difference[2])
    context, prompt = _number(_CONTEXT, text), _prompt(text, tokens)
    if context is not None and prompt is not None:
        return context - prompt
    caps = [int(cap[1]) for cap in _CAP.finditer(text) if 0 < int(cap[1]) < tokens]
    if caps and _OF_COMPLETION.search(text):
        return min(caps)
    return tokens // 2 if _TOO_LARGE.search(text) else None


def _prompt(text: str, tokens: int) -> int | None:
    prompt, total = _number(_PROMPT, text), _number(_TOTAL, text)
    if prompt is None and total is not None and total > tokens:
        return total - tokens
    return prompt


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return None if match is None else int(next(group for group in match.groups() if group is not None))
