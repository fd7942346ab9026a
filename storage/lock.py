"""One writing process per database: an advisory lock on a file beside it.

The lock belongs to the open file, so the system drops it when its process ends in whatever way; a lock file that is
left behind means nothing.
"""

import fcntl
import os
from pathlib import Path


class FileLock:
    """The lock `<database>.lock`: `held` says whether we have it, `holder` which process has it if not."""

    def __init__(self, database: Path) -> None:
        """Try to take the lock without waiting; OSError when the folder cannot be written."""
        self.path = Path(f"{database}.lock")
        self.held = False
        self.holder: int | None = None
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.holder = _pid(os.pread(self._file, 32, 0))
            self.release()
            return
        self.held = True
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def release(self) -> None:
        """Let go of the lock; safe to call twice."""
        self.held = False
        if self._file >= 0:
            # The file stays: removing it would let two processes lock two different files of one name.
            os.close(self._file)
            self._file = -1


def _pid(content: bytes) -> int | None:
    return int(content) if content.isdigit() else None
