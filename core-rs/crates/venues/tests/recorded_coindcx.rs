//! Real CoinDCX depth of 2026-09-18: the carried texts are captured, the packets around them are built as the protocol says.

mod support;

use crossbook_market::{BookState, Level};
use support::{Player, recorded_text};

const PAIR: &str = "B-SOL_USDT";

/// The session is granted; eight packets: two snapshots, then two runs of three updates.
fn session() -> (Player, Vec<String>) {
    let text = recorded_text("coindcx/wire_frames_reconstructed.txt");
    let packets: Vec<String> = text.lines().map(str::to_string).collect();
    assert_eq!(packets.len(), 8);
    let mut player = Player::new("coindcx", &[PAIR]);
    player.text(r#"0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}"#, 1);
    player.text(r#"40{"sid":"y"}"#, 1);
    (player, packets)
}

fn level(price: f64, size: f64) -> Option<Level> {
    Some(Level { price, size })
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn snapshots_are_whole_books_of_fifty_levels_in_whatever_order_they_are_written() {
    let (mut player, packets) = session();
    player.text(&packets[0], 2);
    assert_eq!(player.book_top(PAIR), (218_045_041, level(105.93, 937.55), level(105.94, 1_109.78)));
    player.text(&packets[1], 3);
    assert_eq!(player.book_top(PAIR), (218_045_101, level(105.92, 1_151.05), level(105.93, 1_300.73)));
    let (state, _, book) = player.feed.order_book(PAIR).unwrap();
    assert_eq!((state, book.bids().count(), book.asks().count()), (BookState::Live, 50, 50));
    let last = player.quotes.last().unwrap();
    assert_eq!((last.bid, last.ask, last.exchange_ns), (105.92, 105.93, 1_789_735_785_301_000_000));
    assert_eq!((player.feed.stats().gaps, player.feed.stats().parse_errors), (0, 0));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn each_run_of_updates_joins_a_fetched_book_and_chains_by_one() {
    for (packets_of_run, seed, expected) in [
        (2..5, 217_960_064, (217_960_067, level(101.38, 982.45), level(101.39, 216.16))),
        (5..8, 217_966_651, (217_966_654, level(102.45, 1_893.79), level(102.46, 343.74))),
    ] {
        let (mut player, packets) = session();
        player.text(&packets[packets_of_run.start], 2);
        let book = format!(r#"{{"ts":1,"vs":{seed},"asks":{{"103":"1"}},"bids":{{"100":"1"}}}}"#);
        player.answer("/market_data/v3/orderbook/B-SOL_USDT-futures/50", &book, 3);
        assert_eq!((player.state(PAIR), player.book_top(PAIR).0), (BookState::Live, seed + 1));
        packets[packets_of_run].iter().skip(1).for_each(|packet| player.text(packet, 4));
        assert_eq!(player.book_top(PAIR), expected);
        assert_eq!((player.feed.stats().gaps, player.feed.stats().parse_errors), (0, 0));
        assert!(player.quotes.iter().all(|quote| !quote.is_usable() || quote.bid < quote.ask));
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn updates_stay_within_fifty_levels_of_the_top() {
    let (mut player, packets) = session();
    player.text(&packets[2], 2);
    player.answer("/50", r#"{"ts":1,"vs":217960064,"asks":{"101.39":"1"},"bids":{"101.38":"1"}}"#, 3);
    packets[3..5].iter().for_each(|packet| player.text(packet, 4));
    let (_, _, book) = player.feed.order_book(PAIR).unwrap();
    // Ticks of a hundredth: the window of fifty reaches from 100.89 to 101.88.
    assert!(book.bids().all(|bid| bid.price > 100.885) && book.asks().all(|ask| ask.price < 101.885));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn between_the_two_runs_there_is_a_gap() {
    let (mut player, packets) = session();
    player.text(&packets[2], 2);
    player.answer("/50", r#"{"ts":1,"vs":217960064,"asks":{"103":"1"},"bids":{"100":"1"}}"#, 3);
    packets[3..6].iter().for_each(|packet| player.text(packet, 4));
    assert_eq!((player.state(PAIR), player.feed.stats().gaps), (BookState::Resyncing, 1));
}
