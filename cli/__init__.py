"""The command line: arguments in, settings out, results printed; the commands are in cli.commands."""
