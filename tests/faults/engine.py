"""python -m tests.faults.engine PORT DELAY: the fake vLLM as a process of its own, to be killed and started again."""

import signal
import sys

from tests.cli.fake_vllm import FakeVLLM


def main() -> None:
    """Serve until killed."""
    with FakeVLLM(port=int(sys.argv[1]), delay=float(sys.argv[2])) as server:
        print(server.url, flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
