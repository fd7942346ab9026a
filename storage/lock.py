"""One writing process per database, by whatever name it is opened.

Two locks stand for a database. The first lies on `<database>.lock` beside it, symbolic links followed, and so belongs
to its name. The second lies on the database itself, so a process sees it that comes by a hard link or a mount of the
file. SQLite finds its write-ahead log by name: whoever comes by another name must neither write nor read.

Both belong to open files, so the system drops them when their process ends in whatever way; a lock file that is left
behind means nothing.
"""

import fcntl
import os
import struct
import threading
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StoreError

_FLOCK = struct.Struct("hhqqi4x")
"""Linux's struct flock: type, whence, start, length, process."""
_START = 1 << 62
"""Where the second lock begins: far behind the bytes that SQLite locks. It is as long as its holder's process id."""


class FileLock:
    """The locks of one opening: `held` says whether we may write, `holder` which process may if not."""

    def __init__(self, database: Path, writing: bool) -> None:
        """Try to take the locks without waiting, if `writing`; the database is made where it does not exist.

        OSError when the folder cannot be written, StoreError when the database is in use under another name.
        """
        self.path = Path(f"{os.path.realpath(database)}.lock")
        self.held = False
        self.holder: int | None = None
        self._name = -1
        self._inode: _Inode | None = None
        try:
            self._take(database, writing)
        except BaseException:
            self.release()
            raise

    def in_place(self, database: Path) -> bool:
        """Whether the file that we hold is still the one of this name."""
        if self._inode is None:
            return True
        try:
            return _key(os.stat(database)) == self._inode.key
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Let go of the locks, after the database's connections are closed; safe to call twice."""
        if self._inode is not None:
            self._inode.leave(self.held)
            self._inode = None
        self.held = False
        if self._name >= 0:
            # The file stays: removing it would let two processes lock two different files of one name.
            os.close(self._name)
            self._name = -1

    def _take(self, database: Path, writing: bool) -> None:
        if not (self._take_name() if writing else database.exists()):
            return
        self._inode = _Inode.of(database)
        if writing and self._inode.take():
            self.held = True
            os.ftruncate(self._name, 0)
            os.pwrite(self._name, str(os.getpid()).encode(), 0)
            return
        elsewhere = self._inode.holder()
        if elsewhere is not None and (writing or not self._name_is_taken()):
            raise StoreError(
                f"it is in use by process {elsewhere} under another name of the same file; "
                "open it by that name, or close it there first"
            )

    def _take_name(self) -> bool:
        self._name = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._name, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            content = os.pread(self._name, 32, 0)
            self.holder = int(content) if content.isdigit() else None
            return False
        return True

    def _name_is_taken(self) -> bool:
        """Asked only while the database is held: a lock that is tried here must not keep a writer from its own."""
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False


@dataclass(slots=True)
class _Inode:
    """A database file that this process holds open, once for all who use it here.

    Closing any handle of a file drops what SQLite has locked of it in this process, so this one is closed last.
    """

    file: int
    key: tuple[int, int]
    users: int = 0
    taken: bool = False

    @classmethod
    def of(cls, database: Path) -> "_Inode":
        """The file, made where it does not exist; `leave` has to follow."""
        with _GUARD:
            inode = _OPEN.get(_key(os.stat(database))) if database.exists() else None
            if inode is None:
                inode = cls(file := _opened(database), _key(os.fstat(file)))
                _OPEN[inode.key] = inode
            inode.users += 1
            return inode

    def take(self) -> bool:
        """Whether we hold the lock from now on; False where we or another process hold it already."""
        with _GUARD:
            if self.taken:
                return False
            try:
                fcntl.fcntl(self.file, fcntl.F_OFD_SETLK, _flock(fcntl.F_WRLCK))
            except BlockingIOError:
                return False
            self.taken = True
            return True

    def holder(self) -> int | None:
        """The process that holds the lock, this one included."""
        if self.taken:
            return os.getpid()
        kind, _, _, length, _ = _FLOCK.unpack(fcntl.fcntl(self.file, fcntl.F_OFD_GETLK, _flock(fcntl.F_WRLCK)))
        return None if kind == fcntl.F_UNLCK else int(length)

    def leave(self, held: bool) -> None:
        """One user less, who `held` the lock or did not."""
        with _GUARD:
            if held:
                fcntl.fcntl(self.file, fcntl.F_OFD_SETLK, _flock(fcntl.F_UNLCK))
                self.taken = False
            self.users -= 1
            if not self.users:
                del _OPEN[self.key]
                os.close(self.file)


_GUARD = threading.RLock()
_OPEN: dict[tuple[int, int], _Inode] = {}


def _key(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _opened(database: Path) -> int:
    try:
        return os.open(database, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(database, os.O_RDONLY | os.O_CLOEXEC)


def _flock(kind: int) -> bytes:
    return _FLOCK.pack(kind, os.SEEK_SET, _START, os.getpid(), 0)
