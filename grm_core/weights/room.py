"""Whether this machine has room for the 1.5B judge: memory that the process may use, and free disk."""

import os
import shutil
from pathlib import Path

MEMORY = 6_000_000_000
"""Bytes that the machine needs: the int8 model, vLLM's cache and the page take some 5 GB."""
DISK = 5_000_000_000
"""Bytes that must be free: the downloaded file (1.1 GB) and what is made of it (1.8 GB, in 16 bits 3.1 GB)."""


def memory(root: Path = Path("/")) -> int:
    """Bytes of memory that this process can have: the machine's, or the least limit of its control groups."""
    machine = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([machine, *_limits(root)])


def free(folder: Path) -> int:
    """Free bytes on the disk where the folder is or will be."""
    there = next(each for each in (folder, *folder.parents) if each.exists())
    return shutil.disk_usage(there).free


def _limits(root: Path) -> list[int]:
    """The memory limits of this process's control groups; a group may be limited by any that it is inside of."""
    groups = root / "sys" / "fs" / "cgroup"
    texts = []
    for line in _read(root / "proc" / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, name = groups, "memory.max"
        elif "memory" in controllers.split(","):
            top, name = groups / "memory", "memory.limit_in_bytes"
        else:
            continue
        own = top / path.lstrip("/")
        # In a container the path is the host's and its own limit lies at the top.
        texts += [_read(each / name).strip() for each in (own, *own.parents) if each.is_relative_to(top)]
    return [int(text) for text in texts if text.isdigit()]  # 'max' is no limit


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
