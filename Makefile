# Two commands do everything on a fresh machine: make run, make test.
HOST ?= 127.0.0.1
PORT ?= 7860
ENGINE ?= auto
DB ?=
MODEL ?=

.PHONY: run test check setup lock

run: setup
	.venv/bin/python app.py --host $(HOST) --port $(PORT) --engine $(ENGINE) $(if $(DB),--db $(DB)) $(if $(MODEL),--model $(MODEL))

test: setup
	@sh tools/chromium.sh
	.venv/bin/python -m pytest -q

check: setup
	@sh tools/check.sh

setup:
	@PYTHON="$(PYTHON)" sh tools/setup.sh

lock:
	sh tools/lock.sh
