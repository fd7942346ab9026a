"""The settings of a run: made by the commands from arguments and by the page from its form, never changed after."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from grm_core import families, prompts, shuffling
from grm_core.analysis.looks import Rule
from grm_core.errors import UsageError
from grm_core.recipes import Recipe
from grm_core.types import Params
from runs.logins import Login

N_MAX_PAGE = 8
"""Responses that the page takes."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an item is sampled."""

    k: int = 8
    temperature: float = 0.5
    order: str = ""
    """random or balanced, or '' = random where responses are shown together."""
    seed: int = 0
    principles: tuple[str, ...] = ()
    settle: float | None = None
    """On the page: end early once the verdict of k samples would differ from the present one with less than this
    probability."""
    adaptive: Rule | None = None
    """When items of a file, and of the endpoint, have samples enough; its `most` is k. None = they all get k."""
    budget: int | None = None
    """Samples of all items together, where items end early; None = as many as that takes."""
    template: str = ""
    """Name of the prompt template; '' = the one that fits the model and the item."""
    context: str = ""
    """One of CONTEXTS, or '' = as the template needs it, else as the model was trained."""
    top_p: float = 1.0
    max_tokens: int = 1024
    """Upper bound on the tokens of a completion."""
    thinking: bool | None = None
    """Whether a model that can do both is to think first; None leaves it to the model."""
    recipe: str = ""
    """Name of the recipe that these settings follow, for the record."""

    @property
    def params(self) -> Params:
        """How a completion is sampled."""
        return Params(self.temperature, self.top_p, self.max_tokens, thinking=self.thinking)

    def settled(self, trained: str) -> "Sampling":
        """The same with context and order filled in; `trained` is the context that the model was trained in.

        Raises UsageError for an order where nothing is shuffled.
        """
        context = self.context or families.context_of(self.template) or trained
        if context != "single":
            return replace(self, context=context, order=self.order or "random")
        if self.order not in ("", shuffling.OWN):
            raise UsageError(f"--order {self.order}: with --context single each response is judged alone, in no order")
        return replace(self, context=context, order=shuffling.OWN)


def following(recipe: Recipe) -> Sampling:
    """The settings of a recipe for sampling an item."""
    params = recipe.params
    return Sampling(
        temperature=params.temperature,
        template=recipe.template,
        top_p=params.top_p,
        max_tokens=params.max_tokens,
        thinking=params.thinking,
        recipe=recipe.name,
    )


@dataclass(frozen=True, slots=True)
class Workers:
    """Many engines, or many clients of servers, to which Ray deals the items; docs/scale-out.md tells more."""

    count: int
    tensor_parallel: int = 1
    """GPUs of each engine."""
    address: str | None = None
    """A running Ray cluster's ('auto' finds it); None starts Ray on this machine, for this run."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Who judges, and which meta RM reads the samples."""

    engine: str = "auto"
    """As engines.create takes it; with workers also several servers, a comma between them."""
    model: str | None = None
    meta: str = "auto"
    """As meta_rm.create takes it."""
    workers: Workers | None = None
    meta_template: str = prompts.META_RM
    """What a meta RM in a folder or behind a server is shown."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A run over a file of items."""

    judge: Judge
    sampling: Sampling


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The judge over HTTP."""

    keys: tuple[tuple[str, str], ...] = ()
    """Names with the SHA-256 of their keys, in hex; empty = nobody is asked for one."""
    limit: int = 256
    """Requests of one key at the same time; of all together where there are no keys."""
    waiting: int = 1024
    """Requests that may wait for their turn: one that comes when so many do is sent away."""
    in_flight: int = 128
    """Samples that the engine is asked for at the same time, about."""
    unreadable: str | float = "error"
    """What a trainer is told of a completion that no sample scored: error, null, or this reward."""
    low: float = 0.0
    """The reward of a mean score of 1."""
    high: float = 1.0
    """The reward of a mean score of 10."""


@dataclass(frozen=True, slots=True)
class Service:
    """The judge over HTTP without the page."""

    judge: Judge
    sampling: Sampling
    endpoint: Endpoint
    host: str = "127.0.0.1"
    port: int = 7861


@dataclass(frozen=True, slots=True)
class Page:
    """The page that is served."""

    judge: Judge
    db: Path
    host: str = "127.0.0.1"
    port: int = 7860
    logins: tuple[Login, ...] = ()
    """Those who may come in; empty = nobody is asked for a password."""
    pace: str = "recorded"
    """Of a recording that is replayed: recorded or at-once."""
    root_path: str = ""
    """Where a reverse proxy shows the page, such as /lens; empty = at the root, or where the proxy says."""
    sampling: Sampling = field(default_factory=Sampling)
    """What the form begins with, and what holds of it that the form does not ask for."""
    allowed_hosts: tuple[str, ...] = ()
    """Names under which the page may be asked for, besides those of this machine; empty = any, if others reach it."""
    proxies: tuple[str, ...] = ("127.0.0.1", "::1")
    """Addresses and networks of proxies whose X-Forwarded headers are believed; '*' = anybody's."""
    frame_ancestors: tuple[str, ...] = ()
    """Origins whose pages may hold this one in a frame; empty = all."""
    endpoint: Endpoint | None = None
    """The judge over HTTP beside the page; None = there is none."""
    mcp: bool = False
    """Whether the judge is also a tool of the Model Context Protocol."""
