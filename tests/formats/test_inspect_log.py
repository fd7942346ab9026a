"""Inspect's logs, through its own reader, where inspect_ai is installed; without it the message says what to do."""

import importlib.util
import io
import zipfile
from pathlib import Path

import pytest

from grm_core.errors import UsageError
from grm_core.formats.foreign import imports


def test_without_its_reader_a_log_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "inspect_ai.log", None)
    log = io.BytesIO()
    with zipfile.ZipFile(log, "w") as archive:
        archive.writestr("header.json", "{}")
    log.seek(0)
    with pytest.raises(UsageError, match="pip install inspect_ai"):
        imports.read(log, "x.eval")


@pytest.mark.skipif(importlib.util.find_spec("inspect_ai") is None, reason="inspect_ai is an optional extra")
@pytest.mark.parametrize("kind", ["eval", "json"])
def test_every_score_of_a_log_is_a_judgment(tmp_path: Path, kind: str) -> None:
    from inspect_ai.dataset import Sample
    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
    from inspect_ai.model import ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Score

    assert Sample(input="x").input == "x"
    spec = EvalSpec(
        created="2026-01-02T03:04:05+00:00", task="sums", dataset=EvalDataset(), model="mockllm/model",
        config=EvalConfig(),
    )  # fmt: skip
    samples = [
        EvalSample(
            id=1, epoch=1, input="2+2?", target="4", output=ModelOutput.from_content("m", "4"),
            scores={"match": Score(value="C", explanation="Right."), "rating": Score(value=8, explanation="Good.")},
        ),
        EvalSample(
            id="b", epoch=1, input=[ChatMessageUser(content="3+3?")], target="6",
            output=ModelOutput.from_content("m", "7"), scores={"rating": Score(value=2, explanation="Wrong.")},
        ),
        EvalSample(id="c", epoch=1, input="?", target="", output=ModelOutput.from_content("m", "x")),
    ]  # fmt: skip
    path = tmp_path / f"log.{kind}"
    write_eval_log(EvalLog(eval=spec, samples=samples, status="success"), str(path), format=kind)
    judgments = imports.read(path)
    assert [tuple(each) for each in judgments.left_out] == [("sample c", "it has no score")]
    scores = {
        (block.run.model, item.item_id): (item.example, *item.samples)
        for block in judgments.blocks
        for item in block.items
    }
    example, sample = scores["rating", "1"]
    assert (example.query[0].content, example.responses, example.reference, example.subset) == (
        "2+2?", ("4",), "4", "sums",
    )  # fmt: skip
    assert (sample.scores, sample.completion.text) == ((8,), "Good.")
    assert scores["rating", "b"][1].scores == (2,)
    assert scores["match", "1"][1].completion.text == "Right.\n\nScore in the imported file: C"
    assert {block.run.created_at[:10] for block in judgments.blocks} == {"2026-01-02"}
