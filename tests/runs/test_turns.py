"""Places are handed round: no key and no request has all of its items served before another gets its first."""

import asyncio

import pytest

from runs.turns import Busy, Caller, Turns


async def served(turns: Turns, callers: list[Caller], size: int = 1) -> list[Caller]:
    """In which order callers in line are served, one after another."""
    order: list[Caller] = []

    async def come(caller: Caller) -> None:
        async with turns.turn(caller, size):
            order.append(caller)
            await asyncio.sleep(0)

    async with turns.turn(Caller("first", -1), turns.places):
        tasks = [asyncio.create_task(come(caller)) for caller in callers]
        await asyncio.sleep(0)
        assert turns.waiting == len(callers)
        assert order == []
    await asyncio.gather(*tasks)
    return order


async def test_keys_and_then_requests_take_turns() -> None:
    ann, batch, bob = Caller("ann", 1), Caller("ann", 2), Caller("bob", 3)
    turns = Turns(1, 100)
    assert await served(turns, [batch, batch, batch, ann, bob, bob]) == [batch, bob, ann, bob, batch, batch]
    assert (turns.free, turns.waiting + turns.requests) == (1, 0)


async def test_a_large_item_is_not_passed_by_for_ever() -> None:
    turns = Turns(4, 100)
    small, large = Caller("", 1), Caller("", 2)
    order: list[str] = []

    async def come(caller: Caller, size: int) -> None:
        async with turns.turn(caller, size):
            order.append("large" if caller is large else "small")
            await asyncio.sleep(0)

    tasks = [asyncio.create_task(come(small, 1)) for _ in range(3)]
    tasks += [asyncio.create_task(come(large, 99)), *(asyncio.create_task(come(small, 1)) for _ in range(3))]
    await asyncio.gather(*tasks)
    assert order.index("large") < 6
    assert turns.free == 4


async def test_who_leaves_the_line_or_fails_gives_its_place_back() -> None:
    turns = Turns(2, 1)
    async with turns.turn(Caller("a", 1), 2):
        waiting = asyncio.create_task(turns.turn(Caller("b", 2), 1).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(Busy) as busy:
            turns.admit()
        assert busy.value.seconds >= 1
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        turns.admit()
    with pytest.raises(ValueError, match="inside"):
        async with turns.turn(Caller("a", 3), 2):
            raise ValueError("inside")
    assert (turns.free, turns.waiting + turns.requests) == (2, 0)
