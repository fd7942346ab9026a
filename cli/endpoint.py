"""Options of the judge over HTTP: of `serve`, and of the page that has it beside it."""

import argparse
from pathlib import Path

from cli.common import whole
from grm_core.errors import UsageError
from runs.settings import Endpoint


def add_endpoint(parser: argparse.ArgumentParser) -> None:
    """Describe who may ask, and how much."""
    group = parser.add_argument_group("the judge over HTTP (docs/serving.md)")
    group.add_argument(
        "--api-key", action="append", metavar="NAME:KEY", default=[], help="who may ask; repeat for more"
    )
    group.add_argument(
        "--api-keys", type=Path, metavar="FILE", help="more of them: names with the hashes of their keys"
    )
    group.add_argument(
        "--key-limit", type=whole(1, 10**6), default=256, metavar="N", help="requests of a key at once (default: 256)"
    )
    group.add_argument(
        "--waiting", type=whole(1, 10**6), default=1024, metavar="N", help="requests that may wait (default: 1024)"
    )
    group.add_argument(
        "--unreadable",
        type=_unreadable,
        default="error",
        metavar="error|null|REWARD",
        help="what a trainer is told of a completion that no sample scored (default: error)",
    )
    group.add_argument(
        "--reward-range", nargs=2, type=float, default=(0.0, 1.0), metavar=("LOW", "HIGH"),
        help="rewards of the mean scores 1 and 10 (default: 0 1)",
    )  # fmt: skip


def endpoint_of(args: argparse.Namespace) -> Endpoint:
    """The endpoint that `add_endpoint` describes; keys are hashed here and kept nowhere."""
    from service import keys

    named = []
    for text in args.api_key:
        name, colon, key = text.partition(":")
        if not (name and colon):
            raise UsageError("--api-key needs NAME:KEY, with a colon between the two")
        named.append((name, keys.hashed(key)))
    named += keys.read(args.api_keys) if args.api_keys is not None else []
    low, high = args.reward_range
    return Endpoint(
        tuple(named), args.key_limit, args.waiting, unreadable=args.unreadable, low=float(low), high=float(high)
    )


def _unreadable(text: str) -> str | float:
    if text in ("error", "null"):
        return text
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is neither error nor null nor a number") from None
