"""Who asks: the login of a request, what its role may do, and a door that gets slower with every wrong password."""

import asyncio
import logging
import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import NamedTuple

from fastapi import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from grm_core.errors import UsageError
from runs import logins
from runs.logins import ADMIN, ROLES, VIEWER, Login
from storage.acts import Acts
from storage.errors import StoreError

log = logging.getLogger("grm_lens")
_FREE = 5
"""Wrong passwords in a row that cost nothing but the delay."""
_DELAY_S, _LOCK_MOST_S, _FORGOTTEN_S = 0.5, 300.0, 900.0
_REMEMBERED = 10_000
"""Names and addresses whose wrong passwords are counted."""


class Person(NamedTuple):
    """Who asks."""

    name: str
    """'' where nobody has to log in."""
    role: str

    def may(self, role: str) -> bool:
        """Whether the role includes this one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def check(self, role: str) -> None:
        """Refuse who may not, in words."""
        if not self.may(role):
            raise UsageError(f"{self.name or 'a visitor'} may only read; ask an admin for the role {role}")

    def check_owner(self, owner: str) -> None:
        """Refuse who is neither owner nor admin, in words."""
        self.check(logins.ANNOTATOR)
        if self.name != owner and not self.may(ADMIN):
            whose = f"{owner}'s" if owner else "nobody's, as what is imported"
            raise UsageError(f"this is {whose}; only its owner and admins may do that")


ANYBODY = Person("", ADMIN)
"""Everybody, where there are no logins."""
_PERSON: ContextVar[Person] = ContextVar("person", default=ANYBODY)
_ADDRESS: ContextVar[str] = ContextVar("address", default="")


def person() -> Person:
    """Who asks, while a page's call is answered."""
    return _PERSON.get()


class People:
    """Those who may come in, and how often somebody has tried in vain."""

    def __init__(self, people: Sequence[Login], acts: Acts) -> None:
        self._logins, self._acts = {login.name: login for login in people}, acts
        self._failures: dict[str, tuple[int, float]] = {}
        """Name or address -> wrong passwords in a row, and the moment before which no other is looked at."""
        self._nobodys = logins.hashed("") if people else ""

    @property
    def are_asked(self) -> bool:
        """Whether there are logins."""
        return bool(self._logins)

    def of(self, name: str | None) -> Person:
        """Who has this login; who has none may look at most."""
        if not self._logins:
            return ANYBODY
        login = self._logins.get(name or "")
        return Person(login.name, login.role) if login else Person("", VIEWER)

    async def enter(self, name: str, password: str) -> bool:
        """Whether this is a login. Raises a 429 while name or address has to wait after wrong passwords."""
        keys, address = (f"name {name.lower()[:100]}", f"address {_ADDRESS.get()}"), _ADDRESS.get()
        now = time.monotonic()
        wait = max(self._failures.get(key, (0, 0.0))[1] for key in keys) - now
        if wait > 0:
            log.warning("login %r from %s: refused for %.0f s after wrong passwords", name[:100], address, wait)
            said = f"too many wrong passwords; try again in {wait:.0f} s"
            raise HTTPException(429, said, {"Retry-After": f"{wait:.0f}"})
        self._count(keys, now)  # before the hash is made: tries at the same time count, too
        login = self._logins.get(name)
        secret = login.secret if login else self._nobodys  # a name that nobody has takes as long
        if await asyncio.to_thread(logins.matches, password[: logins.PASSWORD_MOST], secret) and login:
            for key in keys:
                self._failures.pop(key, None)
            await self._note(name, "logged in", address)
            return True
        log.warning("login %r from %s: wrong password", name[:100], address)
        await self._note("", "wrong password", f"{name[:100]} from {address}")
        await asyncio.sleep(_DELAY_S)
        return False

    async def _note(self, who: str, what: str, target: str) -> None:
        """Note it in the audit log; a database that cannot be written keeps nobody out."""
        try:
            await asyncio.to_thread(self._acts.note, who, what, target)
        except StoreError as error:
            log.error("audit log: %s; %s %s %s", error, who, what, target)

    def forget(self) -> None:
        """Let everybody try again at once."""
        self._failures.clear()

    def _count(self, keys: Sequence[str], now: float) -> None:
        if len(self._failures) > _REMEMBERED:
            self._failures = {key: one for key, one in self._failures.items() if one[1] > now}
        for key in keys:
            count, until = self._failures.get(key, (0, now))
            count = 1 if now - until > _FORGOTTEN_S else count + 1
            lock = min(2.0 ** (count - _FREE), _LOCK_MOST_S) if count >= _FREE else 0.0
            self._failures[key] = count, now + lock


class Who:
    """Notes whose a request is, and where it comes from."""

    def __init__(self, app: ASGIApp, people: People) -> None:
        self._app, self._people = app, people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] == "http":
            _ADDRESS.set(scope["client"][0] if scope.get("client") else "")
            _PERSON.set(self._people.of(_login(scope)))
        await self._app(scope, receive, send)


def _login(scope: Scope) -> str | None:
    """The login that Gradio's cookie stands for."""
    app, cookies = scope["app"], Request(scope).cookies
    kinds = ("access-token", "access-token-unsecure")
    token = next(filter(None, (cookies.get(f"{kind}-{app.cookie_id}") for kind in kinds)), None)
    name = app.tokens.get(token)
    return None if name is None else str(name)
