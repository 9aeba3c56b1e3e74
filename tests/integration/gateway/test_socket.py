"""The WebSocket of a running gateway before a real aggregator: a client knows what the board has, and no more."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import websockets
from google.protobuf import json_format

from crossbook.local.processes.addresses import free_port
from crossbook.pb.v1 import gateway_pb2 as pb
from crossbook.plumbing.access.folder import open_secrets
from crossbook.plumbing.access.roles import Caller, role_of
from crossbook.plumbing.grpc.channel import open_channel
from tests.support.aggregator.aggregator_process import AggregatorProcess
from tests.support.aggregator.flood import Flood
from tests.support.board import Name, Row
from tests.support.gateway.running import Gateway, gateway
from tests.support.waiting import eventually

VENUE, INSTRUMENTS = "alpha", 20


class Client:
    """Knows what the frames of its subscriptions say; a hole in a sequence is an error here."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.rows: dict[int, dict[Name, Row]] = {}
        self.frames: list[pb.ServerFrame] = []
        self._names: dict[int, dict[int, Name]] = {}
        self._sequences: dict[int, int] = {}
        self._asked: dict[int, list[str]] = {}  # and not yet said to be so

    async def say(self, **frame: Any) -> None:
        for kind in frame.keys() & {"subscribe", "change"}:
            self._asked.setdefault(frame[kind].id, []).append(kind)
        await self.socket.send(pb.ClientFrame(**frame).SerializeToString())

    async def hear(self) -> pb.ServerFrame:
        """The next frame but heartbeats."""
        while True:
            frame = pb.ServerFrame.FromString(await self.socket.recv())
            if frame.WhichOneof("payload") != "heartbeat":
                self._take(frame)
                return frame

    async def hear_until(self, kind: str, subscription: int = 0) -> pb.ServerFrame:
        async with asyncio.timeout(30):
            while (frame := await self.hear()).WhichOneof("payload") != kind or frame.subscription != subscription:
                pass
        return frame

    def _take(self, frame: pb.ServerFrame) -> None:
        self.frames.append(frame)
        number = frame.subscription
        if frame.WhichOneof("payload") == "subscribed" and self._asked[number].pop(0) == "subscribe":
            self._sequences.pop(number, None)
            self._names.pop(number, None)
        if frame.sequence:
            assert frame.sequence == self._sequences.get(number, 0) + 1, "a hole"
            self._sequences[number] = frame.sequence
        if frame.WhichOneof("payload") != "quotes":
            return
        if frame.is_snapshot:
            self.rows[number] = {}
        batch, names = frame.quotes.batch, self._names.setdefault(number, {})
        names |= {entry.index: (entry.instrument.venue, entry.instrument.symbol) for entry in batch.symbols}
        for index, state, bid, ask, at in zip(
            batch.symbol_index, batch.state, batch.bid, batch.ask, batch.receive_ns, strict=True
        ):
            self.rows[number][names[index]] = (state, bid, ask, at)


@asynccontextmanager
async def connected(running: Gateway, *more: str, kind: str = "crossbook.v1") -> AsyncIterator[Client]:
    async with websockets.connect(running.socket_url, subprotocols=[kind, *more], proxy=None, max_size=None) as socket:
        client = Client(socket)
        if kind == "crossbook.v1":
            await client.hear_until("welcome")
        yield client


@asynccontextmanager
async def fed(postgres_dsn: str, folder: Path, **own: Any) -> AsyncIterator[tuple[Gateway, Flood]]:
    """A gateway whose shard has quotes."""
    shard = AggregatorProcess(postgres_dsn, free_port(), folder / "aggregator.log")
    async with (
        shard,
        open_channel(shard.target) as channel,
        Flood(channel, VENUE, instruments=INSTRUMENTS, rounds=3) as flood,
        gateway({"access": {"dir": folder / "access"}}, shards={"main": shard.target}, **own) as running,
    ):
        await flood.send(1)
        await eventually(lambda: _has(running, INSTRUMENTS))
        yield running, flood


async def _has(running: Gateway, number: int) -> bool:
    return (await running.web.get("/api/prices")).json()["count"] == number


async def test_a_snapshot_then_what_is_new(postgres_dsn: str, tmp_path: Path) -> None:
    """Of chosen instruments, of all, and again after the page was hidden."""
    async with fed(postgres_dsn, tmp_path) as (running, flood), connected(running) as client:
        names = [(row["exchange"], row["symbol"]) for row in (await running.web.get("/api/prices")).json()["prices"]]
        chosen = [pb.InstrumentName(venue=venue, symbol=symbol) for venue, symbol in names[:3]]
        await client.say(subscribe=pb.Subscribe(id=1, channel=pb.CHANNEL_QUOTES, instruments=chosen, max_hz=10))
        await client.say(subscribe=pb.Subscribe(id=2, channel=pb.CHANNEL_RANK))
        first = await client.hear_until("quotes", 1)
        assert (first.is_snapshot, first.is_last, set(client.rows[1])) == (True, True, set(names[:3]))
        everything = await client.hear_until("quotes", 2)
        assert (everything.is_snapshot, set(client.rows[2])) == (True, set(names))
        await flood.send(2)
        news = await client.hear_until("quotes", 1)
        assert not news.is_snapshot
        await client.say(pause=pb.Pause())
        await client.say(resume=pb.Resume())
        assert (await client.hear_until("quotes", 1)).is_snapshot


async def test_random_changes_leave_what_the_board_has(postgres_dsn: str, tmp_path: Path) -> None:
    """Random subscribes, changes and unsubscribes while quotes flow: no hole, nothing of what is not subscribed."""
    chance = random.Random(7)
    async with fed(postgres_dsn, tmp_path) as (running, flood), connected(running) as client:
        prices = (await running.web.get("/api/prices")).json()["prices"]
        names = [(row["exchange"], row["symbol"]) for row in prices]
        wanted: dict[int, set[Name]] = {}
        for turn in range(60):
            number = chance.randint(1, 5)
            own = set(chance.sample(names, chance.randint(1, 8)))
            asked = pb.Subscribe(id=number, channel=pb.CHANNEL_QUOTES, max_hz=10)
            asked.instruments.extend(pb.InstrumentName(venue=venue, symbol=symbol) for venue, symbol in own)
            if number in wanted and chance.random() < 0.3:
                del wanted[number]
                await client.say(unsubscribe=pb.Unsubscribe(id=number))
            else:
                await client.say(**{"change" if number in wanted else "subscribe": asked})
                wanted[number] = own
            if turn % 10 == 0:
                await flood.send(turn + 2)
            await asyncio.sleep(0.06)
        await client.say(subscribe=pb.Subscribe(id=9, channel=pb.CHANNEL_RANK))
        await client.hear_until("quotes", 9)
        await asyncio.sleep(0.5)
        await client.say(subscribe=pb.Subscribe(id=10, channel=pb.CHANNEL_HEALTH))
        await client.hear_until("subscribed", 10)
        for number, own in wanted.items():
            assert set(client.rows[number]) == own
            assert all(client.rows[number][name] == client.rows[9][name] for name in own)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (b"\xff", 4400),
        ("text", 4400),
        (pb.ClientFrame().SerializeToString(), 4400),
        (b"x" * 20_000, 1009),
    ],
)
async def test_what_cannot_be_understood_ends_the_socket(said: bytes | str, code: int) -> None:
    """With its own code, and nothing of our inside."""
    async with gateway() as running, connected(running) as client:
        await client.socket.send(said)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await client.hear_until("problem")
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == code


async def test_too_much_ends_it_too() -> None:
    """More than twenty messages a second, after some at once."""
    async with gateway() as running, connected(running) as client:
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await _say_too_much(client)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4429


async def _say_too_much(client: Client) -> None:
    for _ in range(500):
        await client.say(pause=pb.Pause())
    await client.hear_until("problem")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (pb.Subscribe(id=0, channel=pb.CHANNEL_RANK), "INVALID_ARGUMENT"),
        (pb.Subscribe(id=1), "INVALID_ARGUMENT"),
        (pb.Subscribe(id=1, channel=pb.CHANNEL_LOG), "PERMISSION_DENIED"),
        (pb.Subscribe(id=1, channel=pb.CHANNEL_RANK, max_hz=float("nan")), "INVALID_ARGUMENT"),
        (
            pb.Subscribe(id=1, channel=pb.CHANNEL_QUOTES, instruments=[pb.InstrumentName()] * 4_097),
            "RESOURCE_EXHAUSTED",
        ),
    ],
)
async def test_a_subscription_that_is_refused_leaves_the_socket(asked: pb.Subscribe, code: str) -> None:
    """And says why."""
    async with gateway() as running, connected(running) as client:
        await client.say(subscribe=asked)
        assert (await client.hear_until("problem", asked.id)).problem.code == code
        await client.say(subscribe=pb.Subscribe(id=2, channel=pb.CHANNEL_HEALTH))
        assert (await client.hear_until("health", 2)).is_snapshot


async def test_who_may_not_is_not_let_in(tmp_path: Path) -> None:
    """Not by an address, an origin, a bad token, or without a subprotocol; a good token is shown beside it."""
    settings = {"access": {"dir": tmp_path}}
    async with gateway(settings, anonymous_role="none") as running:
        signer = open_secrets(tmp_path).signer
        good = signer.token(Caller("users/ann", role_of("operator"), "sessions/1"), 60)
        for offered, headers in (
            ([], {}),
            (["crossbook.v1"], {}),
            (["crossbook.v1", "crossbook.bearer.x"], {}),
            (["crossbook.v1", f"crossbook.bearer.{good}"], {"Origin": "https://evil.example"}),
        ):
            with pytest.raises(websockets.InvalidStatus):
                async with websockets.connect(
                    running.socket_url, subprotocols=offered or None, additional_headers=headers, proxy=None
                ):
                    pass
        async with connected(running, f"crossbook.bearer.{good}") as client:
            assert client.frames[0].welcome.principal == "users/ann"
            assert client.socket.subprotocol == "crossbook.v1"


async def test_a_token_that_ends_ends_the_socket_unless_it_is_renewed(tmp_path: Path) -> None:
    """And one of somebody else does not renew it."""
    settings = {"access": {"dir": tmp_path}}
    async with gateway(settings) as running:
        signer = open_secrets(tmp_path).signer
        brief, longer, other = (
            signer.token(Caller(name, role_of("viewer"), f"sessions/{name}"), seconds)
            for name, seconds in (("a", 3), ("a", 600), ("b", 600))
        )
        async with connected(running, f"crossbook.bearer.{brief}") as ending:
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await ending.hear_until("problem")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        async with connected(running, f"crossbook.bearer.{longer}") as client:
            await client.say(renew=pb.Renew(access_token=longer))
            await client.say(subscribe=pb.Subscribe(id=1, channel=pb.CHANNEL_HEALTH))
            await client.hear_until("health", 1)
            await client.say(renew=pb.Renew(access_token=other))
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await client.hear_until("problem")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401


async def test_the_same_as_json(postgres_dsn: str, tmp_path: Path) -> None:
    """Plain protobuf classes read either."""
    async with fed(postgres_dsn, tmp_path) as (running, _), connected(running, kind="crossbook.v1.json") as client:
        await client.socket.send(json.dumps({"subscribe": {"id": 1, "channel": "CHANNEL_RANK"}}))
        async with asyncio.timeout(30):
            while True:
                frame = json_format.Parse(await client.socket.recv(), pb.ServerFrame())
                if frame.WhichOneof("payload") == "quotes":
                    break
        assert len(frame.quotes.batch.symbols) == INSTRUMENTS
