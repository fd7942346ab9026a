#!/bin/sh
# Resolve requirements.lock for Python 3.11 to 3.13 on Linux x86-64: make lock. Versions stay as they are where they can;
# make lock UPGRADE=1 takes the newest.
set -eu
cd "$(dirname "$0")/.."
uv=build/lock/venv/bin/uv
[ -x "$uv" ] || { "${PYTHON:-python3}" -m venv build/lock/venv && build/lock/venv/bin/pip install -q uv==0.13.9; }
# What torch itself needs; it is resolved apart from the rest.
printf '%s\n' 'setuptools<82' sympy networkx fsspec filelock jinja2 typing-extensions >build/lock/torch-needs.txt
if [ -n "${UPGRADE:-}" ]; then rm -f build/lock/rest.txt; else cp requirements.lock build/lock/rest.txt; fi
"$uv" pip compile requirements.txt requirements-dev.txt build/lock/torch-needs.txt \
    --universal --python-version 3.11 --override tools/lock-overrides.txt \
    --generate-hashes --no-header --no-annotate --quiet --output-file build/lock/rest.txt
{
    echo "# Every package that GRM Lens installs, pinned and hashed; made by tools/lock.sh (make lock), not by hand."
    echo "# Install with --no-deps: the list is complete, and some packages name dependencies that must stay out."
    cat tools/lock-torch.txt build/lock/rest.txt # torch first: it fails fast where its index is not configured
} >requirements.lock
