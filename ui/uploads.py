"""Where uploaded files lie until they are read: one private folder of bounded size, empty at start and at the end."""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

ROOM = 200 * 2**20
"""Bytes that uploads may take together."""
KEPT_S = 3600
"""Seconds after which a file that nobody took is removed."""


class Uploads:
    """The folder. What a killed process left in it is removed when the next one begins."""

    def __init__(self, port: int) -> None:
        """`port`: where the page is served; no other process of this machine has the same."""
        self.folder = Path(tempfile.gettempdir()) / f"grm-lens-{os.getuid()}-{port}"

    def begin(self) -> None:
        """Empty the folder, and tell Gradio of it: it reads where from the environment."""
        self.clear()
        self.folder.mkdir(mode=0o700)  # whoever has made it meanwhile keeps us from starting
        os.environ["GRADIO_TEMP_DIR"] = str(self.folder)

    def clear(self) -> None:
        """Remove the folder with all that is in it."""
        if self.folder.is_symlink():
            self.folder.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def room(self, size: int) -> bool:
        """Whether so many bytes more may come."""
        return await asyncio.to_thread(self._size) + size <= ROOM

    def _size(self) -> int:
        return sum(path.lstat().st_size for path in self.folder.rglob("*") if path.is_file())
