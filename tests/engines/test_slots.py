"""A server's slots: shared evenly, some kept for who comes late, none lost when somebody leaves."""

import asyncio
from collections import Counter

import pytest

from grm_core.engines._slots import SHARE, Slots


async def hold(slots: Slots, share: str, held: Counter[str], until: asyncio.Event) -> None:
    SHARE.set(share)
    async with slots.one():
        held[share] += 1
        await until.wait()
        held[share] -= 1


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_eight_runs_that_hang_leave_room_for_a_ninth() -> None:
    slots, held, never = Slots(64), Counter[str](), asyncio.Event()
    tasks = [asyncio.create_task(hold(slots, f"run {run}", held, never)) for run in range(8) for _ in range(32)]
    await settle()
    assert held.total() == 62, "six came when only the last eighth was left"
    tasks.append(asyncio.create_task(hold(slots, "the ninth", held, never)))
    await settle()
    assert held["the ninth"] == 1
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.parametrize("total", [1, 2, 7, 8, 64])
async def test_never_more_than_there_are_and_all_have_their_turn(total: int) -> None:
    slots, most, now = Slots(total), 0, 0

    async def work(share: int) -> None:
        nonlocal most, now
        SHARE.set(share)
        async with slots.one():
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.wait_for(asyncio.gather(*(work(number % 13) for number in range(500))), 60)
    assert most <= total
    assert most >= min(total - total // 8, 13)


async def test_who_came_late_catches_up() -> None:
    slots, held, over = Slots(16), Counter[str](), asyncio.Event()
    early = [asyncio.create_task(hold(slots, "early", held, over)) for _ in range(40)]
    await settle()
    assert held["early"] == 14
    late = [asyncio.create_task(hold(slots, "late", held, asyncio.Event())) for _ in range(40)]
    await settle()
    for task in early[:14]:
        task.cancel()
    await settle()
    assert abs(held["late"] - 7) <= 1
    for task in (*early, *late):
        task.cancel()
    await asyncio.gather(*early, *late, return_exceptions=True)


async def test_a_slot_that_comes_while_its_task_is_cancelled_is_not_lost() -> None:
    slots, held, over = Slots(1), Counter[str](), asyncio.Event()
    first, second, third = (asyncio.create_task(hold(slots, name, held, over)) for name in "abc")
    await settle()
    over.set()
    await first
    second.cancel()
    await asyncio.wait_for(third, 5)
