"""nautilus_trader, live: its native WebSocket client, its decoder and its data engine; the comparison is in a handler.

What its adapter does besides, listing instruments and subscribing, is left out: it would ask the venue.
"""

import asyncio
import sys

import msgspec
from livework import Opportunities
from nautilus_trader.adapters.binance.common.schemas.market import BinanceQuoteMsg
from nautilus_trader.cache.cache import Cache
from nautilus_trader.common.component import LiveClock, MessageBus
from nautilus_trader.core.nautilus_pyo3 import WebSocketClient, WebSocketConfig
from nautilus_trader.data.engine import DataEngine
from nautilus_trader.model.data import QuoteTick
from nautilus_trader.model.identifiers import InstrumentId, TraderId

INSTRUMENT = InstrumentId.from_str("BTCUSDT-PERP.BINANCE")
TOPIC = "data.quotes.BINANCE.BTCUSDT-PERP"


async def main(url: str) -> None:
    clock = LiveClock()
    bus = MessageBus(trader_id=TraderId("BENCH-001"), clock=clock)
    engine = DataEngine(msgbus=bus, cache=Cache(), clock=clock)
    opportunities, decoder = Opportunities(), msgspec.json.Decoder(BinanceQuoteMsg)

    def on_quote(quote: QuoteTick) -> None:
        opportunities.compare(quote.bid_price.as_double(), quote.ask_price.as_double())

    def on_message(raw: bytes) -> None:
        message = decoder.decode(raw)
        engine.process(message.data.parse_to_quote_tick(INSTRUMENT, clock.timestamp_ns()))

    bus.subscribe(topic=TOPIC, handler=on_quote)
    engine.start()
    client = await WebSocketClient.connect(config=WebSocketConfig(url=url, handler=on_message, headers=[]))
    opportunities.answer_lines()
    await asyncio.Event().wait()  # the process ends with its standard input
    await client.disconnect()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
