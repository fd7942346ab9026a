# On a fresh machine two commands do everything: make run, make test. make check looks at the code, make lock makes
# requirements.lock.
HOST ?= 127.0.0.1
PORT ?= 7860
ENGINE ?= auto
DB ?=
MODEL ?=

PAIRS ?=
MINUTES ?= 240
DEVICE ?= cpu

.PHONY: run test check setup lock train

run: setup
	.venv/bin/python app.py --host "$(HOST)" --port "$(PORT)" --engine "$(ENGINE)" $(if $(DB),--db "$(DB)") $(if $(MODEL),--model "$(MODEL)")

test: setup
	@sh tools/chromium.sh
	.venv/bin/python -m pytest -q

check: setup
	@sh tools/check.sh

setup:
	@PYTHON="$(PYTHON)" sh tools/setup.sh

# The recipe of the bundled models: hours on a CPU, MINUTES=25 DEVICE=cuda on a GPU; stopped, it goes on when called again.
train: setup
	.venv/bin/python app.py train all --minutes "$(MINUTES)" --device "$(DEVICE)" $(if $(PAIRS),--pairs "$(PAIRS)")
	.venv/bin/python app.py train bundle

lock:
	@PYTHON="$(PYTHON)" UPGRADE="$(UPGRADE)" sh tools/lock.sh
