"""The decoder whose rows share their prompts writes what transformers writes; drawing and the recipe around it."""

from pathlib import Path

import pytest
import torch

from grm_core.training import policy
from grm_core.training.written import draw, recipe
from grm_core.training.written.decoder import Decoder
from grm_core.training.written.draw import Drawer
from grm_core.training.written.measure import Measured
from grm_core.types import Example, Message
from tests.make import write_lines
from tests.training.written.test_written import item

pytestmark = pytest.mark.model


def test_shared_prompts_give_the_same_states_and_the_same_greedy_text(tiny: Path) -> None:
    model = policy.load_frozen(tiny, "cpu").model.float()
    decoder = Decoder(model, "cpu")
    prompts, starts, rows = [[5, 6, 7, 8], [9, 10], [11, 12, 13, 14, 15]], [[1, 2], [3], [4, 5, 6], [7]], [0, 0, 1, 2]
    with torch.inference_mode():
        cache, first = decoder.read(prompts)
        for prompt, state in zip(prompts, first, strict=True):
            torch.testing.assert_close(state, model.model(torch.tensor([prompt])).last_hidden_state[0, -1])
        grown = cache.expanded(torch.tensor(rows), 40)
        state = decoder.follow(grown, starts)
        written = decoder.write(grown, state, 20, 0.0, [2])
        states = decoder.follow(grown, [[21, 22]] * 4)
    for row, start, ids, after in zip(rows, starts, written, states, strict=True):
        prefix = [*prompts[row], *start]
        expected = model.generate(
            torch.tensor([prefix]), max_new_tokens=20, do_sample=False, eos_token_id=2, pad_token_id=0
        )[0, len(prefix) :].tolist()
        assert ids == [token for token in expected if token != 2]
        messages = model.model(torch.tensor([[*prefix, *ids, 21, 22]])).last_hidden_state[0, -1]
        torch.testing.assert_close(after, messages, atol=1e-4, rtol=1e-4)


def test_a_draw_repeats_for_a_seed_and_tells_what_was_expected(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draw, "_PRINCIPLES_LIMIT", 8)
    monkeypatch.setattr(draw, "_CRITIQUE_LIMIT", 8)
    model = policy.load_frozen(tiny, "cpu")
    drawer = Drawer(model.model, model.tokenizer, "cpu", 0.8)
    examples = [
        Example("a", (Message("user", "Capital of Australia?"),), ("Sydney.", "Canberra, since 1913."), (0.0, 1.0)),
        Example("b", (Message("user", "2 + 2?"),), ("4", "5", "22"), (1.0, 0.0, 0.0)),
    ]
    single = drawer.draw(examples, 3, "single", 1, meta=True)
    assert [(each.example.id, each.index) for each in single] == [(name, i) for name in "ab" for i in range(3)]
    assert all(each.order == tuple(range(len(each.example.responses))) for each in single)
    assert all(0 <= level <= 4 for each in single for level in each.expected)
    assert all(len(each.conversations) == len(each.example.responses) for each in single)
    assert [each.text for each in single] == [each.text for each in drawer.draw(examples, 3, "single", 1, meta=True)]
    assert all(each.meta is not None for each in single)
    joint = drawer.draw(examples, 4, "joint", 1)
    assert all(len(each.conversations) == 1 for each in joint)
    assert len({each.order for each in joint if each.example.id == "b"}) > 1, "joint prompts are shuffled"


@pytest.mark.slow
def test_the_recipe_trains_draws_learns_from_what_it_drew_and_measures(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draw, "_PRINCIPLES_LIMIT", 8)
    monkeypatch.setattr(draw, "_CRITIQUE_LIMIT", 8)
    file = tmp_path / "demos.jsonl"
    write_lines(file, [item(f"facts-{n}") for n in range(12)])
    messages: list[str] = []
    plan = recipe.Plan(tmp_path / "out", tiny, [file], k=2, groups=4, tokens=960, log=messages.append)
    items = [Example("x", (Message("user", "2 + 2?"),), ("4", "5"), (1.0, 0.0))]
    recipe.everything(plan, 0.5, [Measured("held", items, 2, ("single", "joint"))])
    assert (tmp_path / "out" / "rft" / "checkpoint" / "adapter_model.safetensors").is_file()
    measured = {path.name for path in (tmp_path / "out" / "measured").iterdir()}
    assert {"held.single.demos.jsonl", "held.single.rft.jsonl"} <= measured
    steps = (tmp_path / "out" / "demos" / "train.jsonl").read_text(encoding="utf-8").count("\n")
    recipe.demos(plan, 0.5 * 0.4)
    again = (tmp_path / "out" / "demos" / "train.jsonl").read_text(encoding="utf-8").count("\n")
    assert again == steps, "the same minutes again add nothing"
