"""The data that flows through GRM Lens: Example -> Request -> Completion -> Sample -> Verdict -> Judgement.

Frozen values from the standard library only. Two orders of responses exist and must not be mixed: the *own* order
is the example's; the *shown* order is the one a sample's prompt used. `Sample.order[p]` is the own index of the
response shown at position p, and only `Sample.scores` turns shown scores into own ones. Times are ISO 8601, UTC.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Span = tuple[int, int]
"""Half-open character range [start, end) in a completion's text."""

SCORE_MIN, SCORE_MAX = 1, 10
"""Pointwise scores are integers in this closed range (arXiv 2504.02495, section 2)."""

N_MAX = 32
"""Responses of an example, at most."""

ROLES = ("system", "user", "assistant")
"""Who speaks in a chat."""

CONTEXTS = ("joint", "single", "pairs")
"""How responses are judged: all in one completion, each in a prompt of its own, or every two in both orders."""

FOREIGN = "foreign"
"""The engine of a run whose judgments were made elsewhere and imported."""

GOOD = "good"
"""The label of a sample whose judgment an annotator accepts."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: str
    """One of ROLES."""
    content: str


@dataclass(frozen=True, slots=True)
class Example:
    """A judged item: a query with n candidate responses."""

    id: str
    query: tuple[Message, ...]
    responses: tuple[str, ...]
    labels: tuple[float, ...] | None = None
    """Ground-truth reward per response in own order; a higher one is better."""
    reference: str | None = None
    """A reference answer that the GRM is shown, if any."""
    source: str | None = None
    subset: str | None = None
    models: tuple[str, ...] | None = None
    """Which model wrote each response, in own order, no name twice; the GRM is never shown them."""


@dataclass(frozen=True, slots=True)
class Params:
    """How a completion is sampled."""

    temperature: float = 0.5
    top_p: float = 1.0
    max_tokens: int = 1024
    """Upper bound on completion tokens."""
    regex: str | None = None
    """Structured output: the completion has to match it in full; None leaves the model free."""
    stop: tuple[str, ...] = ()
    """Texts at which a completion ends; it does not hold them."""
    first: int = 0
    """How many of the likeliest first tokens the completion tells, 20 at most."""
    thinking: bool | None = None
    """Whether a model that can do both is to think first; None leaves it to the model's chat template."""


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt of which n completions are wanted; completion i has the seed `seed + i`."""

    key: str
    messages: tuple[Message, ...]
    params: Params
    seed: int
    n: int = 1
    start: str = ""
    """The beginning of the reply: the model goes on from there, and the completion does not hold it."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's text."""

    text: str
    finish_reason: str
    """stop, length, or the server's own word."""
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    """From sending the request to the last token."""
    model: str
    first: tuple[tuple[str, float], ...] = ()
    """The likeliest first tokens with their log-probabilities, where the request asks for them; never stored."""
    reasoning: str | None = None
    """The model's thinking, where the server gives it apart from the text; never voted on."""


@dataclass(frozen=True, slots=True)
class Principle:
    """One principle that the GRM set for the query."""

    text: str
    weight: float | None = None
    """As written: 40 for '40%', 4 for '(4)'. Weights are free text and need not sum to 100."""
    span: Span = (0, 0)
    """Where it stands in the completion's text."""


class ParseStatus(StrEnum):
    """The result of reading a completion; anything but OK casts no vote."""

    OK = "ok"
    TRUNCATED = "truncated"
    NO_SCORES = "no_scores"
    WRONG_COUNT = "wrong_count"
    OUT_OF_RANGE = "out_of_range"
    AMBIGUOUS = "ambiguous"
    EMPTY = "empty"
    ONLY_REASONING = "only_reasoning"
    """Nothing but what the server gives apart from the text."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A completion as the parser read it."""

    status: ParseStatus
    principles: tuple[Principle, ...] = ()
    critique_span: Span | None = None
    shown_scores: tuple[int, ...] | None = None
    """n integers 1..10 in shown order; None unless status is OK."""
    score_spans: tuple[Span, ...] = ()
    """Where each of `shown_scores` stands, in shown order."""
    version: int = 1
    """The parser's version, so that stored text can be read again by a later one."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the k judgments of an example, with all that is needed to read it again without the model."""

    id: str
    """'<session id>/<index>'."""
    session_id: str
    index: int
    """0-based position among the k samples; votes over the first k use it."""
    order: tuple[int, ...]
    """order[p] = own index of the response shown at position p."""
    seed: int
    request_key: str
    completion: Completion | None
    error: str | None
    """Why there is no completion; None when there is one."""
    parsed: Parsed
    meta_logit: float | None = None
    """The meta RM's raw logit; None = not scored."""

    @property
    def scores(self) -> tuple[int, ...] | None:
        """Pointwise scores in own order, or None when the sample casts no vote."""
        shown = self.parsed.shown_scores
        if shown is None:
            return None
        own = [0] * len(shown)
        for position, response in enumerate(self.order):
            own[response] = shown[position]
        return tuple(own)


class Method(StrEnum):
    """How samples are voted."""

    NAIVE = "naive"
    GUIDED = "guided"
    GUIDED_WEIGHTED = "guided-weighted"


class Baseline(StrEnum):
    """Reward models of other kinds; grm_core.baselines says what the totals of each are."""

    LLM_JUDGE = "llm-judge"
    PAIRWISE = "pairwise"
    SCALAR = "scalar"
    SEMI_SCALAR = "semi-scalar"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a vote over the first k samples."""

    method: Method | Baseline
    k: int
    """Samples looked at, invalid ones included."""
    k_effective: int
    """Valid samples among them."""
    k_meta: int | None
    """Samples kept by the meta RM; None for naive voting."""
    voted: tuple[int, ...]
    """Indices of the samples whose scores were added, ascending."""
    totals: tuple[float, ...] | None
    """Total per response in own order; None when no sample is valid."""
    winner: int | None
    """Own index of the best response; None = tie, or no valid sample."""
    margin: float | None
    """Best total minus second best, >= 0; None for n = 1 or no valid sample."""
    margin_mean: float | None
    """margin / samples voted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something an auditor should look at."""

    kind: str
    severity: str
    sample_ids: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """An example with its samples and their vote."""

    example: Example
    samples: tuple[Sample, ...]
    verdict: Verdict
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """The settings under which sessions were judged: everything needed to do it again."""

    id: str
    created_at: str
    engine: str
    model: str
    template: str
    template_hash: str
    params: Params
    k: int
    """Samples asked for at first; a session may hold more."""
    k_meta: int | None
    seed: int
    order: str = "random"
    """random or balanced; own where each response is judged alone."""
    principles: tuple[str, ...] = ()
    """Principles given by the user; empty when the GRM generates its own."""
    context: str = "joint"
    """One of CONTEXTS: joint, one completion judges all responses; single, each is judged in a prompt of its own;
    pairs, every two are judged in both orders (two responses: in the sample's order)."""
    versions: dict[str, str] = field(default_factory=dict)
    """Package name -> version."""
    commit: str | None = None
    dirty: bool | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """The rule of a run whose items ended early (`adaptive`), and fields of an imported file that this version does
    not know; kept for export."""

    @property
    def single(self) -> bool:
        """Whether each response was judged in a prompt of its own."""
        return self.context == "single"


@dataclass(frozen=True, slots=True)
class Session:
    """The unit that a user saves: one Example judged under one Run."""

    id: str
    run_id: str
    example: Example
    title: str
    created_at: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Annotation:
    """A label by a person on a session, one of its samples, a principle or a span; never changed, only replaced."""

    id: str
    session_id: str
    kind: str
    """best, class, principle, span, done, code or gold-...: see analysis.labels."""
    label: str
    """'' takes back what it replaces."""
    author: str
    """Who or what made it."""
    created_at: str
    sample: int | None = None
    """Index of the sample; None for the session as a whole."""
    place: int | None = None
    """Of the principle in its sample, 0-based."""
    span: Span | None = None
    """Characters of the sample's text."""
    note: str = ""
    replaces: str | None = None
    """Id of the annotation in whose stead this one stands."""
    queue: str = ""
    """Queue in which it was made; '' for none."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Voting with k of the K valid samples: a mean, and the 5th and 95th percentile (inverse CDF) over subsets."""

    k: int
    margin: float | None
    """Mean margin of the full-K winner per sample voted; None when the full vote is a tie or n = 1."""
    low: float | None
    high: float | None
    win: float | None
    """Probability that the full-K winner wins the subset's vote, ties shared 1/t."""
    accuracy: float | None
    """The same for the best label; None without labels."""


@dataclass(frozen=True, slots=True)
class CodeEvent:
    """A change of a code book by a person; books are what their changes add up to (see analysis.codebook)."""

    id: str
    book: str
    """Id of the book."""
    what: str
    """book, code, rename, merge, split or remove."""
    who: str
    created_at: str
    code: str = ""
    """Id of the code; '' for the book itself."""
    name: str = ""
    """Of the book, or of the code from now on."""
    meaning: str = ""
    """When the code is to be used."""
    targets: tuple[str, ...] = ()
    """Ids of the codes that a merged or split one became."""
    moves: tuple[tuple[str, str], ...] = ()
    """Of a split: id of a label -> the code that it has now; the others have the first target."""
