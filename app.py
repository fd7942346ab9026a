"""The one door of GRM Lens: without a command it serves the page, with one it works on files.

JSON goes to standard output, words to standard error. Exit code 0; 1 when some items failed; 2 for a usage error.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from cli.commands import COMMANDS
from cli.common import Parser, escape_output, hung_up, say
from grm_core.errors import GRMError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, the shell's own where `argv` is None, or serve the page; returns the exit code."""
    escape_output()
    prog, argv = (os.path.basename(sys.argv[0]), sys.argv[1:]) if argv is None else ("app.py", argv)
    top = Parser(prog=prog, description="See what a generative reward model thought.", allow_abbrev=False)
    wanted = [name for name in COMMANDS if name in argv]
    if not (argv and argv[0] in wanted):
        import_module("cli.page").add_arguments(top)
    commands = top.add_subparsers(
        dest="command", metavar="COMMAND", title="commands (without one, the page is served)"
    )
    for name in [argv[0]] if argv and argv[0] in wanted else COMMANDS:
        module = import_module(COMMANDS[name])
        words = (module.__doc__ or "").replace("python app.py", prog)
        parser = commands.add_parser(name, help=module.HELP, description=words, allow_abbrev=False)
        if name in wanted:
            module.add_arguments(parser)
    args = top.parse_args(argv)
    if args.command:
        if argv[0] != args.command:
            top.error(f"options of {args.command} belong after it")
        import_module("cli.aloud").listen()
    try:
        return act(args)
    except GRMError as error:
        say("; ".join(filter(None, (str(error), getattr(error, "hint", "")))))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return hung_up()
    return 2


def act(args: argparse.Namespace) -> int:
    """Run the command, or serve the page; returns the exit code."""
    if not args.command:
        return int(import_module("ui.serve").run(import_module("cli.page").settings_of(args)))
    # Commands and pages never see each other; `bundle` writes what the page shows.
    site = [import_module("ui.site")] if args.command == "bundle" else []
    return int(import_module(COMMANDS[args.command]).run(args, *site))


if __name__ == "__main__":
    sys.exit(main())
