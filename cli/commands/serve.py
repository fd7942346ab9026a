"""python app.py serve: the judge over HTTP, without the page.

POST /v1/judge with {"query": "2+2?", "responses": ["4", "5"], "k": 8}; docs/serving.md has the calls.
"""

import argparse

from cli.common import say, whole
from cli.endpoint import add_endpoint, endpoint_of
from cli.recipe import add_recipe, recipe_of
from grm_core.errors import UsageError
from runs.settings import Judge, Service, following

HELP = "serve the judge over HTTP"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("--engine", default="auto", help="auto, managed, hf, replay:FILE or a URL (default: auto)")
    parser.add_argument("--model", help="name on the server; for managed and hf a folder, or small")
    parser.add_argument("--meta", help="meta RM, as of score (default: the recipe's, else auto)")
    add_recipe(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=whole(1, 65535), default=7861, help="(default: 7861)")
    add_endpoint(parser)
    parser.add_argument(
        "--new-api-key", metavar="NAME", help="print a new key, add its hash to --api-keys, and serve nothing"
    )


def run(args: argparse.Namespace) -> int:
    """Serve until it is stopped, or make a key; returns the exit code."""
    from service import keys, serve

    if args.new_api_key is not None:
        if args.api_keys is None:
            raise UsageError("--new-api-key needs the file of keys: --api-keys FILE")
        print(keys.add(args.api_keys, args.new_api_key))
        say(f"its hash is in {args.api_keys}; the key itself is nowhere, so keep it")
        return 0
    recipe = recipe_of(args)
    judge = Judge(args.engine, args.model, args.meta or recipe.meta, meta_template=recipe.meta_template)
    return serve.run(Service(judge, following(recipe), endpoint_of(args), args.host, args.port))
