"""The commands: one module each, with HELP, add_arguments(parser) and run(args) -> exit code."""

_NAMES: tuple[str, ...] = ("score", "settle", "parse", "vote", "curve", "bench", "report", "train", "measure", "serve")
_NAMES += ("import_", "convert", "export", "search", "meta", "principles", "labels", "leaderboard", "baseline")
_NAMES += ("compare", "attack", "users", "people", "prune", "backup", "restore", "bundle")
COMMANDS = {name.rstrip("_"): f"cli.commands.{name}" for name in (*_NAMES, "doctor")}
"""A command's name -> its module, which is imported when it is asked for."""
