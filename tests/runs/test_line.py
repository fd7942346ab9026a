"""Turns: so many at a time, nobody first twice, and who leaves is not waited for."""

import asyncio

from runs.line import Line


async def test_who_has_the_fewest_under_way_is_next() -> None:
    line, turns, over = Line(2), list[str](), asyncio.Event()

    async def run(name: str, owner: str) -> None:
        async with line.turn(name, owner):
            turns.append(name)
            await over.wait()

    tasks = [asyncio.create_task(run(f"a{i}", "ann")) for i in range(6)]
    tasks += [asyncio.create_task(run(f"b{i}", "bob")) for i in range(2)]
    await asyncio.sleep(0)
    assert turns == ["a0", "a1"]
    assert [line.place(name)[0] for name in ("a2", "a5", "b0", "b1", "a0")] == [3, 6, 1, 2, 0]
    assert line.place("b0")[1] is None, "no run has ended yet"
    tasks[2].cancel()
    await asyncio.sleep(0)
    assert (line.place("a3")[0], len(line)) == (3, 5)
    over.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert turns == ["a0", "a1", "b0", "a3", "b1", "a4", "a5"]
    assert len(line) == 0


async def test_a_turn_that_comes_while_its_run_is_cancelled_goes_to_the_next() -> None:
    line, over, third = Line(1), asyncio.Event(), asyncio.Event()

    async def run(name: str, until: asyncio.Event) -> None:
        async with line.turn(name, ""):
            await until.wait()

    first, second = (asyncio.create_task(run(name, over)) for name in ("1", "2"))
    third.set()
    last = asyncio.create_task(run("3", third))
    await asyncio.sleep(0)
    over.set()
    await first
    second.cancel()
    await asyncio.wait_for(last, 5)
    assert len(line) == 0
