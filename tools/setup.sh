#!/bin/sh
# Make .venv from requirements.lock and prepare the bundled model. A second run finds both done, needs no network and
# takes a second. PYTHON names another interpreter, TORCH_INDEX a mirror of PyTorch's index of CPU builds.
set -eu
cd "$(dirname "$0")/.."
say() { echo "setup: $*" >&2; }
stop() { say "$*"; exit 1; }
runs() { "$1" -c "import sys, $2; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" 2>/dev/null; }
install() { .venv/bin/python -m pip install --disable-pip-version-check --quiet --no-deps --require-hashes "$@"; }

if [ "$(uname -s) $(uname -m)" != "Linux x86_64" ]; then
    stop "this set-up is for Linux on x86-64; elsewhere see 'Other systems' in README.md (python app.py --engine hf)"
fi

if ! runs .venv/bin/python pip; then # none, of another Python, or left half made
    python=""
    for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
        if runs "$candidate" ensurepip; then python=$candidate && break; fi
        if runs "$candidate" sys; then bare=$candidate; fi
    done
    if [ -z "$python" ]; then
        [ -z "${bare:-}" ] || stop "$bare cannot make a virtual environment; on Debian: apt-get install python3-venv make"
        stop "needs Python 3.11, 3.12 or 3.13; name one with: make setup PYTHON=/path/to/python3.11"
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

wanted=$(sha256sum requirements.lock | cut -d' ' -f1)
if [ "$(cat .venv/.lock-installed 2>/dev/null || true)" != "$wanted" ]; then
    say "installing the locked packages: some 900 MB to download the first time, a few minutes"
    # torch first, and alone: PyPI has no CPU build, so it may come from PyTorch's index, the rest must not.
    index=${TORCH_INDEX:-https://download.pytorch.org/whl/cpu}
    if ! install -r tools/lock-torch.txt 2>.venv/torch.log; then
        say "the configured package index has no CPU build of torch; taking it from $index"
        install -r tools/lock-torch.txt --index-url "$index" ||
            stop "no CPU build of torch could be installed; the first attempt said: $(tail -n 1 .venv/torch.log)"
    fi
    install -r requirements.lock || stop "the locked packages could not be installed; the lines above say why"
    echo "$wanted" >.venv/.lock-installed
fi
.venv/bin/python -m grm_core.models
