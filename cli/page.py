"""python app.py without a command: the page and where it is served."""

import argparse
from pathlib import Path

from cli.recipe import add_recipe, recipe_of
from grm_core import engines
from grm_core.errors import UsageError
from runs.settings import Judge, Page, following
from storage.paths import default_path


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
    parser.add_argument("--auth", action="append", metavar="USER:PASS", default=[], help="a login; repeat for more")
    parser.add_argument("--pace", choices=("recorded", "at-once"), default="recorded", help="of a replay engine")


def settings_of(args: argparse.Namespace) -> Page:
    """The settings of parsed arguments. UsageError for a login without a password."""
    logins = tuple(_login(text) for text in args.auth)
    recipe = recipe_of(args)
    judge = Judge(args.engine, args.model, args.meta or recipe.meta, meta_template=recipe.meta_template)
    db, sampling = args.db or default_path(), following(recipe)
    return Page(judge, db, args.host, args.port, logins, args.pace, args.root_path, sampling)


def _login(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        raise UsageError("--auth needs USER:PASS, with a colon between the two")
    return user, password
