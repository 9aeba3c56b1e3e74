"""The venues that the simulator can play, and the building of their faces over one world."""

from collections.abc import Iterable, Mapping

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator.faces import (
    binance,
    bitget,
    bitmex,
    bybit,
    coindcx,
    deribit,
    gateio,
    hyperliquid,
    krakenfutures,
    kucoin,
    lighter,
    mexc,
    okx,
    paradex,
    phemex,
)
from crossbook.simulator.faces.base import Face
from crossbook.simulator.world import Instrument, Traits

_PLAYED: tuple[tuple[Traits, type[Face]], ...] = (
    (bitmex.TRAITS, bitmex.BitmexFace),
    (lighter.TRAITS, lighter.LighterFace),
    (paradex.TRAITS, paradex.ParadexFace),
    (binance.TRAITS, binance.BinanceFace),
    (okx.TRAITS, okx.OkxFace),
    (phemex.TRAITS, phemex.PhemexFace),
    (bybit.TRAITS, bybit.BybitFace),
    (bitget.TRAITS, bitget.BitgetFace),
    (deribit.TRAITS, deribit.DeribitFace),
    (krakenfutures.TRAITS, krakenfutures.KrakenFuturesFace),
    (coindcx.TRAITS, coindcx.CoinDcxFace),
    (kucoin.TRAITS, kucoin.KucoinFace),
    (hyperliquid.TRAITS, hyperliquid.HyperliquidFace),
    (gateio.TRAITS, gateio.GateioFace),
    (mexc.TRAITS, mexc.MexcFace),
)

TRAITS: Mapping[str, Traits] = {traits.venue: traits for traits, _ in _PLAYED}

_FACES: Mapping[str, type[Face]] = {face.venue: face for _, face in _PLAYED}


def traits_of(venues: Iterable[str]) -> list[Traits]:
    """Traits of the named venues, of all when none is named."""
    names = list(dict.fromkeys(venues)) or list(TRAITS)
    for name in names:
        if name not in TRAITS:
            raise SettingsError(f"setting simulator.venues: no such venue {name!r}, known: {', '.join(TRAITS)}")
    return [TRAITS[name] for name in names]


def build_faces(instruments: Iterable[Instrument]) -> dict[str, Face]:
    """One face for each venue that has instruments."""
    by_venue: dict[str, list[Instrument]] = {}
    for instrument in instruments:
        by_venue.setdefault(instrument.venue, []).append(instrument)
    return {venue: _FACES[venue](listed, TRAITS[venue].latency_ns) for venue, listed in by_venue.items()}
