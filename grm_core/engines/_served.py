"""Where a server answers, which models it lists, and which of them is meant."""

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

from yarl import URL

from grm_core.engines._extras import OWNERS, Dialect, Extra
from grm_core.engines._http import ADDRESS_HINT, SIDE_TIMEOUT, Client, Rejected, Unreachable
from grm_core.errors import EngineError, NotServed

NAME_HINT = "Name the model with --model; then no list is needed."
_LIMITS = ("max_model_len", "context_length", "context_window", "max_context_length")


def prefixes(url: str) -> list[str]:
    """Where below a server's address its paths may begin, the likelier first: nearly always at /v1."""
    path = URL(url.strip()).path.rstrip("/")
    base = path.removesuffix("/chat/completions").rstrip("/")
    if base.endswith("/v1"):
        return ["/v1"]
    if base != path:
        return [""]
    return ["/v1", ""] if base else ["/v1"]


@dataclass(frozen=True, slots=True)
class Served:
    """A server's models: name -> context length in tokens, where it is told."""

    models: dict[str, int | None]
    as_vllm: bool = False
    """Whether they are listed as vLLM lists them, so that what it takes is known."""
    owner: str = ""
    """The program that serves them, where it says so."""

    @property
    def names(self) -> str:
        """All of them, for a sentence."""
        return ", ".join(sorted(self.models)) or "none"

    def find(self, name: str) -> str | None:
        """The listed name of a model; Ollama lists `name` as `name:latest`."""
        return next((each for each in (name, f"{name}:latest") if each in self.models), None)


class Door:
    """The way into one server: the beginning of its paths, and the model that is asked there."""

    def __init__(self, client: Client, dialect: Dialect, prefixes: list[str]) -> None:
        self._client, self._dialect, self._prefixes = client, dialect, prefixes

    @property
    def chat(self) -> str:
        """The path of chat completions."""
        return f"{self._prefixes[0]}/chat/completions"

    async def choose(self, wanted: str | None) -> str:
        """The name of the model to ask: the wanted one, or the only one that is listed.

        Raises EngineError where the server cannot be reached, is not to be used, or lacks the model.
        """
        listed = await self._listed(wanted is not None)
        if not isinstance(listed, Served):
            assert wanted is not None
            return await self._unlisted(wanted, listed)
        if wanted is None:
            name = self._only(listed)
        elif not listed.models:
            name = await self._unlisted(wanted)
        else:
            name = listed.find(wanted) or await self._beyond(wanted, listed)
        self._dialect.trusted = listed.as_vllm
        self._dialect.limit = listed.models.get(name)
        self._dialect.lacks |= OWNERS.get(listed.owner, frozenset())
        return name

    async def names(self, own: str) -> tuple[str, ...]:
        """The models that are listed now, and `own` where the list is none or need not be whole.

        Raises EngineError where the server cannot be reached.
        """
        listed = await self._listed(named=True)
        if not isinstance(listed, Served):
            return (own,) if own else ()
        beyond = {own} if own and not listed.as_vllm and listed.find(own) is None else set[str]()
        return tuple(sorted({*listed.models} | beyond))

    async def _listed(self, named: bool) -> Served | EngineError:
        """The list of models, or why there is none; that is raised unless the model is `named`."""
        errors: list[EngineError] = []
        for prefix in self._prefixes:
            get = partial(self._client.json, "GET", f"{prefix}/models", seconds=SIDE_TIMEOUT)
            try:
                listed = _read(self._client.root, await self._client.call(get, patient=False))
            except Unreachable:
                raise
            except EngineError as error:
                errors.append(error)
            else:
                self._prefixes = [prefix]
                return listed
        if named:
            return errors[0]
        hint = f"{errors[0].hint} {NAME_HINT}".strip()
        raise EngineError(str(errors[0]), retryable=errors[0].retryable, hint=hint)

    def _only(self, listed: Served) -> str:
        if len(listed.models) != 1:
            words = f"{self._client.root} serves {len(listed.models)} models ({listed.names})"
            raise EngineError(words, hint="Name one of them with --model.")
        return next(iter(listed.models))

    async def _beyond(self, wanted: str, listed: Served) -> str:
        """A model that is not on the list: not every gateway lists all that it serves; vLLM does."""
        if listed.as_vllm or await self._refusal(wanted, self.chat) is not None:
            words = f"{self._client.root} does not serve the model {wanted!r}; it serves: {listed.names}"
            raise NotServed(words, hint="Choose with --model.")
        return wanted

    async def _unlisted(self, wanted: str, why: EngineError | None = None) -> str:
        """Take the model as it is named; where there is doubt whether chats are taken here at all, try one."""
        if len(self._prefixes) > 1 or (isinstance(why, Rejected) and why.status in (401, 403)):
            refusals = {}
            for prefix in self._prefixes:
                refusals[prefix] = await self._refusal(wanted, f"{prefix}/chat/completions")
                if refusals[prefix] is None:
                    self._prefixes = [prefix]
                    break
            else:
                raise next(error for error in refusals.values() if error is not None)
        self._dialect.learn(Extra.MODELS)
        return wanted

    async def _refusal(self, model: str, path: str) -> EngineError | None:
        """Why there is no chat of one token to be had; None where there is, or where the reason may be another."""
        sent = {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        try:
            await self._client.call(partial(self._client.json, "POST", path, sent), patient=False)
        except Rejected as error:
            no_way_in = error.status in (401, 403, 404, 405)
            return error if no_way_in or re.search(r"(?i)\bmodel\b", error.reason.words) else None
        except Unreachable:
            raise
        except EngineError:
            return None  # it is lost, late or no JSON: whether a judgment can be had shows then
        return None


def _read(url: str, listing: Any) -> Served:
    """The models in an answer; EngineError where it is no list of them."""
    entries = listing.get("data") if isinstance(listing, dict) else None
    if not isinstance(entries, list) or not all(isinstance(e, dict) and isinstance(e.get("id"), str) for e in entries):
        raise EngineError(f"{url} does not answer like a vLLM server", hint=ADDRESS_HINT)
    as_vllm = any("max_model_len" in entry for entry in entries)
    owners = {str(entry.get("owned_by")) for entry in entries}
    return Served({entry["id"]: _limit(entry) for entry in entries}, as_vllm, owners.pop() if len(owners) == 1 else "")


def _limit(entry: dict[str, Any]) -> int | None:
    return next((limit for name in _LIMITS if isinstance(limit := entry.get(name), int) and limit > 0), None)
