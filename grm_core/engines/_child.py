"""Keep a server process on a leash: run as a script, it starts a command and kills it when its own parent is gone.

    python _child.py LOG_FOLDER COMMAND...

Its standard input is a pipe that only the parent holds. The end of that pipe (the parent closed it, exited, or was
killed, even with SIGKILL) and a change of its parent process both end the command: SIGTERM, some seconds, then SIGKILL
for the whole process group, which vLLM's own children belong to. Exits with the command's code. Standard library only,
so that it starts in milliseconds and cannot fail with the packages it watches over.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time

GRACE = 5.0  # seconds between SIGTERM and SIGKILL; vLLM frees its shared memory in them
LAST_GRACE = 2.0  # seconds for the command's own children, after the command
POLL = 0.5  # seconds


def main(log_folder: str, command: list[str]) -> int:
    """Run `command` until it ends or the parent lets go; then, with nobody left to read it, removes `log_folder`."""
    parent = os.getppid()
    stop = [False]

    def ask_to_stop(signum: int, frame: object) -> None:
        stop[0] = True

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)
    while child.poll() is None and not stop[0] and os.getppid() == parent:
        ready, _, _ = select.select([0], [], [], POLL)
        if ready and not os.read(0, 1024):
            break
    told_to_stop = child.poll() is None
    if told_to_stop:
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
    code = child.wait()
    end_the_others()
    if told_to_stop:
        shutil.rmtree(log_folder, ignore_errors=True)
    return code if code >= 0 else 128 - code


def die_with_parent() -> None:
    """Have the kernel kill the command if this process itself is killed (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def end_the_others() -> None:
    """End what is left of the process group, without this process: SIGTERM, a moment, SIGKILL.

    The moment matters: Python's resource tracker, which ignores SIGTERM, then removes the shared memory of the dead.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for signum in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + LAST_GRACE
        send(signum)
        while others() and time.monotonic() < until:
            time.sleep(0.05)


def send(signum: int) -> None:
    """Send a signal to the process group's other members."""
    for pid in others():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)


def others() -> list[int]:
    """The process group's other members that still run."""
    return [pid for pid in group_members(os.getpgrp()) if pid != os.getpid()]


def group_members(group: int) -> list[int]:
    """Process ids of a process group that still run, from /proc."""
    members = []
    for entry in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if entry.isdecimal() and os.getpgid(int(entry)) == group and not is_zombie(int(entry)):
                members.append(int(entry))
    return members


def is_zombie(pid: int) -> bool:
    """Whether a process is dead and only waits to be collected."""
    with open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] in (b"Z", b"X")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
