"""Optional fields of a chat completion, and those that one server has shown to take.

Every extra is first asked for; a server that refuses one, or that visibly ignores it, is not asked for it again. A
refusal that names a field is believed. After one that names none the extras are tried one by one, see `_ask`.
"""

import asyncio
import re
from collections.abc import Set
from enum import StrEnum
from typing import Any

from grm_core.engines import _gbnf
from grm_core.engines._chat import in_words
from grm_core.engines._http import Rejected


class Extra(StrEnum):
    """Something that vLLM offers and another server may not."""

    MODELS = "model list"
    COUNT = "token count"
    MANY = "n > 1"
    N = "n"
    SEED = "seed"
    STREAM = "stream"
    USAGE = "stream_options"
    STEADY_USAGE = "continuous_usage_stats"
    TOKEN_IDS = "return_token_ids"
    MOST = "largest n"
    STRUCTURE = "structured_outputs"
    REGEX = "regex"
    """SGLang's way to hold a model to a format."""
    GRAMMAR = "grammar"
    """llama.cpp's way."""
    LOGPROBS = "top_logprobs"
    THINKING = "chat_template_kwargs"
    BEGUN = "continue_final_message"
    """Going on from a reply that was begun."""
    STOP = "stop"
    TOP_P = "top_p"
    TEMPERATURE = "temperature"
    MAX_TOKENS = "max_tokens"
    """Under this name, and not as max_completion_tokens."""
    LENGTH = "max_completion_tokens"
    ROOM = "room"


LOSSES = {
    Extra.MODELS: "lists no models, the named one is used",
    Extra.COUNT: "does not count tokens, so a prompt that is too long shows only when it is refused",
    Extra.MANY: "writes one completion a request, so samples are asked for one by one",
    Extra.SEED: "takes no seed, so the same samples cannot be drawn again",
    Extra.STREAM: "does not stream, so a text shows when it is whole",
    Extra.USAGE: "counts no tokens in streams",
    Extra.STEADY_USAGE: "counts the tokens of a stream at its end only",
    Extra.TOKEN_IDS: "does not count the tokens of samples that share a request, so those counts are estimates",
    Extra.STRUCTURE: "does not hold the model to a format",
    Extra.LOGPROBS: "tells no token probabilities",
    Extra.THINKING: "cannot be told whether to think first, so the model does as it is set up there",
    Extra.STOP: "takes no stop texts, so completions are cut here",
    Extra.TOP_P: "takes no top_p",
    Extra.TEMPERATURE: "takes no temperature and uses its own",
    Extra.LENGTH: "takes no bound on the length of a completion",
    Extra.ROOM: "has no room for max_tokens beside some prompts, so it is lowered for them",
}
"""What a user gives up without an extra."""

_FIELDS = {
    "n": Extra.N,
    "seed": Extra.SEED,
    "stream": Extra.STREAM,
    "stream_options": Extra.USAGE,
    "return_token_ids": Extra.TOKEN_IDS,
    "structured_outputs": Extra.STRUCTURE,
    "regex": Extra.REGEX,
    "grammar": Extra.GRAMMAR,
    "logprobs": Extra.LOGPROBS,
    "top_logprobs": Extra.LOGPROBS,
    "chat_template_kwargs": Extra.THINKING,
    "continue_final_message": Extra.BEGUN,
    "add_generation_prompt": Extra.BEGUN,
    "stop": Extra.STOP,
    "top_p": Extra.TOP_P,
    "temperature": Extra.TEMPERATURE,
    "max_tokens": Extra.MAX_TOKENS,
    "max_completion_tokens": Extra.LENGTH,
}
_SEVERAL = re.compile(
    r"(?<![\w\\])n(?!\w)"
    r"|(?i:\b(?:one|1|single)\b.{0,20}\b(?:completion|choice|candidate|generation|alternative|output)s?\b"
    r"|\b(?:multiple|several|too many|more than (?:one|1)) "
    r"(?:\w+ )?(?:completion|choice|candidate|generation|sample)s?\b"
    r"|candidate_?count|best_of|num_?(?:completions|choices|generations|samples|return_sequences))"
)
_UNKNOWN = (
    r"\b(?:unknown|unrecogni[sz]ed|unsupported|unexpected|extra|additional|disallowed|knows? no"
    r"|not (?:permitted|supported|allowed|accepted|known|accept|allow|know|support))\b.{0,60}"
)
_NAMES = {
    Extra.MANY: _SEVERAL,
    Extra.N: _SEVERAL,
    Extra.SEED: re.compile(r"(?i)\b(?:random_?)?seed\b"),
    Extra.STREAM: re.compile(r"(?i)\bstream(?:ing|ed|s)?\b"),
    Extra.USAGE: re.compile(r"(?i)stream_?options(?!\.continuous)|include_usage"),
    Extra.STEADY_USAGE: re.compile(r"(?i)continuous_usage|stream_?options"),
    Extra.TOKEN_IDS: re.compile(r"(?i)return_token_ids|token_ids"),
    Extra.STRUCTURE: re.compile(r"(?i)structured.?outputs?|guided|grammar|regex|constrained"),
    Extra.REGEX: re.compile(r"(?i)regex|structured|guided|constrained"),
    Extra.GRAMMAR: re.compile(r"(?i)grammar|gbnf|structured|guided|constrained"),
    Extra.LOGPROBS: re.compile(r"(?i)log_?prob|log.probabilit"),
    Extra.THINKING: re.compile(r"(?i)chat_?template_?kwargs|(?:enable_)?thinking"),
    Extra.BEGUN: re.compile(
        r"(?i)continue_final|add_generation|\bprefill|\balternat\w+"
        r"|\b(?:last|final|ends?) (?:\w+ ){0,4}?(?:role|message|turn|assistant|user)\b"
        r"|\bassistant (?:\w+ ){0,5}?(?:last|final|end)\b"
    ),
    Extra.STOP: re.compile(
        r"(?i)['\"`]stop['\"`]|\bstop_?(?:sequence|word|token)s?\b|\bstop (?:param|is |not )|: ?stop\b"
    ),
    Extra.TOP_P: re.compile(r"(?i)\btop_?p\b"),
    Extra.TEMPERATURE: re.compile(r"(?i)\btemperature\b"),
    Extra.MAX_TOKENS: re.compile(
        r"(?i)(?=.*\bmax_tokens\b)(?=.*\bmax_completion_tokens\b)"
        r".*\b(?:instead|unsupported|not supported|deprecated|rather)"
        rf"|{_UNKNOWN}\bmax_tokens\b"
    ),
    Extra.LENGTH: re.compile(rf"(?i){_UNKNOWN}\bmax_completion_tokens\b"),
}
NEEDS = {
    Extra.MANY: Extra.N,
    Extra.TOKEN_IDS: Extra.MANY,
    Extra.USAGE: Extra.STREAM,
    Extra.STEADY_USAGE: Extra.USAGE,
}
"""What can be asked for only together with another extra."""
ALONE = (
    Extra.N, Extra.MANY, Extra.TOKEN_IDS, Extra.STREAM, Extra.USAGE, Extra.STEADY_USAGE, Extra.SEED, Extra.STRUCTURE,
    Extra.REGEX, Extra.GRAMMAR, Extra.LOGPROBS, Extra.THINKING, Extra.BEGUN, Extra.TOP_P, Extra.TEMPERATURE,
    Extra.STOP,
)  # fmt: skip
"""The extras that a request can be made with by themselves, what others need before them."""
FORMS = (Extra.STRUCTURE, Extra.REGEX, Extra.GRAMMAR)
"""The ways to hold a model to a format, each tried where a server does not take the one before."""
OWNERS = {"sglang": frozenset({Extra.STRUCTURE}), "llamacpp": frozenset({Extra.STRUCTURE, Extra.REGEX})}
"""What servers are known to ignore, by the owner that they name in their list of models."""
LENGTHS = frozenset({Extra.MAX_TOKENS, Extra.LENGTH})
_SURE = LENGTHS | {Extra.TOP_P, Extra.N, Extra.SEED, Extra.TEMPERATURE}
"""What a server that lists its models as vLLM does takes: its refusal is about something else."""
_INSIDE = (
    (Extra.MANY, {Extra.N}),
    (Extra.USAGE, {Extra.STREAM}),
    (Extra.STEADY_USAGE, {Extra.STREAM, Extra.USAGE}),
)
"""Where the first of these is named, the others may be meant only as what it is a part of."""
_IMPLIED = (
    (Extra.USAGE, Extra.STEADY_USAGE),
    (Extra.STREAM, Extra.STEADY_USAGE),
    (Extra.STREAM, Extra.USAGE),
    (Extra.MANY, Extra.MOST),
)
"""Where the first is told, the second need not be."""
_NOT_FIELDS = frozenset({401, 402, 407, 408, 409, 425, 429})
_MAYBE_FIELDS = frozenset({0, 400, 403, 404, 405, 406, 415, 422, 500, 501})
_ELSEWHERE = re.compile(
    r"(?i)model\b.*\b(?:not found|not exist|unknown|unavailable)|no such model|context.(?:length|size|window)|too long"
    r"|polic(?:y|ies)|safety|moderat|quota|billing|credit|api.key|unauthori[sz]ed"
)
"""What a refusal speaks of that is about no field."""
_ACCEPTED = re.compile(
    r"(?i)(?<!not )(?<!n't )\b(?:supported|allowed|valid|accepted|permitted|expected|known|available)\b[^.:;]{0,40}:"
    r"|\bmust be one of\b|\bexpected one of\b"
)
"""After these words a refusal lists what would be right."""
_MOST_VAIN = 3
_MOST = re.compile(
    r"(?i)(?:(?P<below><(?!=)|(?:less|fewer|smaller) than(?! or equal))"
    r"|<=|≤|at most|than or equal to|no (?:more|greater|larger) than|exceed\w*|max(?:imum)?\b|up to|limit\w*|only"
    r"|\b[01] ?(?:and|to|-|–|,|\.{2,3})(?= ?\d))(?P<between>[^\d;]{0,40}?)(?P<number>\d+)"
)
"""A number of completions that a refusal allows."""
_BOUND = re.compile(r"(?i)(?:<=|≤|at most|less than or equal to|maximum\D{0,20}|between 0 and|up to)\D{0,12}(\d+)")


def extras(sent: dict[str, Any]) -> frozenset[Extra]:
    """The extras that a request asks for."""
    held = {extra for field, extra in _FIELDS.items() if field in sent}
    if sent.get("n", 1) > 1:
        held.add(Extra.MANY)
    if "continuous_usage_stats" in sent.get("stream_options", ()):
        held.add(Extra.STEADY_USAGE)
    return frozenset(held)


def reduced(sent: dict[str, Any], without: Set[Extra]) -> dict[str, Any]:
    """The request without some extras; of several completions one is left, max_tokens goes by its newer name."""
    kept = {field: value for field, value in sent.items() if _FIELDS.get(field) not in without}
    if Extra.BEGUN in without and "continue_final_message" in sent:
        kept["messages"] = in_words(sent["messages"])
    if Extra.MAX_TOKENS in without and Extra.LENGTH not in without and "max_tokens" in sent:
        kept["max_completion_tokens"] = sent["max_tokens"]
    if Extra.STREAM in without:
        kept.pop("stream_options", None)
    if Extra.STEADY_USAGE in without and "stream_options" in kept:
        kept["stream_options"] = {"include_usage": True}
    if Extra.STRUCTURE in without and "structured_outputs" in sent:
        kept |= _other_form(sent["structured_outputs"]["regex"], without)
    if Extra.MANY in without and "n" in kept:
        kept["n"] = 1
    if kept.get("n", 1) == 1:
        kept.pop("return_token_ids", None)
    return kept


def _other_form(regex: str, without: Set[Extra]) -> dict[str, Any]:
    if Extra.REGEX not in without:
        return {"regex": regex}
    grammar = None if Extra.GRAMMAR in without else _gbnf.grammar(regex)
    return {} if grammar is None else {"grammar": grammar}


def needed(extra: Extra) -> frozenset[Extra]:
    """An extra with those that it needs."""
    return frozenset({extra}) | (needed(NEEDS[extra]) if extra in NEEDS else frozenset())


def _complaint(error: Rejected) -> str:
    """What a refusal says before it lists what would be right."""
    return _ACCEPTED.split(error.reason.words)[0]


class Dialect:
    """The extras that one server takes, as far as it has shown."""

    def __init__(self) -> None:
        self.lacks: set[Extra] = set()
        self.proven: set[Extra] = set()
        """Extras that stood in a request which was accepted."""
        self.vain = 0
        """Requests that were refused without naming a field, and also without any extra."""
        self.searching = asyncio.Lock()
        """Held while it is found out what a refusal is about that names no field."""
        self.only_streams = False
        """Whether the server answers as a stream only."""
        self.trusted = False
        """Whether the server lists its models as vLLM does."""
        self.limit: int | None = None
        """Tokens of the model's context, prompt and completion together, where the server tells it."""
        self.most: int | None = None
        """Completions that one request may ask for, where the server has named a number above 1."""
        self.tops = 20
        """Token probabilities that it tells at most."""
        self.quiet = False
        """Whether there is no news for the user: what is learned is shown in another way."""
        self._notes: dict[Extra, str] = {}
        self._logged: set[Extra] = set()

    def takes(self, extra: Extra) -> bool:
        """Whether the server may be asked for this."""
        return extra not in self.lacks

    def holds(self) -> bool:
        """Whether there is a way to hold the model to a format, as far as the server has shown."""
        return not self.lacks.issuperset(FORMS) and Extra.STRUCTURE not in self._notes

    def together(self, n: int) -> int:
        """How many of n completions one request may ask for."""
        return 1 if not self.takes(Extra.MANY) else min(n, self.most or n)

    def learn(self, extra: Extra, harmless: bool = False) -> None:
        """The server does not take this; the user need not know of it where that is `harmless`."""
        self.lacks |= {extra, Extra.MANY} if extra is Extra.N else {extra}
        if extra in FORMS:
            harmless = self.holds()
            extra = Extra.STRUCTURE
        if not harmless:
            self.note(Extra.MANY if extra is Extra.N else extra)

    def note(self, extra: Extra, words: str = "") -> None:
        """Something to be told once."""
        if words or extra in LOSSES:
            self._notes.setdefault(extra, words or LOSSES[extra])

    @property
    def given_up(self) -> frozenset[Extra]:
        """The extras that the server refuses, or has been seen to ignore."""
        return frozenset(self.lacks | self._notes.keys())

    def words(self) -> str:
        """All that the server does not take, as the end of a sentence; '' where it takes everything so far."""
        return "; ".join(self._losses().values())

    def news(self) -> str:
        """The words that have not been asked for yet."""
        fresh = [words for extra, words in self._losses().items() if extra not in self._logged]
        self._logged |= self._notes.keys()
        return "" if self.quiet else "; ".join(fresh)

    def _losses(self) -> dict[Extra, str]:
        implied = {inner for outer, inner in _IMPLIED if outer in self._notes}
        return {extra: words for extra, words in self._notes.items() if extra not in implied}

    def named(self, sent: frozenset[Extra], error: Rejected) -> set[Extra]:
        """The extras of a request that a refusal names."""
        if error.status in _NOT_FIELDS or error.status > 501:
            return set()
        words = _complaint(error)
        named = {extra for extra in sent if extra in _NAMES and _NAMES[extra].search(words)}
        param = _FIELDS.get(error.reason.param.split(".")[0])
        if param in sent and param not in (None, Extra.MAX_TOKENS, Extra.LENGTH):
            named.add(param)
        for narrow, wide in _INSIDE:
            if narrow in named:
                named -= wide
        return named - {Extra.TEMPERATURE} if len(named) > 1 else named  # not both of temperature and top_p

    def wants_stream(self, sent: frozenset[Extra], error: Rejected) -> bool:
        """Take account of a refusal of whole answers; False where it is none."""
        if Extra.STREAM in sent or error.status not in _MAYBE_FIELDS or not self.takes(Extra.STREAM):
            return False
        self.only_streams = _NAMES[Extra.STREAM].search(_complaint(error)) is not None
        return self.only_streams

    def suspects(self, sent: frozenset[Extra], error: Rejected) -> frozenset[Extra]:
        """The extras that a refusal may be about which names no field; nothing where it is about others."""
        maybe = error.status in _MAYBE_FIELDS and not error.begun and not _ELSEWHERE.search(error.reason.words)
        if not maybe or self.vain >= _MOST_VAIN or (error.status == 500 and (self.trusted or self.proven)):
            return frozenset()
        sure = self.proven | (_SURE if self.trusted else set()) | ({Extra.STREAM} if self.only_streams else set())
        return sent - sure

    def limited(self, n: int, error: Rejected) -> bool:
        """Take account of a refusal of n completions that allows fewer, but more than one; False where it is none."""
        for match in _MOST.finditer(error.reason.words):
            allowed = int(match["number"]) - bool(match["below"])
            if 1 < allowed < n:
                self.most = allowed
                words = f"writes at most {allowed} completions a request, so samples are asked for in groups"
                self._notes[Extra.MOST] = words
                return True
        return False

    def bounded(self, error: Rejected) -> bool:
        """Take account of a refusal that allows fewer token probabilities; False where it is none."""
        bound = _BOUND.search(error.reason.words)
        if bound is None or not 0 < int(bound[1]) < self.tops:
            return False
        self.tops = int(bound[1])
        return True
