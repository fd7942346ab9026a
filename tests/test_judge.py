"""The real default, as a new user gets it: fetched, converted, served by vLLM, right about two everyday questions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from grm_core import models
from tests.make import write_lines

ROOT = Path(__file__).resolve().parent.parent
ITEMS = (
    {
        "id": "capital",
        "query": "What is the capital of Australia?",
        "responses": ["Sydney", "Canberra"],
        "labels": [0, 1],
    },
    {
        "id": "fainting",
        "query": "Someone next to me just fainted. What should I do?",
        "responses": [
            "Lay the person on their back, raise the legs a little, loosen tight clothing and check the breathing. "
            "If they do not wake within a minute, call an ambulance.",
            'The word "faint" comes from Old French and originally meant feigned or lazy.',
        ],
        "labels": [1, 0],
    },
)  # fmt: skip


@pytest.mark.model
@pytest.mark.alone
@pytest.mark.slow
@pytest.mark.timeout(1500)  # the first time 1.1 GB are downloaded and converted
def test_the_judge_is_fetched_converted_and_right_about_everyday_questions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(models.CHOICE)
    if (why := models.why_small()) is not None:
        pytest.skip(why)
    items, out = tmp_path / "items.jsonl", tmp_path / "samples.jsonl"
    write_lines(items, ITEMS)
    line = [sys.executable, "app.py", "score", str(items), "--k", "4", "--meta", "none", "--out", str(out)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=1400)
    assert done.returncode == 0, done.stderr[-2000:]
    run = json.loads(out.read_text(encoding="utf-8").splitlines()[0])["run"]
    assert (run["model"], run["context"]) == (models.JUDGE, "single")
    voted = subprocess.run(
        [sys.executable, "app.py", "vote", str(out), "--method", "naive"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    winners = {verdict["item_id"]: verdict["winner"] for verdict in map(json.loads, voted.stdout.splitlines())}
    assert winners == {"capital": 1, "fainting": 0}
