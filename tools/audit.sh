#!/bin/sh
# What is installed, from where, under which licence, and what is known against it: make audit. Writes build/audit:
# sbom.json (CycloneDX, with the lock's hashes), report.md, vulnerabilities.json where the data can be reached.
set -eu
cd "$(dirname "$0")/.."
out=build/audit tools=build/audit/venv/bin
[ -x "$tools/pip-audit" ] || {
    "${PYTHON:-python3}" -m venv build/audit/venv
    "$tools/pip" install -q pip-audit==2.10.1 cyclonedx-bom==7.5.0
}
"$tools/cyclonedx-py" environment .venv/bin/python --output-format JSON --output-file "$out/environment.json"
# It ends with 1 where something is known against a package, and with 1 where it cannot ask: audit.py tells the two apart.
rm -f "$out/vulnerabilities.json"
"$tools/pip-audit" --require-hashes --no-deps --disable-pip --progress-spinner off --timeout 15 \
    -r requirements.lock -f json -o "$out/vulnerabilities.json" 2>"$out/pip-audit.log" || true
.venv/bin/python tools/audit.py "$out"
