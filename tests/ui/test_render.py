"""What is sent to the page."""

import json

from grm_core.reading.parsing import parse
from grm_core.types import Completion, Sample
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
