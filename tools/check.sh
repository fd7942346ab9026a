#!/bin/sh
# Format, lint, types, layers, lengths: every part runs, so that one call shows all there is to mend. Modules are called
# through Python: the first line of a script in .venv/bin names a folder that may have been moved since.
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python failed=0
check() {
    echo "check: $*" >&2
    "$@" || failed=1
}
check $python -m ruff format --check --quiet --diff .
check $python -m ruff check --quiet .
check $python -m mypy --no-error-summary
check $python -c "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"
check $python tools/check_length.py
[ $failed = 0 ] || echo "check: failed" >&2
exit $failed
