"""What is optional in a chat completion, and what one server has shown to take of it.

Every extra is first asked for; a server that refuses one, or that visibly ignores it, is not asked for it again. A
refusal that names a field is believed. One that names none is tried without one extra after the other; the one whose
absence was accepted is what the server does not take, and the others are asked for again.
"""

import re
from collections.abc import Set
from enum import StrEnum
from typing import Any

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
    STRUCTURE = "structured_outputs"
    LOGPROBS = "top_logprobs"
    STOP = "stop"
    TOP_P = "top_p"
    TEMPERATURE = "temperature"
    MAX_TOKENS = "max_tokens"
    """Under this name, and not as max_completion_tokens."""
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
    Extra.STOP: "takes no stop texts, so completions are cut here",
    Extra.TOP_P: "takes no top_p",
    Extra.TEMPERATURE: "takes no temperature and uses its own",
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
    "logprobs": Extra.LOGPROBS,
    "top_logprobs": Extra.LOGPROBS,
    "stop": Extra.STOP,
    "top_p": Extra.TOP_P,
    "temperature": Extra.TEMPERATURE,
}
_SEVERAL = re.compile(
    r"(?<![\w\\])n(?!\w)"
    r"|(?i:\b(?:one|1|single)\b.{0,20}\b(?:completion|choice|candidate|generation|alternative|output)s?\b"
    r"|\b(?:multiple|several|more than (?:one|1)) (?:\w+ )?(?:completion|choice|candidate|generation|sample)s?\b"
    r"|candidate_?count|best_of|num_?(?:completions|choices|generations|samples|return_sequences))"
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
    Extra.LOGPROBS: re.compile(r"(?i)log_?prob|log.probabilit"),
    Extra.STOP: re.compile(
        r"(?i)['\"`]stop['\"`]|\bstop_?(?:sequence|word|token)s?\b|\bstop (?:param|is |not )|: ?stop\b"
    ),
    Extra.TOP_P: re.compile(r"(?i)\btop_?p\b"),
    Extra.TEMPERATURE: re.compile(r"(?i)\btemperature\b"),
    Extra.MAX_TOKENS: re.compile(
        r"(?i)(?=.*\bmax_tokens\b)(?=.*\bmax_completion_tokens\b)"
        r".*\b(?:instead|unsupported|not supported|deprecated|rather)"
    ),
}
_ORDER = (
    Extra.TOKEN_IDS, Extra.STEADY_USAGE, Extra.USAGE, Extra.STRUCTURE, Extra.LOGPROBS, Extra.MANY, Extra.TOP_P,
    Extra.N, Extra.SEED, Extra.STREAM,
)  # fmt: skip
"""In which order extras are left away where a refusal names none: the rarer ones first."""
_SURE = frozenset({Extra.TOP_P, Extra.N, Extra.SEED})
"""What a server that lists its models as vLLM does takes: its refusal is about something else."""
_INSIDE = (
    (Extra.MANY, {Extra.N}),
    (Extra.USAGE, {Extra.STREAM}),
    (Extra.STEADY_USAGE, {Extra.STREAM, Extra.USAGE}),
)
"""Where the first of these is named, the others may be meant only as what it is a part of."""
_IMPLIED = ((Extra.USAGE, Extra.STEADY_USAGE), (Extra.STREAM, Extra.STEADY_USAGE), (Extra.STREAM, Extra.USAGE))
"""Where the first is told, the second need not be."""
_NOT_FIELDS = frozenset({401, 402, 407, 408, 409, 425, 429})
_MAYBE_FIELDS = frozenset({400, 404, 405, 406, 415, 422, 500, 501})
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
_BOUND = re.compile(r"(?i)(?:<=|≤|at most|less than or equal to|maximum\D{0,20}|between 0 and|up to)\D{0,12}(\d+)")


def extras(sent: dict[str, Any]) -> frozenset[Extra]:
    """The extras that a request asks for."""
    held = {extra for field, extra in _FIELDS.items() if field in sent}
    if sent.get("n", 1) > 1:
        held.add(Extra.MANY)
    if "continuous_usage_stats" in sent.get("stream_options", ()):
        held.add(Extra.STEADY_USAGE)
    if "max_tokens" in sent:
        held.add(Extra.MAX_TOKENS)
    return frozenset(held)


def reduced(sent: dict[str, Any], without: Set[Extra]) -> dict[str, Any]:
    """The request without some extras; of several completions one is left, max_tokens goes by its newer name."""
    kept = {field: value for field, value in sent.items() if _FIELDS.get(field) not in without}
    if Extra.STREAM in without:
        kept.pop("stream_options", None)
    if Extra.STEADY_USAGE in without and "stream_options" in kept:
        kept["stream_options"] = {"include_usage": True}
    if Extra.MANY in without and "n" in kept:
        kept["n"] = 1
    if kept.get("n", 1) == 1:
        kept.pop("return_token_ids", None)
    if Extra.MAX_TOKENS in without and "max_tokens" in kept:
        kept["max_completion_tokens"] = kept.pop("max_tokens")
    return kept


class Dialect:
    """What one server takes, as far as it has shown."""

    def __init__(self) -> None:
        self.lacks: set[Extra] = set()
        self.proven: set[Extra] = set()
        """Extras that stood in a request which was accepted."""
        self.vain = 0
        """Requests that were refused without naming a field, and that no absence helped."""
        self.trusted = False
        """Whether the server lists its models as vLLM does."""
        self.limit: int | None = None
        """Tokens of the model's context, prompt and completion together, where the server tells it."""
        self.tops = 20
        """Token probabilities that it tells at most."""
        self.quiet = False
        """Whether there is no news for the user: what is learned is shown in another way."""
        self._notes: dict[Extra, str] = {}
        self._told: set[Extra] = set()

    def takes(self, extra: Extra) -> bool:
        """Whether the server may be asked for this."""
        return extra not in self.lacks

    def learn(self, extra: Extra, note: str = "") -> None:
        """The server does not take this; `note` says it in other words than usual."""
        self.lacks |= {extra, Extra.MANY} if extra is Extra.N else {extra}
        self.note(Extra.MANY if extra is Extra.N else extra, note)

    def note(self, extra: Extra, words: str = "") -> None:
        """Something to be told once."""
        if words or extra in LOSSES:
            self._notes.setdefault(extra, words or LOSSES[extra])

    @property
    def given_up(self) -> frozenset[Extra]:
        """What the server refuses, or has been seen to ignore."""
        return frozenset(self.lacks | self._notes.keys())

    def words(self) -> str:
        """All that the server does not take, as the end of a sentence; '' where it takes everything so far."""
        return "; ".join(self._losses().values())

    def news(self) -> str:
        """The words that have not been asked for yet."""
        fresh = [words for extra, words in self._losses().items() if extra not in self._told]
        self._told |= self._notes.keys()
        return "" if self.quiet else "; ".join(fresh)

    def _losses(self) -> dict[Extra, str]:
        implied = {inner for outer, inner in _IMPLIED if outer in self._notes}
        return {extra: words for extra, words in self._notes.items() if extra not in implied}

    def named(self, sent: frozenset[Extra], error: Rejected) -> set[Extra]:
        """The extras of a request that a refusal names."""
        if error.status in _NOT_FIELDS or error.status > 501:
            return set()
        words = _ACCEPTED.split(str(error.reason.words))[0]
        named = {extra for extra in sent if extra in _NAMES and _NAMES[extra].search(words)}
        named |= {_FIELDS.get(error.reason.param.split(".")[0], Extra.MAX_TOKENS)} & sent - {Extra.MAX_TOKENS}
        for narrow, wide in _INSIDE:
            if narrow in named:
                named -= wide
        return named - {Extra.TEMPERATURE} if len(named) > 1 else named  # not both of temperature and top_p

    def suspect(self, sent: frozenset[Extra], error: Rejected) -> Extra | None:
        """The extra to leave away after a refusal that names none; None where it is about something else."""
        maybe = error.status in _MAYBE_FIELDS and not error.begun and not _ELSEWHERE.search(error.reason.words)
        if not maybe or self.vain >= _MOST_VAIN or (error.status == 500 and (self.trusted or self.proven)):
            return None
        sure = self.proven | (_SURE if self.trusted else set())
        return next((extra for extra in _ORDER if extra in sent and extra not in sure), None)

    def bounded(self, sent: frozenset[Extra], error: Rejected) -> bool:
        """Take account of a refusal that allows fewer token probabilities; False where it is none."""
        bound = _BOUND.search(error.reason.words)
        if Extra.LOGPROBS not in self.named(sent, error) or bound is None or not 0 < int(bound[1]) < self.tops:
            return False
        self.tops = int(bound[1])
        return True


class Reduction:
    """What one request leaves away while a server refuses it."""

    def __init__(self, dialect: Dialect, harmless: frozenset[Extra]) -> None:
        """`harmless`: extras that this request does not need."""
        self._dialect, self._harmless = dialect, harmless
        self._named: set[Extra] = set()
        self._tried: list[Extra] = []
        self._culprit: set[Extra] = set()
        self.error: Rejected | None = None
        """The refusal that a user should read where nothing helps."""

    @property
    def without(self) -> set[Extra]:
        """Extras that are not asked for now."""
        return self._dialect.lacks | self._named | set(self._tried)

    def goes_on(self, sent: frozenset[Extra], error: Rejected) -> bool:
        """Leave something away after a refusal; False where there is nothing that could help."""
        if self.error is None or not self._tried:
            self.error = error
        if self._dialect.bounded(sent, error):
            return True
        named = self._dialect.named(sent, error)
        if named:
            self._named |= named
            self._culprit, self.error = set(), None
            return True
        suspect = self._dialect.suspect(sent, error)
        if suspect is None:
            self._dialect.vain += bool(self._tried)
            return False
        self._tried.append(suspect)
        self._culprit = {suspect}
        return True

    def accepted(self, sent: frozenset[Extra]) -> None:
        """The server has accepted what is left of the request."""
        self._dialect.proven |= sent
        for extra in sorted(self._named | self._culprit):
            if extra in self._harmless:
                self._dialect.lacks.add(extra)
            else:
                self._dialect.learn(extra)
