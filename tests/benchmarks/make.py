"""Small data in the official layouts, all of our own making, and reports of hand-made scores."""

import json
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from grm_core.benchmarks import headline, named
from grm_core.benchmarks.base import Policy
from grm_core.benchmarks.headline import Report
from grm_core.benchmarks.scoring import Voting, load
from grm_core.outcome import Invalid, Tie
from grm_core.types import Method, Sample
from tests.make import make_sample, write_lines

Scores = Sequence[int] | None
POLICIES = [(str(tie), str(invalid)) for tie in Tie for invalid in Invalid]


def jsonl(path: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_lines(path, records)
    return path


def as_json(path: Path, records: Sequence[Mapping[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(records)))
    return path


def one_each(scores: Mapping[str, Scores]) -> dict[str, list[Sample]]:
    """One sample an item; None = it could not be read."""
    return {
        item: [make_sample(0, each, order=() if each is None else None, session_id=item)]
        for item, each in scores.items()
    }


def games(scores: Mapping[str, tuple[Scores, Scores]]) -> dict[str, list[Sample]]:
    """Two samples of a pair, the second one shown swapped; scores are in own order in both."""
    return {
        item: [make_sample(0, first, order=(0, 1)), make_sample(1, second, order=(1, 0))]
        for item, (first, second) in scores.items()
    }


def made(
    name: str,
    data: Path,
    samples: Mapping[str, Sequence[Sample]],
    tie: str | None = None,
    invalid: str | None = None,
    seed: int = 0,
    method: str = "naive",
) -> Report:
    benchmark = named(name)
    policy = Policy(Tie(tie or benchmark.tie), Invalid(invalid or benchmark.invalid), seed)
    return headline.make(benchmark, load(benchmark, data), samples, Voting(Method(method)), policy)


def values(report: Report, metric: str | None = None) -> dict[str, float | None]:
    """Name of a line -> its value."""
    return {line.name: line.value for line in report.result.table if metric in (None, line.metric)}


def locked_zip(path: Path, members: Mapping[str, bytes], password: bytes) -> Path:
    """A zip in the traditional encryption, which Python reads but does not write."""
    body, directory = b"", b""
    for name, data in members.items():
        crc, stored = zlib.crc32(data), _encrypt(data, password)
        about = struct.pack("<HHHHHIIIHH", 20, 1, 0, 0, 33, crc, len(stored), len(data), len(name), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + about + struct.pack("<HHHII", 0, 0, 0, 0, len(body))
        directory += name.encode()
        body += b"PK\x03\x04" + about + name.encode() + stored
    count = len(members)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(body), 0)
    path.write_bytes(body + directory + end)
    return path


def _crc_step(crc: int, byte: int) -> int:
    return zlib.crc32(bytes([byte]), crc ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def _encrypt(data: bytes, password: bytes) -> bytes:
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc_step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc_step(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    out = bytearray()
    for byte in bytes(11) + bytes([zlib.crc32(data) >> 24]) + data:
        mask = keys[2] | 2
        out.append(byte ^ (((mask * (mask ^ 1)) >> 8) & 0xFF))
        update(byte)
    return bytes(out)
