"""What is sent to the page."""

import json
from dataclasses import replace

from grm_core.reading.parsing import parse
from grm_core.types import Completion, Sample
from runs.job import Snapshot
from tests.make import make_example
from ui import detail, render

LONE = "\ud800"


def test_lone_surrogates_do_not_keep_a_session_from_being_shown() -> None:
    text = f"Principles:\n1. Fact{LONE} (weight: 100%)\nCritique:\nfine{LONE}\nScores: \\boxed{{7, 3}}"
    done = Completion(text, "stop", 1, 1, 0.1, "m")
    sample = Sample("s/0", "s", 0, (0, 1), 1, "key", done, None, parse(text, 2))
    for data in (detail.detail(make_example(), sample), detail.case(make_example(query=f"why{LONE}"))):
        sent = json.dumps(render.sendable(data), ensure_ascii=False).encode()
        assert "\ufffd" in sent.decode()


def test_what_can_be_sent_is_sent_unchanged() -> None:
    data = {"a": ["<img>", 1, None, {"b": "\u202e\0\r\n\U0001f600"}]}
    assert render.sendable(data) == data


def test_a_run_that_kept_nothing_says_how_to_try_again() -> None:
    failed = Snapshot("failed", 0, 8, 0, None, None, "nobody answers.")
    assert render.progress_line(failed, 0, 8).endswith('No samples were kept. Use "Edit and judge again" to retry.')
    assert render.progress_line(replace(failed, done=3), 3, 8) == "Failed: nobody answers. 3 of 8 samples are kept."
