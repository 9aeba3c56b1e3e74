"""The fan-out: everyone gets everything, a slow one loses its own oldest."""

import asyncio

from crossbook.plumbing.broadcast import Broadcast


async def test_every_subscriber_gets_every_item_in_order() -> None:
    broadcast: Broadcast[int] = Broadcast()
    async with broadcast.subscribe(10) as first, broadcast.subscribe(10) as second:
        for item in range(5):
            broadcast.publish(item)
        broadcast.close()
        assert [item async for item in first] == [0, 1, 2, 3, 4]
        assert [item async for item in second] == [0, 1, 2, 3, 4]


async def test_a_slow_subscriber_loses_its_oldest_and_is_told_how_many() -> None:
    broadcast: Broadcast[int] = Broadcast()
    async with broadcast.subscribe(2) as slow, broadcast.subscribe(9) as quick:
        for item in range(5):
            broadcast.publish(item)
        broadcast.close()
        assert [item async for item in slow] == [3, 4]
        assert slow.dropped == 3
        assert quick.dropped == 0
    assert broadcast.dropped == 3


async def test_a_waiting_subscriber_wakes_up() -> None:
    broadcast: Broadcast[str] = Broadcast()
    async with broadcast.subscribe(1) as subscription:
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0)
        broadcast.publish("x")
        assert await asyncio.wait_for(waiting, 10) == "x"


async def test_a_left_subscription_is_forgotten() -> None:
    broadcast: Broadcast[int] = Broadcast()
    async with broadcast.subscribe(1):
        assert len(broadcast) == 1
    assert len(broadcast) == 0


async def test_a_subscription_to_a_closed_broadcast_ends_at_once() -> None:
    broadcast: Broadcast[int] = Broadcast()
    broadcast.close()
    async with broadcast.subscribe(1) as subscription:
        assert [item async for item in subscription] == []


async def test_what_waits_is_taken_at_once_and_no_more_than_asked_for() -> None:
    """Without waiting: nothing is there when nothing waits."""
    broadcast: Broadcast[int] = Broadcast()
    async with broadcast.subscribe(10) as subscription:
        assert subscription.take(5) == []
        for number in range(4):
            broadcast.publish(number)
        assert (subscription.take(3), subscription.take(3)) == ([0, 1, 2], [3])
