"""Appending to a file that grows piece by piece, so that whatever ends it, what was written counts."""

from typing import BinaryIO, Protocol


class Raw(Protocol):
    """An unbuffered file: what it says it has written is in the file."""

    def write(self, data: memoryview, /) -> int | None:
        """Write some of the bytes; says how many."""


def append(file: Raw, data: bytes) -> None:
    """Write all of it. A disk that is full meanwhile raises OSError; what fitted is kept."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def skip(stream: BinaryIO, count: int, chunk: int = 1 << 20) -> None:
    """Read over the first bytes."""
    while count > 0 and (read := stream.read(min(chunk, count))):
        count -= len(read)
