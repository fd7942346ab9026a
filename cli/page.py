"""python app.py without a command: the page and where it is served."""

import argparse
import ipaddress
import os
import re
from pathlib import Path

from cli.endpoint import add_endpoint, endpoint_of
from cli.recipe import add_recipe, recipe_of
from grm_core import engines
from grm_core.errors import UsageError
from runs import logins
from runs.logins import ADMIN, ANNOTATOR, Login
from runs.settings import Judge, Page, following
from storage.paths import default_path

_HOST = re.compile(r"\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*|\[?[0-9a-fA-F:]+\]?")
_ORIGIN = re.compile(r"\*|'self'|(?:https?://)?(?:\*\.)?[\w-]+(?:\.[\w-]+)*(?::(?:\d+|\*))?")
_PATH = re.compile(r"[\w.~-]+(?:/[\w.~-]+)*")
_SUCH = {
    "--allowed-hosts": "a name such as lens.example.org, without scheme and port",
    "--frame-ancestors": "an origin such as https://example.org",
    "--root-path": "a path such as /lens",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--engine", default="auto", help=f"{engines.EXPECTED} (default: auto)")
    parser.add_argument("--model", help="name of the served model; for managed and hf a folder of a model, or small")
    parser.add_argument(
        "--meta", help="meta RM: auto, self, expected, none, a folder or a URL (default: the recipe's, else auto)"
    )
    add_recipe(parser)
    parser.add_argument("--db", type=Path, help="the SQLite file that keeps all sessions")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=7860, help="port to listen on (default: 7860)")
    parser.add_argument("--root-path", default="", help="where a reverse proxy shows the page, such as /lens")
    parser.add_argument(
        "--allowed-hosts",
        action="append",
        metavar="NAME",
        default=[],
        help="a name under which the page may be asked for, *.example.org for all below; repeat for more",
    )
    parser.add_argument(
        "--forwarded-allow-ips",
        metavar="ADDRESSES",
        default=os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1,::1"),
        help="proxies whose X-Forwarded headers are believed: addresses and networks, or * (default: %(default)s)",
    )
    parser.add_argument(
        "--frame-ancestors",
        action="append",
        metavar="ORIGIN",
        default=[],
        help="a site that may show the page in a frame, such as https://example.org; repeat for more (default: none)",
    )
    _add_logins(parser)
    parser.add_argument("--api", action="store_true", help="also serve the judge over HTTP, under /v1")
    parser.add_argument("--mcp", action="store_true", help="also offer the tool judge to MCP clients, at /mcp")
    add_endpoint(parser)
    parser.add_argument("--pace", choices=("recorded", "at-once"), default="recorded", help="of a replay engine")


def _add_logins(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--auth",
        action="append",
        metavar="USER:PASS",
        default=[],
        help="a login; repeat for more: the first is admin, others annotators. Other users of this machine can read "
        "this command; the environment's GRM_LENS_AUTH takes the same, one a line",
    )
    parser.add_argument("--users", type=Path, metavar="FILE", help="a file of logins, made by `app.py users`")
    parser.add_argument("--no-login", action="store_true", help="let in everybody who reaches this machine")


def settings_of(args: argparse.Namespace) -> Page:
    """The settings of parsed arguments. UsageError for a login without a password, and for what is no address."""
    recipe = recipe_of(args)
    if not args.api and (args.api_key or args.api_keys):
        raise UsageError("--api-key and --api-keys belong to --api")
    return Page(
        Judge(args.engine, args.model, args.meta or recipe.meta, meta_template=recipe.meta_template),
        args.db or default_path(),
        args.host,
        args.port,
        _logins(args),
        args.pace,
        root_path=_root_path(args.root_path),
        sampling=following(recipe),
        allowed_hosts=tuple(_shaped(_HOST, "--allowed-hosts", name) for name in _parts(args.allowed_hosts)),
        proxies=("*",) if args.forwarded_allow_ips == "*" else _proxies(args.forwarded_allow_ips),
        endpoint=endpoint_of(args) if args.api else None,
        mcp=args.mcp,
        frame_ancestors=tuple(_shaped(_ORIGIN, "--frame-ancestors", name) for name in args.frame_ancestors),
    )


def _parts(texts: list[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _root_path(text: str) -> str:
    """With one slash before it and none behind; a whole address is left as it is."""
    bare = text.strip("/")
    if "://" in text or not bare:
        return bare
    return "/" + _shaped(_PATH, "--root-path", bare)


def _shaped(pattern: re.Pattern[str], option: str, text: str) -> str:
    if not pattern.fullmatch(text):
        raise UsageError(f"{option} {text}: give {_SUCH[option]}")
    return text


def _proxies(text: str) -> tuple[str, ...]:
    return tuple(_proxy(part) for part in _parts([text]))


def _proxy(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False) if "/" in text else ipaddress.ip_address(text))
    except ValueError:
        raise UsageError(
            f"--forwarded-allow-ips {text}: give an address, a network such as 10.0.0.0/8, or *"
        ) from None


def _logins(args: argparse.Namespace) -> tuple[Login, ...]:
    """Logins of the command line, the environment and a file; UsageError where anybody would come in unasked."""
    texts = [("--auth", text) for text in args.auth]
    texts += [("GRM_LENS_AUTH", line) for line in os.environ.get("GRM_LENS_AUTH", "").splitlines() if line.strip()]
    people = [
        logins.login_of(text, ANNOTATOR if number else ADMIN, option) for number, (option, text) in enumerate(texts)
    ]
    people += logins.read(args.users) if args.users else ()
    if len({login.name for login in people}) < len(people):
        raise UsageError("two logins have the same name")
    if not people and not args.no_login and not _is_loopback(args.host):
        raise UsageError(
            f"--host {args.host} would let in everybody who reaches this machine: give --auth or --users, "
            "or say --no-login"
        )
    return tuple(people)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
