"""A destination that is away, that limits, that comes back: on a virtual clock, with two replicas that deliver."""

from dataclasses import dataclass, field

from crossbook.alerts.channels.registry import PACES
from crossbook.alerts.pacing import TRIPPED_FROM
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.faces.face import said_so
from tests.support.alerts.faces.telegram import TOKEN, TelegramFace, too_many
from tests.support.alerts.messages import CLOSED, OPENED, UPDATED
from tests.support.alerts.receiver import Answer, Received, Receiver
from tests.support.alerts.virtual_outbox import VirtualOutbox, virtual_outbox
from tests.support.waiting import eventually

OUTAGE_SECONDS = 1_800
RETRY_AFTER_SECONDS = 120
REPLICAS = 2
PACE = PACES["telegram"]


@dataclass
class Away(TelegramFace):
    """Says Retry-After until the end of its outage; keeps the virtual times of what it was asked and took."""

    virtual: VirtualOutbox | None = None
    until: float = 0.0
    asked: list[float] = field(default_factory=list)
    taken: list[tuple[float, str]] = field(default_factory=list)

    def take(self, received: Received) -> Answer:
        assert self.virtual is not None
        self.asked.append(self.virtual.now)
        if self.virtual.now < self.until:
            raise too_many(RETRY_AFTER_SECONDS)
        answer = super().take(received)
        self.taken.append((self.virtual.now, self.seen[-1]))
        return answer


def chat(receiver: Receiver) -> pb.AlertChannel:
    config = pb.TelegramChannel(bot_token=TOKEN, chat_id="-100500", url=receiver.url(""))
    return pb.AlertChannel(id="desk", telegram=config)


async def is_all_done(virtual: VirtualOutbox) -> bool:
    return all(state == pb.DELIVERY_STATE_DELIVERED for state, _, _ in (await virtual.states()).values())


async def test_after_half_an_hour_of_retry_after_all_arrives_in_order_digested_and_never_faster_than_the_limit(
    postgres_dsn: str, receiver: Receiver
) -> None:
    """And hardly a request is made while it says to wait."""
    async with virtual_outbox(postgres_dsn, REPLICAS) as virtual:
        receiver.answer = face = Away(virtual=virtual, until=OUTAGE_SECONDS)
        channel, fired = chat(receiver), 0
        while virtual.now < OUTAGE_SECONDS + 120:
            if virtual.now < OUTAGE_SECONDS + 60:
                await virtual.fire(fired, channel)
                fired += 1
            await virtual.elapse(10.0)
        for _ in range(400):
            if await is_all_done(virtual):
                break
            await virtual.elapse(1.0)
        assert await is_all_done(virtual)
        states = await virtual.states()
    during = [at for at in face.asked if at < OUTAGE_SECONDS]
    assert len(during) <= REPLICAS * (OUTAGE_SECONDS / RETRY_AFTER_SECONDS + 1)
    assert {attempts for _, attempts, _ in states.values()} == {1}, "what it turned away was no try"
    digests = [text for _, text in face.taken if "messages that had to wait" in text]
    assert digests
    assert len(face.taken) < fired / 4
    told = [line for _, text in face.taken for line in text.splitlines() if line.startswith("COIN")]
    numbers = [int(line.removeprefix("COIN").split(":")[0]) for line in told]
    assert numbers == sorted(numbers)
    counted = len(numbers) + sum(
        int(line.split()[1]) for _, text in face.taken for line in text.splitlines() if line.startswith("and ")
    )
    assert counted == fired
    times = [at for at, _ in face.taken]
    for at in times:
        within = [other for other in times if at <= other < at + 60]
        assert len(within) <= PACE.burst + 60 / PACE.spacing_seconds + 1


async def test_a_group_that_changed_while_nothing_went_out_is_one_message_in_its_newest_state(
    postgres_dsn: str, receiver: Receiver
) -> None:
    """What is older is not sent; what comes later edits it; an outage of one chat is none of another."""
    async with virtual_outbox(postgres_dsn) as virtual:
        receiver.answer = face = Away(virtual=virtual, until=60)
        channel = chat(receiver)
        await virtual.tell_group(1, channel, OPENED)
        await eventually(lambda: len(face.asked) == 1)
        for revision in range(2, 8):
            await virtual.tell_group(revision, channel, UPDATED)
        await virtual.elapse(RETRY_AFTER_SECONDS + 1)
        await eventually(lambda: is_all_done(virtual))
        assert [text.split("\n")[0] for _, text in face.taken] == ["UPDATED · BTC cheap"]
        await virtual.tell_group(8, channel, CLOSED)
        await eventually(lambda: is_all_done(virtual))
        states = await virtual.states()
    assert len(face.messages) == 1
    assert next(iter(face.messages.values()))[0].startswith("CLOSED")
    assert states["group-1-3"] == (pb.DELIVERY_STATE_DELIVERED, 0, "a newer message took its place")


async def test_a_machine_is_told_every_revision(postgres_dsn: str, receiver: Receiver) -> None:
    """Whatever is newer."""
    async with virtual_outbox(postgres_dsn) as virtual:
        secrets = ["whsec_" + "c3Nz" * 10]
        channel = pb.AlertChannel(id="hook", webhook=pb.WebhookChannel(url=receiver.url(), secrets=secrets))
        for revision in range(1, 16):
            await virtual.tell_group(revision, channel, UPDATED)
        await eventually(lambda: is_all_done(virtual))
    assert sorted(one.json["data"]["revision"] for one in receiver.received) == list(range(1, 16))


async def test_a_destination_that_cannot_be_reached_is_left_alone_and_found_again(
    postgres_dsn: str, receiver: Receiver
) -> None:
    """A hundred deliveries do not each try it; the first that arrives opens it for all."""
    async with virtual_outbox(postgres_dsn) as virtual:
        receiver.answer = lambda _: Answer(503)
        secrets = ["whsec_" + "c3Nz" * 10]
        channel = pb.AlertChannel(id="hook", webhook=pb.WebhookChannel(url=receiver.url(), secrets=secrets))
        for number in range(100):
            await virtual.fire(number, channel)
        for _ in range(60):
            await virtual.elapse(10.0)
        assert TRIPPED_FROM < len(receiver.received) < 40
        receiver.answer = lambda _: said_so(200, "ok")
        for _ in range(200):
            if await is_all_done(virtual):
                break
            await virtual.elapse(10.0)
        assert await is_all_done(virtual)


async def test_a_global_limit_pauses_every_destination_of_its_kind(postgres_dsn: str, receiver: Receiver) -> None:
    """Discord's bucket of all that comes from here; other kinds go on."""
    limited = {"message": "You are being rate limited.", "retry_after": 30.0, "global": True}
    async with virtual_outbox(postgres_dsn) as virtual:
        receiver.answer = lambda _: said_so(429, limited)
        first = pb.AlertChannel(id="one", discord=pb.DiscordChannel(url=receiver.url("/one")))
        other = pb.AlertChannel(id="two", discord=pb.DiscordChannel(url=receiver.url("/two")))
        slack = pb.AlertChannel(id="three", slack=pb.SlackChannel(url=receiver.url("/slack")))
        await virtual.fire(1, first)
        await eventually(lambda: len(receiver.received) == 1)
        await virtual.elapse(1.0)
        receiver.answer = lambda _: said_so(200, "ok")
        await virtual.fire(2, other)
        await virtual.fire(3, slack)
        await eventually(lambda: [one.path for one in receiver.received][1:] == ["/slack"])
        await virtual.elapse(31.0)
        await eventually(lambda: is_all_done(virtual))
