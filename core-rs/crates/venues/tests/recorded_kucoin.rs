//! Real KuCoin frames: a ticket, a greeting, an ack, tickers and one depth frame of 2026-08-12, and a contract list. The
//! captured depth is of five levels and the captured ticker the older one: the test asks that their shapes read, under the
//! names of the channels that are used.

mod support;

use crossbook_market::BookState;
use crossbook_venues::{Feed, FeedOptions};
use support::{Player, instrument, recorded_text};

const CAPTURED: &str = "kucoin/ccxt_static_kucoinfutures_2026-08-12.excerpt.jsonl";

fn player() -> Player {
    Player::new("kucoin", &["XBTUSDTM"])
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_captured_ticket_says_where_to_dial() {
    let answer = recorded_text("kucoin/http_bullet_public_2026-08-12.json");
    let mut feed = Feed::new(crossbook_venues::find("kucoin").unwrap(), FeedOptions::default()).unwrap();
    feed.track(&[instrument("kucoin", "XBTUSDTM")], 1).unwrap();
    let url = feed.ticketed_url(1, answer.as_bytes(), 7).unwrap();
    assert_eq!(url, "wss://ws-api-futures.kucoin.com/?token=EXPIRED-PUBLIC-TOKEN&connectId=1-7");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_captured_session_reads_and_the_older_ticker_is_let_pass() {
    let text = recorded_text(CAPTURED);
    let mut player = player();
    text.lines().zip(2..).for_each(|(line, now_ns)| player.text(line, now_ns));
    assert_eq!((player.feed.stats().frames, player.feed.stats().parse_errors), (5, 0));
    assert_eq!(player.state("XBTUSDTM"), BookState::Resyncing, "neither channel is one that it asked for");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_captured_depth_frame_is_a_whole_book() {
    let text = recorded_text(CAPTURED);
    let mut player = player();
    for (line, now_ns) in text.lines().zip(2..) {
        player.text(&line.replace("level2Depth5:", "level2Depth50:"), now_ns);
    }
    let (sequence, bid, ask) = player.book_top("XBTUSDTM");
    assert_eq!((sequence, bid.unwrap().price, ask.unwrap().price), (1_746_504_928_690, 63922.1, 63922.2));
    let last = player.quotes.last().unwrap();
    assert_eq!((last.bid_size, last.ask_size, last.exchange_ns), (2474.0, 197.0, 1_786_541_277_720_000_000));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn the_series_of_trades_is_not_the_one_of_depth() {
    let text = recorded_text(CAPTURED);
    let sequence = |subject: &str| {
        let frames = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        frames
            .filter(|frame| frame["subject"] == subject)
            .map(|frame| frame["data"]["sequence"].as_i64().unwrap())
            .max()
    };
    assert!(sequence("ticker") > sequence("level2"), "though the depth came seven minutes later");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn listed_contracts_are_read_in_base_units() {
    let text = recorded_text("kucoin/jkorf_http_GetOpenContracts.txt");
    let body = &text[text.find('{').unwrap()..];
    let listing = crossbook_venues::parse_markets("kucoin", &[body.as_bytes()], 0).unwrap();
    let listed = &listing.instruments[0];
    assert_eq!((listed.symbol.as_str(), listed.asset.as_str(), listed.contract_size), ("BTC/USDT:USDT", "BTC", 0.001));
    assert_eq!((listing.instruments.len(), listed.taker_fee_percent), (1, Some(0.06)));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn contracts_on_shares_and_early_ones_are_no_coins() {
    let body = recorded_text("kucoin/derived_contracts_active_not_coins.json");
    let listing = crossbook_venues::parse_markets("kucoin", &[body.as_bytes()], 0).unwrap();
    let assets: Vec<_> = listing.instruments.iter().map(|one| one.asset.as_str()).collect();
    assert_eq!(assets, ["share:AAPL", "pre-market:OPENAI"]);
    let unknown = body.replace("\"STOCK\"", "\"NOVEL\"");
    let listing = crossbook_venues::parse_markets("kucoin", &[unknown.as_bytes()], 0).unwrap();
    assert_eq!((listing.instruments.len(), listing.quarantined.len()), (0, 2), "{:?}", listing.quarantined);
}
