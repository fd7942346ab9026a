"""The base of the 1.5B judge: one file of weights, its hash, and where it can be had."""

from dataclasses import dataclass
from pathlib import Path

LOCK = Path(__file__).with_name("wheels.lock")


class Unavailable(Exception):
    """A source cannot give the file now; the next one is asked. The message says why."""


@dataclass(frozen=True, slots=True)
class Base:
    """A file of weights. Whatever it comes from, its bytes are the same and its SHA-256 decides."""

    file: str
    """Its name, on the hub and here."""
    size: int
    sha256: str
    repository: str
    """On the Hugging Face hub."""
    revisions: tuple[str, ...]
    """Of the repository, in the order in which they are asked for."""
    wheels: Path
    """The lock of the packages that carry it in pieces, in order, one a line."""
    piece: int
    """The size of every piece but the last."""


# The revision is the one that others note beside this SHA-256; we could not ask the hub itself. Should it be gone,
# main will do: the hash of the whole file lets nothing else through.
CODER = Base(
    file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    size=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    repository="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    revisions=("f86cb2c1fa58255f8052cc32aeede1b7482d4361", "main"),
    wheels=LOCK,
    piece=52_428_800,
)
