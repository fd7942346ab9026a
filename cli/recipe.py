"""--recipe NAME: which known checkpoint is asked, and what that sets."""

import argparse

from cli.common import say
from grm_core import recipes
from grm_core.recipes import Recipe


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add --recipe."""
    parser.add_argument(
        "--recipe",
        metavar="NAME",
        help="ask as a known checkpoint wants it (docs/recipes.md); other options take precedence",
    )


def recipe_of(args: argparse.Namespace) -> Recipe:
    """The recipe that is asked for, if any; what it sets of the options that these arguments leave open is told."""
    if args.recipe is None:
        return recipes.PLAIN
    recipe = recipes.named(args.recipe)
    options = {name.replace("_", "-") for name, value in vars(args).items() if value is not None}
    if "template" in options:
        options.add("context")  # it follows from the template
    settings = [f"{name} {value}" for name, value in recipe.options().items() if name not in options]
    hint = "" if "meta" in options else recipe.hint
    say("; ".join(filter(None, (f"recipe {recipe.name}: {', '.join(settings) or 'nothing'}", hint))))
    return recipe
