"""A file of JSON lines that grows: appended to as they come, mended after a crash, put in order at the end."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self

from grm_core.errors import UsageError

_SYNC_EVERY_S = 1.0


class Log:
    """The lines of one file. Whenever the process ends, every line but the last is whole."""

    def __init__(self, path: Path, mode: Literal["x+b", "r+b"], content: bytes = b"") -> None:
        """`begin` and `resume` make one; `held` are the whole lines that the file has already."""
        try:
            self._file: BinaryIO = path.open(mode)
        except FileExistsError:
            raise UsageError(f"{path} exists already; use --resume to go on with it, or another name") from None
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror or error}") from None
        self.path = path
        self._lengths = [len(line) + 1 for line in content.split(b"\n")[:-1]]
        self._end = len(content)
        self._file.truncate(self._end)
        self._synced = time.monotonic()

    @classmethod
    def begin(cls, path: Path) -> Self:
        """A new file; UsageError where there is one already or it cannot be made."""
        return cls(path, "x+b")

    @classmethod
    def resume(cls, path: Path) -> Self:
        """The file as a stopped process left it, without a last line that was torn; a new one where there is none."""
        content = whole_lines(path)
        return cls(path, "r+b" if path.exists() else "x+b", content)

    def __enter__(self) -> Self:
        """Ready for `append`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Keep what was written."""
        self.close()

    def __len__(self) -> int:
        """How many lines there are."""
        return len(self._lengths)

    def append(self, line: str) -> int:
        """Add a line and return its number from 0; it survives a crash of the process at once, of the machine soon."""
        data = line.encode() + b"\n"
        self._file.seek(self._end)
        self._file.write(data)
        self._file.flush()
        self._lengths.append(len(data))
        self._end += len(data)
        if time.monotonic() - self._synced > _SYNC_EVERY_S:
            self.sync()
        return len(self._lengths) - 1

    def sync(self) -> None:
        """Wait until everything written is on the disk."""
        os.fsync(self._file.fileno())
        self._synced = time.monotonic()

    def move(self, path: Path) -> None:
        """Take the place of the file at `path`, and go on there."""
        self.sync()
        self.path = self.path.replace(path)

    def arrange(self, numbers: Sequence[int]) -> None:
        """Close the file with these of its lines, in this order; it is whole at every moment."""
        if list(numbers) != list(range(len(self))):
            starts = [0]
            for length in self._lengths:
                starts.append(starts[-1] + length)
            part = self.path.with_name(self.path.name + ".part")
            try:
                with part.open("wb") as out:
                    for number in numbers:
                        self._file.seek(starts[number])
                        out.write(self._file.read(self._lengths[number]))
                    out.flush()
                    os.fsync(out.fileno())
                part.replace(self.path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        self.close()

    def close(self) -> None:
        """Keep what was written, in the order of its arrival; safe to call twice."""
        if not self._file.closed:
            self.sync()
            self._file.close()


def whole_lines(path: Path) -> bytes:
    """The lines of a file that were written to their end; b'' where there is no file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from None
    return data[: data.rfind(b"\n") + 1]
