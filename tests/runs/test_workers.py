"""What a worker does by itself, without Ray."""

import json
from pathlib import Path

from runs.workers import _ends


def test_a_completion_ends_with_any_token_that_ends_one(tmp_path: Path) -> None:
    class Tokenizer:
        eos_token_id = 1

    assert _ends(tmp_path, Tokenizer()) == {1}
    for value, ends in (([1, 106], {1, 106}), (7, {1, 7})):  # as vLLM stops at them
        (tmp_path / "generation_config.json").write_text(json.dumps({"eos_token_id": value}))
        assert _ends(tmp_path, Tokenizer()) == ends
