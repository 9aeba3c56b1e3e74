//! Lots, sizes, notionals and status of the real market lists, and the facts in real frames and answers of the same shape.

mod support;

use crossbook_market::{FactKind, Instrument};
use crossbook_venues::facts::read;
use crossbook_venues::{fact_book, find, parse_markets};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use support::recorded_text;

const NOW_NS: i64 = 1_780_000_000_000_000_000;

/// A captured answer: what stands behind the first line that begins one, or behind its URL.
fn body(file: &str) -> String {
    let text = recorded_text(file);
    let line = text.lines().next().unwrap_or_default();
    if line.starts_with("http") {
        return line[line.find(['[', '{']).expect("a body")..].to_string();
    }
    let begins = |at: usize| at == 0 || text.as_bytes()[at - 1] == b'\n';
    let start = text.match_indices(['[', '{']).map(|(at, _)| at).find(|at| begins(*at));
    text[start.expect("a body")..].to_string()
}

/// The facts of one instrument as its venue's real list has it: symbol, tick, lot and what `source` tells besides.
fn listed(venue: &str, file: &str, source: &str, native: &str) -> (Instrument, BTreeMap<FactKind, f64>) {
    let body = body(file);
    let listing = parse_markets(venue, &[body.as_bytes()], NOW_NS).unwrap();
    let found = listing.instruments.into_iter().find(|one| one.native_symbol == native);
    let instrument =
        found.unwrap_or_else(|| panic!("{venue}: {native} is listed; left out are {:?}", listing.quarantined));
    let facts = told(venue, source, &body, &instrument);
    (instrument, facts)
}

fn told(venue: &str, source: &str, body: &str, instrument: &Instrument) -> BTreeMap<FactKind, f64> {
    let mut book = fact_book(venue, None).unwrap();
    let venue = find(venue).unwrap();
    let poll = venue.fact_polls().iter().position(|poll| poll.source == source).unwrap();
    book.track(&[Arc::new(instrument.clone())], NOW_NS);
    let answer = read(&venue.fact_polls()[poll], body.as_bytes(), &instrument.native_symbol, NOW_NS).unwrap();
    assert_eq!(answer.nameless, 0);
    book.take(poll, answer, NOW_NS);
    let facts = book.take_changes(NOW_NS).into_iter().flat_map(|change| change.facts);
    facts.filter_map(|fact| Some((fact.kind, fact.value?))).collect()
}

/// Lot and smallest size are those of orders; a smallest size is a whole number of lots.
fn check(venue: &str, file: &str, source: &str, native: &str, expected: &[(FactKind, f64)]) {
    let (instrument, facts) = listed(venue, file, source, native);
    for (kind, value) in expected {
        let held = facts.get(kind).copied();
        assert!(
            held.is_some_and(|held| (held - value).abs() <= 1e-9 * value),
            "{venue} {native}: {kind:?} is {held:?}"
        );
    }
    if let (Some(lot), Some(least)) = (facts.get(&FactKind::LotSize), facts.get(&FactKind::MinSize)) {
        let lots = least / lot;
        assert!(
            (lots - lots.round()).abs() < 1e-6 && lots >= 0.999,
            "{venue} {}: {least} in lots of {lot}",
            instrument.symbol
        );
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn lots_sizes_and_notionals_are_those_of_the_real_market_lists() {
    use FactKind::*;
    let trading = (TradingStatus, 1.0);
    check(
        "binance",
        "binance/cryptofeed_BINANCE_FUTURES.0",
        "exchangeInfo",
        "BTCUSDT",
        &[
            trading,
            (LotSize, 0.001),
            (MinSize, 0.001),
            (MaxSize, 1_000.0),
            (MinNotional, 5.0),
            (TickSize, 0.01),
            (MaxPrice, 1e6),
        ],
    );
    check(
        "bitget",
        "bitget/jkorf_Endpoints_Futures_ExchangeData_GetContracts.txt",
        "contracts",
        "BTCUSDT",
        &[trading, (LotSize, 0.01), (MinSize, 0.01), (MinNotional, 5.0), (TickSize, 0.1)],
    );
    check(
        "bybit",
        "bybit/nautilus_http_get_instruments_linear.json",
        "instruments-info",
        "BTCUSDT",
        &[
            trading,
            (LotSize, 0.001),
            (MinSize, 0.001),
            (MaxSize, 100.0),
            (MinNotional, 5.0),
            (TickSize, 0.5),
            (MaxPrice, 1e6),
        ],
    );
    check(
        "deribit",
        "deribit/nautilus_http_get_instruments.json",
        "get_instruments",
        "BTC-PERPETUAL",
        &[trading, (LotSize, 10.0), (MinSize, 10.0), (TickSize, 0.5)],
    );
    check(
        "gateio",
        "gateio/cryptofeed_GATEIO_FUTURES.0",
        "contracts",
        "KNC_USDT",
        &[(LotSize, 1.0), (MinSize, 1.0), (MaxSize, 1e6), (FundingInterval, 28_800.0), (MinPrice, 0.9 * 0.6104)],
    );
    check(
        "gateio",
        "gateio/jkorf_Endpoints_PerpetualFutures_ExchangeData_GetContracts.txt",
        "contracts",
        "LAB_USDT",
        &[(LotSize, 10.0), (MinSize, 10.0), (MaxSize, 120_000.0), (NextFundingTime, 1_610_035_200.0)],
    );
    check(
        "hyperliquid",
        "hyperliquid/nautilus_http_meta_perp_sample.json",
        "meta",
        "BTC",
        &[trading, (LotSize, 0.00001), (MinSize, 0.00001), (MinNotional, 10.0)],
    );
    check(
        "krakenfutures",
        "krakenfutures/nautilus_http_futures_instruments.json",
        "instruments",
        "PI_XBTUSD",
        &[(LotSize, 1.0), (MinSize, 1.0), (TickSize, 0.5)],
    );
    check(
        "kucoin",
        "kucoin/jkorf_http_GetOpenContracts.txt",
        "contracts/active",
        "XBTUSDTM",
        &[
            trading,
            (LotSize, 0.001),
            (MinSize, 0.001),
            (MaxSize, 1_000.0),
            (FundingRate, 0.01),
            (OpenInterest, 5_191.275),
        ],
    );
    for (file, native, least) in [
        ("lighter/nautilus_http_order_book_details.json", "0", 0.005),
        ("lighter/observed_orderBookDetails_2026-10-25.excerpt.json", "211", 0.7),
    ] {
        check("lighter", file, "orderBookDetails", native, &[trading, (MinSize, least), (MinNotional, 10.0)]);
    }
    check(
        "mexc",
        "mexc/jkorf_Endpoints_FuturesApi_ExchangeData_GetSymbols.txt",
        "detail",
        "BTC_USDT",
        &[trading, (LotSize, 0.0001), (MinSize, 0.0001), (MaxSize, 100.0), (TickSize, 0.5)],
    );
    check(
        "okx",
        "okx/nautilus_http_get_instruments_swap.json",
        "instruments",
        "ETH-USDT-SWAP",
        &[trading, (LotSize, 0.001), (MinSize, 0.001), (MaxSize, 1e7), (ContractSize, 0.1)],
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn real_frames_tell_funding_mark_and_index() {
    use FactKind::*;
    let made = |venue: &str, native: &str, symbol: &str, contract_size: f64| Instrument {
        symbol: symbol.to_string(),
        contract_size,
        ..(*support::instrument(venue, native)).clone()
    };
    let frame = |file: &str, path: &str| {
        let value: Value = serde_json::from_str(&body(file)).unwrap();
        path.split('.').filter(|part| !part.is_empty()).fold(value, |value, part| value[part].clone())
    };
    let ticker = frame("bybit/nautilus_ws_ticker_linear.json", "data");
    let bybit = made("bybit", "BTCUSDT", "BTC/USDT:USDT", 1.0);
    let facts = told("bybit", "tickers", &format!(r#"{{"result":{{"list":[{ticker}]}}}}"#), &bybit);
    assert_eq!((facts[&MarkPrice], facts[&IndexPrice], facts[&FundingInterval]), (17_217.33, 17_227.36, 28_800.0));
    let okx = made("okx", "BTC-USDT-SWAP", "BTC/USDT:USDT", 0.01);
    let facts = told("okx", "funding-rate", &body("okx/nautilus_ws_funding_rate.json"), &okx);
    assert_eq!(
        (facts[&FundingRate], facts[&PredictedFundingRate], facts[&NextFundingTime]),
        (0.01, 0.02, 1_744_590_349.506)
    );
    let deribit = made("deribit", "BTC-PERPETUAL", "BTC/USD:BTC", 1.0);
    let ticker = frame("deribit/nautilus_ws_ticker.json", "params.data");
    let facts = told("deribit", "book_summary", &format!(r#"{{"result":[{ticker}]}}"#), &deribit);
    assert_eq!((facts[&MarkPrice], facts[&IndexPrice], facts[&FundingRate]), (92_281.78, 92_263.55, 0.0));
    let bitget = made("bitget", "BTCUSDT", "BTC/USDT:USDT", 1.0);
    let facts = told(
        "bitget",
        "current-fund-rate",
        &body("bitget/jkorf_Endpoints_Unified_ExchangeData_GetFundingRate.txt"),
        &bitget,
    );
    assert_eq!((facts[&FundingInterval], facts[&NextFundingTime]), (28_800.0, 1_743_062_400.0));
    let bitmex = made("bitmex", "XBTUSD", "BTC/USD:BTC", 1.0);
    let facts = told("bitmex", "instrument/active", &body("bitmex/nautilus_http_get_instrument_xbtusd.json"), &bitmex);
    assert_eq!(
        (facts[&FundingInterval], facts[&NextFundingTime], facts[&MarkPrice]),
        (28_800.0, 1_732_507_200.0, 97_849.76)
    );
    let kraken = made("krakenfutures", "PI_XBTUSD", "BTC/USD:BTC", 1.0);
    let facts = told("krakenfutures", "tickers", &body("krakenfutures/nautilus_http_futures_tickers.json"), &kraken);
    assert!((facts[&FundingRate] + 3.995_839_963e-9 * 91_506.600_983_917_6 * 100.0).abs() < 1e-12);
    let mexc = made("mexc", "BTC_USDT", "BTC/USDT:USDT", 0.0001);
    let facts = told("mexc", "ticker", &body("mexc/jkorf_Endpoints_FuturesApi_ExchangeData_GetTickers.txt"), &mexc);
    assert_eq!((facts[&FundingRate], facts[&MarkPrice], facts[&MaxPrice]), (0.1, 31_199.5, 31_946.5));
    let gateio = made("gateio", "BTC_USDT", "BTC/USDT:USDT", 0.0001);
    let facts = told(
        "gateio",
        "tickers",
        &body("gateio/jkorf_Endpoints_PerpetualFutures_ExchangeData_GetTickers.txt"),
        &gateio,
    );
    assert_eq!((facts[&MarkPrice], facts[&IndexPrice], facts[&FundingRate]), (6_534.0, 6_531.0, 0.01));
    let hyperliquid = made("hyperliquid", "ETH", "ETH/USDC:USDC", 1.0);
    let list = body("hyperliquid/jkorf_Endpoints_Futures_ExchangeData_GetExchangeInfoAndTickers.txt");
    let facts = told("hyperliquid", "metaAndAssetCtxs", &list, &hyperliquid);
    assert_eq!((facts[&MarkPrice], facts[&OpenInterest]), (6.0436, 1_882.55));
}
