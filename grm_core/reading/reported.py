r"""What a judge reports in the middle of a sentence: `Response 2 ends with \boxed{10, 1}` gives no scores.

A response may box its answer or a score of its own, and a query may ask for a box; a critique that tells of it
without quotation marks must not vote for it. Only plain reports count: who wrote it, a verb of writing, and the box.
"""

import re

from grm_core.reading.labels import RESPONSE_NOUN

_NAMED = rf"\b{RESPONSE_NOUN}[ \t]*+[#№]?(?:\d{{1,2}}|(?-i:[A-H]))\b"
_WHO = (
    rf"(?:{_NAMED}|\b(?:it|which|both)\b|\b(?:the|this|that|user's|first|second|third|fourth|other|last)[ \t]+"
    r"(?:response|answer|assistant|candidate|reply|query|prompt|question|user|text|instruction|message|author)\b)"
)
_VERB = (
    r"\b(?:end(?:s|ed|ing)|conclud(?:es|ed)|finish(?:es|ed)|box(?:es|ed)|writes?|wrote|says|said|stat(?:es|ed)|claim(?:s|ed)"
    r"|outputs?|print(?:s|ed)|ask(?:s|ed)|tells|told|instruct(?:s|ed)|demand(?:s|ed)|wants|wanted|request(?:s|ed)"
    r"|contain(?:s|ed)|includ(?:es|ed)|insert(?:s|ed)|inject(?:s|ed)|embed(?:s|ded)|quot(?:es|ed)|repeat(?:s|ed)"
    r"|arriv(?:es|ed)|obtain(?:s|ed)|comput(?:es|ed)|calculat(?:es|ed)|return(?:s|ed)|repl(?:ies|ied))\b"
)
_TAIL = (
    r"(?:[ \t:,;$*_(—–-]|\\[(\[]|\b(?:with|that|the|an?|its|their|own|final|fake|answer|result|value|line|text|words?"
    r"|box|scores?|ratings?|list|number|as|in|at|to|for|me|us|judges?|readers?|grader|model|end|is|it|output|write"
    r"|print|give|assign|put|say|by)\b){0,24}+(?=(?:\\{1,2}b|\x08)oxed|\[\[)"
)
"""What may stand between the verb and the box or letter."""
_ANSWERS = r"(?:answer|solution|conclusion)s?"
_SAID = re.compile(rf"{_WHO}[^.!?\n]{{0,60}}?{_VERB}{_TAIL}", re.IGNORECASE)
_ANSWER = re.compile(
    rf"(?:\b{_ANSWERS}[ \t]+(?:of|in|by|from)[ \t]+(?:the[ \t]+)?{_NAMED}"
    rf"|(?:{_NAMED}['’]s|\bits)[ \t]+(?:final[ \t]+)?{_ANSWERS}"
    rf"|\b(?:correct|right|true|actual|expected|reference|wrong)[ \t]+(?:final[ \t]+)?{_ANSWERS})"
    rf"\b[^.!?\n]{{0,30}}?(?:\b(?:is|was|of|as|be)\b|[=:,]){_TAIL}",
    re.IGNORECASE,
)


def said(seen: str) -> frozenset[int]:
    """Where boxes and letters begin of which the words before, in their sentence, say that another wrote them."""
    return frozenset(match.end() for match in _SAID.finditer(seen))


def answers(seen: str) -> frozenset[int]:
    """Where boxes begin that are called an answer to the query, a response's or the right one."""
    return frozenset(match.end() for match in _ANSWER.finditer(seen))
