"""The one door of GRM Lens: without a command it serves the page, with one it works on files.

JSON goes to standard output, words to standard error. Exit code 0; 1 when some items failed; 2 for a usage error.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NoReturn

from cli import page
from cli.common import escape_output, hung_up, listen, say
from grm_core.errors import GRMError
from ui import serve

NAMES: tuple[str, ...] = ("score", "parse", "vote", "curve", "bench", "report", "train", "measure", "import_")
NAMES += ("convert", "export", "search", "meta", "principles", "labels", "leaderboard", "baseline", "compare")
NAMES += ("users", "backup", "restore")
COMMANDS = {name.rstrip("_"): import_module(f"cli.commands.{name}") for name in (*NAMES, "doctor")}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command, the shell's own where `argv` is None, or serve the page; returns the exit code."""
    escape_output()
    prog, argv = (os.path.basename(sys.argv[0]), sys.argv[1:]) if argv is None else ("app.py", argv)
    top = Parser(prog=prog, description="See what a generative reward model thought.", allow_abbrev=False)
    page.add_arguments(top)
    commands = top.add_subparsers(
        dest="command", metavar="COMMAND", title="commands (without one, the page is served)"
    )
    for name, module in COMMANDS.items():
        words = (module.__doc__ or "").replace("python app.py", prog)
        module.add_arguments(commands.add_parser(name, help=module.HELP, description=words, allow_abbrev=False))
    args = top.parse_args(argv)
    if args.command:
        if argv[0] != args.command:
            top.error(f"options of {args.command} belong after it")
        listen()
    try:
        return COMMANDS[args.command].run(args) if args.command else serve.run(page.settings_of(args))
    except GRMError as error:
        say("; ".join(filter(None, (str(error), getattr(error, "hint", "")))))
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return hung_up()
    return 2


if __name__ == "__main__":
    sys.exit(main())
