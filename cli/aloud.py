"""Warnings of the parts of GRM Lens, told to the person who gave a command."""

import logging

from cli.common import say


class Aloud(logging.Handler):
    """Tells the person what a part of GRM Lens warns of."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it in a line."""
        say(record.getMessage())


def listen() -> None:
    """From now on say what is logged as a warning; called again, nothing changes."""
    log = logging.getLogger("grm_lens")
    if not any(isinstance(handler, Aloud) for handler in log.handlers):
        log.addHandler(Aloud(logging.WARNING))
