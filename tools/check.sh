#!/bin/sh
# Format, lint, types, layers, lengths, then the browser's side: every part runs, so that one call shows all there is to
# mend. Modules are called through Python: the first line of a script in .venv/bin names a folder that may have been
# moved since.
cd "$(dirname "$0")/.." || exit 1
python=.venv/bin/python failed=0
check() {
    echo "check: $*" >&2
    "$@" || failed=1
}
# What the locked file names is installed into node_modules, which git ignores; a second run finds it done.
installed() {
    wanted=$(cksum <package-lock.json)
    [ "$(cat node_modules/.installed 2>/dev/null)" = "$wanted" ] && return 0
    npm ci --silent --no-progress && echo "$wanted" >node_modules/.installed
}
check $python -m ruff format --check --quiet --diff .
check $python -m ruff check --quiet .
check $python -m mypy --no-error-summary
check $python -c "import sys, importlinter.cli as cli; sys.exit(cli.lint_imports(no_cache=True, no_logo=True))"
check $python tools/check_length.py
if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1; then
    check installed
    check node_modules/.bin/biome ci --colors=off --error-on-warnings --log-level=error
    check node_modules/.bin/tsc
    check node --test --test-reporter=dot tests/web
else
    echo "check: no node here, so the page's modules are not checked (Biome, tsc, node --test)" >&2
fi
[ $failed = 0 ] || echo "check: failed" >&2
exit $failed
