//! Real Paradex SBE frames of 2026-10-08.

mod support;

use base64::Engine;
use crossbook_market::{BookState, Level};
use serde_json::Value;
use support::{Player, recorded_text};

const MARKET: &str = "BTC-USD-PERP";

/// Lines `{t_ns, opcode, text | b64}`; plays each and calls `after` behind it.
fn play(player: &mut Player, lines: &str, mut after: impl FnMut(&Player)) {
    for line in lines.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let now_ns = record["t_ns"].as_i64().unwrap();
        match record["opcode"].as_str() {
            Some("text") => player.text(record["text"].as_str().unwrap(), now_ns),
            _ => {
                let engine = base64::engine::general_purpose::STANDARD;
                player.binary(&engine.decode(record["b64"].as_str().unwrap()).unwrap(), now_ns);
            }
        }
        after(player);
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn thirty_book_frames_chain_by_one_from_a_whole_book() {
    let lines = recorded_text("paradex/btc-order-book-deltas-2026-10-08.head31.jsonl");
    let mut player = Player::new("paradex", &[MARKET]);
    let mut sequences = Vec::new();
    let mut depths = Vec::new();
    play(&mut player, &lines, |player| {
        let (_, sequence, book) = player.feed.order_book(MARKET).unwrap();
        sequences.push(sequence);
        depths.push((book.bids().count(), book.asks().count()));
        assert!(!book.is_crossed());
    });
    assert_eq!(sequences[0], 0, "the first line is the ack");
    assert_eq!((sequences[1], depths[1]), (7_687_289_234, (115, 60)));
    assert!(sequences[1..].windows(2).all(|pair| pair[1] == pair[0] + 1));
    assert_eq!(*sequences.last().unwrap(), 7_687_289_263);
    let stats = player.feed.stats();
    assert_eq!((stats.gaps, stats.parse_errors, player.state(MARKET)), (0, 0, BookState::Live));
    let levels: Vec<Level> = player.feed.order_book(MARKET).unwrap().2.bids().collect();
    // Prices come in tenths and sizes in hundred-thousandths.
    assert!(levels.iter().all(|level| (level.price * 10.0).fract() == 0.0 && level.size >= 0.000_01));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn best_bids_and_asks_are_published_over_the_book_in_their_order() {
    let book = recorded_text("paradex/btc-order-book-deltas-2026-10-08.head31.jsonl");
    let tops = recorded_text("paradex/btc-bbo-2026-10-08.excerpt.jsonl");
    let mut player = Player::new("paradex", &[MARKET]);
    play(&mut player, &book, |_| {});
    player.quotes.clear();
    play(&mut player, &tops, |_| {});
    assert_eq!(player.feed.stats().parse_errors, 0);
    assert!(player.quotes.len() > 5);
    let first = player.quotes[0];
    assert_eq!((first.bid, first.bid_size, first.ask, first.ask_size), (83_422.7, 0.000_15, 83_452.9, 0.000_31));
    assert!(player.quotes.iter().all(|quote| quote.is_usable() && quote.bid < quote.ask));
    assert_eq!(first.exchange_ns, 1_791_421_923_325_000_000);
}
