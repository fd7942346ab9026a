#!/bin/sh
# Format, lint, types, layers, lengths: every part runs, so that one call shows all there is to mend.
cd "$(dirname "$0")/.." || exit 1
bin=.venv/bin failed=0
for check in "ruff format --check --quiet ." "ruff check --quiet ." "mypy" "lint-imports --no-cache" "python tools/check_length.py"; do
    echo "check: $check" >&2
    # shellcheck disable=SC2086  # a command and its words
    $bin/$check || failed=1
done
exit $failed
