# On a fresh machine two commands do everything: make run, make test. make check looks at the code, make quick runs the
# tests that need neither model nor browser, make cover prints how much of each folder the tests run, make docs writes
# build/docs, make wheel dist/, make lock requirements.lock.
HOST ?= 127.0.0.1
PORT ?= 7860
ENGINE ?= auto
DB ?=
MODEL ?=

PAIRS ?=
MINUTES ?= 240
DEVICE ?= cpu
SOAK ?=

# Rewritten assertions are kept even where Python is told to keep no bytecode: to rewrite them takes each process 9 s.
SERIAL = PYTHONDONTWRITEBYTECODE= .venv/bin/python -m pytest -q
# The tests of a file stay together: no fixture of a module is made twice. Slow files come first.
TOGETHER = --dist loadfile --no-loadscope-reorder
PYTEST = $(SERIAL) -n auto $(TOGETHER)
# Two browsers a core: half of the time of each goes in waiting for a page.
BROWSERS = $(SERIAL) -n $$((2 * $$(nproc))) $(TOGETHER)
LEFT_OUT = browser|model|slow|alone
# Files that quick leaves out as a whole are not even imported: torch takes longer than most tests.
WHOLE = $(shell grep -rlE '^pytestmark = \[?pytest\.mark\.($(LEFT_OUT))\b' tests)
# Files with a test of this mark, for a part of all tests: to import the others would take each process half a minute.
marked = $(or $(TESTS),$(shell grep -rlE 'mark\.$(1)\b' tests --include='test_*.py'))
TESTS ?=

.PHONY: run test quick cover check docs wheel setup lock train soak audit

run: setup
	.venv/bin/python app.py --host "$(HOST)" --port "$(PORT)" --engine "$(ENGINE)" $(if $(DB),--db "$(DB)") $(if $(MODEL),--model "$(MODEL)")

# In parallel but for what needs the machine for itself; the browser's tests after the others, which take all cores.
test: setup
	@sh tools/chromium.sh
	$(PYTEST) -m "not browser and not alone" --durations=10 $(TESTS)
	$(BROWSERS) -m "browser and not alone" --durations=10 $(call marked,browser)
	$(SERIAL) -m alone --durations=10 $(call marked,alone)

quick: setup
	$(PYTEST) -m "not ($(subst |, or ,$(LEFT_OUT)))" $(addprefix --ignore=,$(WHOLE)) $(TESTS)

cover: setup
	@sh tools/chromium.sh
	$(PYTEST) --cov --cov-report=json $(TESTS)
	.venv/bin/python tools/coverage_by_folder.py build/coverage/report.json

check: setup
	@sh tools/check.sh

docs: setup
	.venv/bin/python tools/docs.py build/docs

wheel: setup
	.venv/bin/python -m build --no-isolation --outdir dist .

setup:
	@PYTHON="$(PYTHON)" sh tools/setup.sh

# The recipe of the bundled models: hours on a CPU, MINUTES=25 DEVICE=cuda on a GPU; stopped, it goes on when called again.
train: setup
	.venv/bin/python app.py train all --minutes "$(MINUTES)" --device "$(DEVICE)" $(if $(PAIRS),--pairs "$(PAIRS)")
	.venv/bin/python app.py train bundle

# Hundreds of kills and an hour of load; the figures go into docs/failure-modes.md. SOAK="--minutes 5 --kills 20" is short.
soak: setup
	.venv/bin/python -m tests.faults.soak --out docs/soak.json $(SOAK)
	.venv/bin/python -m tests.faults.figures

# Bill of materials, licences, hashes, and known vulnerabilities where the data can be reached: build/audit.
audit: setup
	@PYTHON="$(PYTHON)" sh tools/audit.sh

lock:
	@PYTHON="$(PYTHON)" UPGRADE="$(UPGRADE)" sh tools/lock.sh
