#!/bin/sh
# Make .venv from requirements.lock and prepare the bundled model. A second run finds both done and takes a second.
set -eu
cd "$(dirname "$0")/.."
say() { echo "setup: $*" >&2; }
stop() { say "$*"; exit 1; }

if [ "$(uname -s) $(uname -m)" != "Linux x86_64" ]; then
    stop "this set-up is for Linux on x86-64; elsewhere see 'Other systems' in README.md (python app.py --engine hf)"
fi
suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }
if ! { [ -x .venv/bin/python ] && suits .venv/bin/python; }; then
    python=""
    for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
        if suits "$candidate"; then python=$candidate && break; fi
    done
    [ -n "$python" ] || stop "needs Python 3.11, 3.12 or 3.13; name one with: make setup PYTHON=/path/to/python3.11"
    "$python" -c 'import ensurepip' 2>/dev/null || stop "Python's venv is missing; on Debian: apt-get install python3-venv"
    say "making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi

wanted=$(sha256sum requirements.lock | cut -d' ' -f1)
if [ "$(cat .venv/.lock-installed 2>/dev/null || true)" != "$wanted" ]; then
    say "installing the locked packages (about 1 GB to download the first time)"
    install="env PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock"
    if ! $install 2>.venv/pip-first.log; then
        if grep -q "torch==2.13.0+cpu" .venv/pip-first.log; then
            say "the configured package index has no CPU build of torch; taking it from PyTorch's own index"
            $install --extra-index-url https://download.pytorch.org/whl/cpu
        else
            cat .venv/pip-first.log >&2
            stop "pip could not install the locked packages (see above)"
        fi
    fi
    echo "$wanted" >.venv/.lock-installed
fi
.venv/bin/python -m grm_core.models
