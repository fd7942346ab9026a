"""python app.py users FILE NAME: put somebody into a file of logins, with a role and a hashed password.

The password is asked for, or read from standard input. `python app.py --users FILE` serves the page to those in it.
"""

import argparse
import getpass
import sys
from pathlib import Path

from cli.common import say, unwritten
from grm_core.errors import UsageError
from runs import logins
from runs.logins import ANNOTATOR, ROLES

HELP = "add somebody to a file of logins, or take somebody out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the command line."""
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("name", metavar="NAME")
    parser.add_argument("--role", choices=ROLES, default=ANNOTATOR, help="what NAME may do (default: %(default)s)")
    parser.add_argument("--remove", action="store_true", help="take NAME out")


def run(args: argparse.Namespace) -> int:
    """Write the file; returns 0."""
    if args.remove:
        if args.name not in [login.name for login in logins.read(args.file)]:
            raise UsageError(f"{args.file}: nobody there is called {args.name}")
        logins.put(args.file, None, args.name)
        say(f"{args.name} is out; the page learns of it when it is started again")
        return 0
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not password or ":" in args.name:
        raise UsageError("the password is empty" if not password else "a name has no colon")
    if args.file.exists():
        logins.read(args.file)  # a file of anything else is left as it is
    try:
        logins.put(args.file, logins.login_of(f"{args.name}:{password}", args.role, "users"), args.name)
    except OSError as error:
        raise unwritten(args.file, error) from None
    say(f"{args.name} is {args.role} in {args.file}; the page learns of it when it is started again")
    return 0
