# On a fresh machine two commands do everything: make run, make test. make check looks at the code, make lock makes
# requirements.lock.
HOST ?= 127.0.0.1
PORT ?= 7860
ENGINE ?= auto
DB ?=
MODEL ?=

.PHONY: run test check setup lock

run: setup
	.venv/bin/python app.py --host "$(HOST)" --port "$(PORT)" --engine "$(ENGINE)" $(if $(DB),--db "$(DB)") $(if $(MODEL),--model "$(MODEL)")

test: setup
	@sh tools/chromium.sh
	.venv/bin/python -m pytest -q

check: setup
	@sh tools/check.sh

setup:
	@PYTHON="$(PYTHON)" sh tools/setup.sh

lock:
	@PYTHON="$(PYTHON)" UPGRADE="$(UPGRADE)" sh tools/lock.sh
