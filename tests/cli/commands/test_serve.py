"""`app.py serve`: a process that answers with the samples of `score`, and ends when it is told to."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Command
from tests.cli.fake_vllm import FakeVLLM


def ask(url: str, body: Any = None, key: str = "") -> Any:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=60) as reply:
        return json.load(reply)


@pytest.mark.slow
def test_serve_answers_as_score_and_vote_do(
    command: Command, server: FakeVLLM, items: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, file = tmp_path / "out.jsonl", tmp_path / "keys"
    assert command("score", items, "--k", 8, "--out", out, "--engine", server.url, "--meta", "none").code == 0
    verdicts = command("vote", out).lines
    made = subprocess.run(
        [sys.executable, "app.py", "serve", "--api-keys", file, "--new-api-key", "ann"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    key = made.stdout.strip()
    assert key not in file.read_text() + made.stderr
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1"
    arguments = ["--engine", server.url, "--meta", "none", "--port", str(port), "--api-keys", str(file)]
    child = subprocess.Popen([sys.executable, "app.py", "serve", *arguments], stderr=subprocess.DEVNULL)
    try:
        while True:
            assert child.poll() is None
            try:
                assert ask(f"{url}/health")["engine"] == "server"
                break
            except urllib.error.URLError:
                time.sleep(0.05)
        lines = [json.loads(line) for line in items.read_text().splitlines()]
        asked = [{name: line[name] for name in line if name != "labels"} for line in lines]
        results = ask(f"{url}/judge/batch", {"items": asked, "k": 8}, key)["results"]
        assert [{name: each[name] for name in verdicts[0]} for each in results] == verdicts
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(f"{url}/judge", asked[0])
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=60)
    finally:
        child.kill()
        child.wait()


def test_a_port_in_use_is_told_before_the_engine_starts(command: Command) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = command("serve", "--engine", "http://127.0.0.1:9/v1", "--port", port)
    assert (done.code, f"cannot listen on 127.0.0.1:{port}" in done.words) == (2, True)


def test_serve_refuses_to_be_open_to_others_and_options_that_do_not_fit(command: Command, server: FakeVLLM) -> None:
    for arguments, words in (
        (("--host", "0.0.0.0", "--engine", server.url), "--api-key"),
        (("--new-api-key", "ann"), "--api-keys FILE"),
        (("--unreadable", "zero"), "neither error nor null nor a number"),
    ):
        done = command("serve", *arguments)
        assert done.code == 2
        assert words in done.words
