"""Files of items and samples: what may stand in them, and what is said about a broken line."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from grm_core.errors import UsageError
from grm_core.formats import items, lines, runs, samples, sessions
from grm_core.types import Message, ParseStatus
from grm_core.voting import vote
from tests.make import make_example, make_sample
from tests.storage.make import RUN, SESSION


def write(path: Path, *lines: Any) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def one(path: Path) -> sessions.ItemSamples:
    (block,) = sessions.read_samples(path)
    (item,) = block.items
    return item


def test_a_line_needs_item_index_and_scores_only(tmp_path: Path) -> None:
    item = one(
        write(
            tmp_path / "s.jsonl",
            {"item_id": "x", "index": 1, "scores": None},
            {"item_id": "x", "index": 0, "scores": [3, 7]},
        )
    )
    assert (item.item_id, item.n, item.example, item.session) == ("x", 2, None, None)
    first, second = item.samples
    assert (first.index, first.order, first.scores, first.parsed.status) == (0, (0, 1), (3, 7), ParseStatus.OK)
    assert (second.scores, second.parsed.status, second.meta_logit) == (None, ParseStatus.NO_SCORES, None)
    assert (first.completion, first.error) == (None, None)


def test_scores_are_in_own_order_whatever_was_shown(tmp_path: Path) -> None:
    line = {"item_id": "x", "index": 0, "scores": [9, 5, 1], "order": [2, 0, 1]}
    (sample,) = one(write(tmp_path / "s.jsonl", line)).samples
    assert sample.parsed.shown_scores == (1, 9, 5)
    assert sample.scores == (9, 5, 1)


def test_a_nan_meta_logit_is_a_missing_one(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", '{"item_id": "x", "index": 0, "scores": [3, 7], "meta_logit": NaN}')
    with pytest.raises(UsageError, match="sample 0 has no meta logit"):
        vote(one(path).samples, "guided")


def test_samples_may_stand_before_their_item_line(tmp_path: Path) -> None:
    path = write(
        tmp_path / "s.jsonl",
        {"item_id": "x", "index": 0, "scores": None},
        {"item": {"id": "x", "query": "q", "responses": ["a", "b", "c"]}},
    )
    item = one(path)
    assert item.n == 3
    assert item.samples[0].order == (0, 1, 2)


def test_each_run_line_opens_a_block(tmp_path: Path) -> None:
    sample = {"item_id": "x", "index": 0, "scores": [3, 7]}
    path = write(
        tmp_path / "s.jsonl", {"run": {"id": "a"}}, sample, "", {"run": {"id": "b", "seed": 5, "x": [1]}}, sample
    )
    first, second = sessions.read_samples(path)
    assert first.run is not None
    assert second.run is not None
    assert (first.run.id, second.run.id, second.run.seed, second.run.extra) == ("a", "b", 5, {"x": [1]})
    assert len(second.items[0].samples) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"item_id": "x", "index": 1, "scores": [3, 7]', "not JSON"),
        ("[1]", "object"),
        ("[" * 100_000, "not JSON"),
        ('{"item_id": "x", "index": ' + "9" * 5000 + "}", "not JSON"),
        ('{"index": 1, "scores": [3, 7]}', '"item_id" is missing'),
        ('{"item_id": 5, "index": 1, "scores": [3, 7]}', "must be a string"),
        ('{"item_id": "x", "scores": [3, 7]}', '"index" is missing'),
        ('{"item_id": "x", "index": -1, "scores": [3, 7]}', "from 0 to"),
        ('{"item_id": "x", "index": true, "scores": [3, 7]}', "whole number"),
        ('{"item_id": "x", "index": 0, "scores": [3, 7]}', "there is a sample 0"),
        ('{"item_id": "x", "index": 1, "scores": [3, 11]}', "from 1 to 10"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7.0]}', "whole number"),
        ('{"item_id": "x", "index": 1, "scores": [3, NaN]}', "whole number"),
        ('{"item_id": "x", "index": 1, "scores": "3, 7"}', "must be a list"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7, 1]}', "2 responses, not 3"),
        ('{"item_id": "x", "index": 1, "scores": []}', "0 scores"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7], "order": [0, 0]}', "each of 0..1 once"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7], "order": [0, 1, 2]}', "each of 0..1 once"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7], "status": "empty"}', "status"),
        ('{"item_id": "x", "index": 1, "scores": null, "status": "ok"}', "status"),
        ('{"item_id": "x", "index": 1, "scores": null, "status": "fine"}', "one of ok, truncated"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7], "meta_logit": "high"}', "must be a number"),
        ('{"item_id": "x", "index": 1, "scores": [3, 7], "seed": 1' + "0" * 30 + "}", "too large"),
        ('{"item": {"id": "x", "query": "", "responses": ["a", "b"]}}', '"query" is empty'),
        ('{"item": {"id": "x", "query": "q", "responses": []}}', "0 responses"),
        ('{"run": {"temperature": NaN}}', "NaN"),
        ('{"run": {"id": "../../x"}}', "letters, digits"),
    ],
)
def test_a_broken_line_is_named_with_its_file(tmp_path: Path, line: str, message: str) -> None:
    path = write(tmp_path / "samples.jsonl", '{"item_id": "x", "index": 0, "scores": [3, 7]}', "", line)
    with pytest.raises(UsageError, match=message) as caught:
        list(sessions.read_samples(path))
    assert str(caught.value).startswith(f"{path}, line 3: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(path))


def test_broken_bytes_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'{"item_id": "x", "index": 0, "scores": [3, 7]}\n{"item_id": "\xff"}\n')
    with pytest.raises(UsageError, match="line 2: not UTF-8"):
        list(sessions.read_samples(path))


def test_a_byte_order_mark_and_windows_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"item_id": "x", "index": 0, "scores": [3, 7]}\r\n\r\n')
    assert len(one(path).samples) == 1


def test_a_line_separator_inside_a_string_ends_no_line(tmp_path: Path) -> None:
    path = tmp_path / "i.jsonl"
    path.write_text('{"id": "x", "query": "a\u2028b", "responses": ["\x85"]}\n', encoding="utf-8")
    (example,) = items.read_items(path)
    assert example.query == (Message("user", "a\u2028b"),)


def test_files_that_are_too_large_or_missing_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", {"a": 1}, {"a": 2})
    with pytest.raises(UsageError, match="line 2: the file is larger than 10 bytes"):
        list(lines.read(path, limit=10))
    with pytest.raises(UsageError, match="No such file"):
        list(sessions.read_samples(tmp_path / "none"))
    with pytest.raises(UsageError, match="directory"):
        items.read_items(tmp_path)


def test_items_take_a_string_or_a_chat(tmp_path: Path) -> None:
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    path = write(
        tmp_path / "i.jsonl",
        {"id": "a", "query": "Hi", "responses": ["x"]},
        {
            "id": "b",
            "query": chat,
            "responses": ["x", "y"],
            "labels": [1, 0.5],
            "reference": "r",
            "source": "s",
            "subset": "t",
        },
    )
    first, second = items.read_items(path)
    assert first.query == (Message("user", "Hi"),)
    assert second.query == (Message("system", "Be brief."), Message("user", "Hi"))
    assert (second.labels, second.reference, second.source, second.subset) == ((1, 0.5), "r", "s", "t")
    assert json.loads(sessions.item_line(second))["item"]["query"] == chat


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ({"id": "a", "query": "q", "responses": ["x"]}, "item 'a' already"),
        ({"query": "q", "responses": ["x"]}, '"id" is missing'),
        ({"id": "", "query": "q", "responses": ["x"]}, '"id" is empty'),
        ({"id": "b", "responses": ["x"]}, '"query" is missing'),
        ({"id": "b", "query": " \n", "responses": ["x"]}, '"query" is empty'),
        ({"id": "b", "query": [{"role": "robot", "content": "q"}], "responses": ["x"]}, "system, user, assistant"),
        ({"id": "b", "query": "q"}, '"responses" is missing'),
        ({"id": "b", "query": "q", "responses": ["x"] * 33}, "33 responses"),
        ({"id": "b", "query": "q", "responses": "xy"}, "must be a list"),
        ({"id": "b", "query": "q", "responses": ["x", 5]}, r"responses\[1\]"),
        ({"id": "b", "query": "q", "responses": ["x", "y"], "labels": [1]}, "1 labels for 2"),
        ({"id": "b", "query": "q", "responses": ["x", "y"], "labels": [1, float("nan")]}, "finite"),
    ],
)
def test_items_that_cannot_be_judged_are_named_with_their_line(tmp_path: Path, item: Any, message: str) -> None:
    path = write(tmp_path / "items.jsonl", {"id": "a", "query": "q", "responses": ["x"]}, item)
    with pytest.raises(UsageError, match=message) as caught:
        items.read_items(path)
    assert str(caught.value).startswith(f"{path}, line 2: ")


def test_an_empty_file_of_items_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.touch()
    with pytest.raises(UsageError, match="no items"):
        items.read_items(path)


def test_lines_are_ascii_so_that_any_text_survives() -> None:
    sample = make_sample(0, (3, 7), text="\ud800\0\u202e😀\r\n")
    line = samples.sample_line("it\ud83dem", sample)
    assert line.isascii()
    assert "\n" not in line
    (block,) = sessions.read_samples(io.BytesIO(line.encode()))
    (item,) = block.items
    assert item.item_id == "it\ud83dem"
    assert item.samples == (sessions.with_session(sample, "it\ud83dem"),)


def test_titles_come_from_the_last_user_message() -> None:
    assert sessions.title(make_example(query=" Why\n is it? ")) == "Why is it?"
    assert sessions.title(make_example(query="x" * 200)) == "x" * 79 + "…"
    assert runs.run_line(RUN).startswith('{"run":{"id":"run","created_at"')
    assert '"session":{"id":"s","title":"Sky"' in sessions.item_line(SESSION.example, SESSION)
