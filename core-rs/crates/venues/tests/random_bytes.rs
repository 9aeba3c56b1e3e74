//! Frames that are random, or real ones with a few bytes changed: nothing panics, and a LIVE quote is always possible.

mod support;

use crossbook_market::BookState;
use proptest::prelude::*;
use support::Player;

/// Frames that make a book live and then change it, text or binary, with `X` as the instrument.
fn session(venue: &str) -> Vec<(Vec<u8>, bool)> {
    let text = |frames: &[&str]| frames.iter().map(|frame| (frame.as_bytes().to_vec(), true)).collect();
    match venue {
        "binance" => text(&[
            r#"{"result":null,"id":1}"#,
            r#"{"stream":"x@depth@100ms","data":{"e":"depthUpdate","T":1,"s":"X","U":5,"u":6,"pu":4,"b":[["9","1"]],"a":[]}}"#,
            r#"{"e":"bookTicker","u":7,"s":"X","b":"9.5","B":"31.2","a":"10.5","A":"40.6","T":1,"E":1}"#,
        ]),
        "bitget" => text(&[
            r#"{"event":"subscribe","arg":{"instType":"USDT-FUTURES","channel":"books","instId":"X"}}"#,
            r#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"books","instId":"X"},"data":[{"asks":[["10","1"]],"bids":[],"ts":"1","seq":5,"pseq":0}],"ts":2}"#,
            r#"{"action":"update","arg":{"instType":"USDT-FUTURES","channel":"books","instId":"X"},"data":[{"asks":[],"bids":[["9","1"]],"ts":"1","seq":6,"pseq":5}],"ts":2}"#,
            r#"{"action":"snapshot","arg":{"instType":"USDT-FUTURES","channel":"books1","instId":"X"},"data":[{"asks":[["9.9","1"]],"bids":[],"ts":"1","seq":7,"pseq":0}],"ts":2}"#,
        ]),
        "bybit" => text(&[
            r#"{"success":true,"ret_msg":"","conn_id":"a","req_id":"1","op":"subscribe"}"#,
            r#"{"topic":"orderbook.50.X","type":"snapshot","ts":2,"data":{"s":"X","b":[],"a":[["10","1"]],"u":5,"seq":50},"cts":1}"#,
            r#"{"topic":"orderbook.50.X","type":"delta","ts":2,"data":{"s":"X","b":[["9","1"]],"a":[],"u":6,"seq":55},"cts":1}"#,
            r#"{"topic":"orderbook.1.X","ts":2,"type":"snapshot","data":{"s":"X","b":[["9","2"]],"a":[],"u":900,"seq":57},"cts":1}"#,
        ]),
        "coindcx" => text(&[
            r#"0{"sid":"x"}"#,
            r#"40{"sid":"y"}"#,
            r#"42["depth-snapshot",{"data":"{\"ts\":1,\"vs\":5,\"asks\":{\"10\":\"1\"},\"bids\":{},\"type\":\"depth-snapshot\",\"pr\":\"futures\",\"s\":\"X\"}"}]"#,
            r#"42["depth-update",{"data":"{\"ts\":1,\"vs\":6,\"asks\":{},\"bids\":{\"9\":\"1\"},\"type\":\"depth-update\",\"pr\":\"futures\",\"s\":\"X\"}"}]"#,
        ]),
        "deribit" => text(&[
            r#"{"jsonrpc":"2.0","id":1,"result":["book.X.100ms","quote.X"]}"#,
            r#"{"method":"subscription","params":{"channel":"book.X.100ms","data":{"type":"snapshot","timestamp":1,"change_id":5,"bids":[],"asks":[["new",10.0,1.0]]}}}"#,
            r#"{"method":"subscription","params":{"channel":"quote.X","data":{"timestamp":2,"best_bid_price":9.5,"best_bid_amount":2.0,"best_ask_price":10.5,"best_ask_amount":4.0}}}"#,
        ]),
        "krakenfutures" => text(&[
            r#"{"event":"subscribed","feed":"book","product_ids":["X"]}"#,
            r#"{"feed":"book_snapshot","product_id":"X","timestamp":1,"seq":5,"bids":[],"asks":[{"price":10.0,"qty":1.0}]}"#,
            r#"{"feed":"book","product_id":"X","side":"buy","seq":6,"price":9.0,"qty":1.0,"timestamp":1}"#,
        ]),
        "gateio" => text(&[
            r#"{"id":1,"channel":"futures.obu","event":"subscribe","payload":["ob.X.50"],"result":{"status":"success"}}"#,
            r#"{"channel":"futures.obu","result":{"t":1,"full":true,"s":"ob.X.50","u":5,"b":[["9","1"]],"a":[["10","1"]]}}"#,
            r#"{"channel":"futures.obu","result":{"t":1,"s":"ob.X.50","U":6,"u":7,"b":[["9.1","1"]]}}"#,
            r#"{"channel":"futures.book_ticker","event":"update","result":{"t":1,"u":8,"s":"X","b":"9.5","B":31,"a":"9.9","A":"4"}}"#,
        ]),
        "hyperliquid" => text(&[
            r#"{"channel":"subscriptionResponse","data":{"method":"subscribe","subscription":{"type":"l2Book","coin":"X"}}}"#,
            r#"{"channel":"l2Book","data":{"coin":"X","time":5,"levels":[[{"px":"9","sz":"1","n":1}],[{"px":"10","sz":"1","n":1}]]}}"#,
            r#"{"channel":"bbo","data":{"coin":"X","time":6,"bbo":[{"px":"9.5","sz":"1","n":1},null]}}"#,
        ]),
        "kucoin" => text(&[
            r#"{"id":"1","type":"welcome"}"#,
            r#"{"topic":"/contractMarket/level2Depth50:X","type":"message","data":{"sequence":5,"asks":[["10",1]],"bids":[["9",1]],"ts":1}}"#,
            r#"{"topic":"/contractMarket/tickerV2:X","type":"message","data":{"sequence":6,"bestBidSize":1,"bestBidPrice":"9.5","bestAskPrice":"10","bestAskSize":2,"ts":1}}"#,
        ]),
        "lighter" => text(&[
            r#"{"type":"connected"}"#,
            r#"{"channel":"order_book:X","order_book":{"asks":[{"price":"10","size":"1"}],"bids":[],"nonce":5,"begin_nonce":0},"type":"subscribed/order_book"}"#,
            r#"{"channel":"ticker:X","nonce":6,"ticker":{"a":{"price":"10.5","size":"4"},"b":{"price":"9.5","size":"2"}},"type":"update/ticker"}"#,
        ]),
        "mexc" => text(&[
            r#"{"channel":"rs.sub.depth","data":"success","ts":1}"#,
            r#"{"symbol":"X","data":{"asks":[[10,1,1]],"bids":[[9E+0,1,1]],"end":6,"begin":5,"version":6},"channel":"push.depth","ts":1}"#,
            r#"{"symbol":"X","data":{"asks":[[10,1,1]],"bids":[[9.5,1,1]],"version":7},"channel":"push.depth.full","ts":1}"#,
        ]),
        "okx" => text(&[
            r#"{"event":"subscribe","arg":{"channel":"books","instId":"X"}}"#,
            r#"{"arg":{"channel":"books","instId":"X"},"action":"snapshot","data":[{"asks":[["10","1","0","1"]],"bids":[],"ts":"1","prevSeqId":-1,"seqId":5}]}"#,
            r#"{"arg":{"channel":"books","instId":"X"},"action":"update","data":[{"asks":[],"bids":[["9","1","0","1"]],"ts":"1","prevSeqId":5,"seqId":6}]}"#,
        ]),
        "phemex" => text(&[
            r#"{"error":null,"id":1,"result":{"status":"success"}}"#,
            r#"{"depth":30,"orderbook_p":{"asks":[["10","1"]],"bids":[]},"sequence":5,"symbol":"X","timestamp":1,"type":"snapshot"}"#,
            r#"{"depth":30,"orderbook_p":{"asks":[],"bids":[["9","1"]]},"sequence":6,"symbol":"X","timestamp":1,"type":"incremental"}"#,
        ]),
        _ => vec![(sbe_book(0, 5), false), (sbe_book(1, 6), false)],
    }
}

/// A book frame with one level a side.
fn sbe_book(package: u8, sequence: i64) -> Vec<u8> {
    let mut bytes: Vec<u8> = [89_u16, 3, 1, 1].iter().flat_map(|field| field.to_le_bytes()).collect();
    bytes.extend(1_791_421_535_339_902_i64.to_le_bytes());
    bytes.extend(sequence.to_le_bytes());
    bytes.push(package);
    bytes.extend([0; 72]);
    for price in [900_000_000_i64, 1_000_000_000] {
        bytes.extend([16_u16, 1].iter().flat_map(|field| field.to_le_bytes()));
        bytes.extend(price.to_le_bytes());
        bytes.extend(100_000_000_i64.to_le_bytes());
    }
    bytes.extend([1, b'X']);
    bytes
}

fn play(player: &mut Player, frame: &[u8], is_text: bool) {
    let now_ns = player.quotes.len() as i64 + 1;
    if is_text {
        player.text(&String::from_utf8_lossy(frame), now_ns);
    }
    player.binary(frame, now_ns);
}

fn are_possible(player: &Player) -> bool {
    player.quotes.iter().all(|quote| {
        let numbers = [quote.bid, quote.bid_size, quote.ask, quote.ask_size];
        let is_crossed = quote.bid > 0.0 && quote.ask > 0.0 && quote.bid >= quote.ask;
        let is_silent = quote.state == BookState::Live || numbers == [0.0; 4];
        numbers.iter().all(|number| number.is_finite() && *number >= 0.0) && !is_crossed && is_silent
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_frames_and_answers_harm_nothing(
        frames in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), any::<bool>()), 1..20)
    ) {
        for profile in crossbook_venues::profiles() {
            let mut player = Player::new(profile.id, &["X"]);
            for (frame, is_text) in &frames {
                play(&mut player, frame, *is_text);
                player.feed.on_answer(1, 200, frame, 5);
            }
            prop_assert!(are_possible(&player));
        }
    }

    #[test]
    fn changed_bytes_never_make_an_impossible_quote(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6)
    ) {
        for profile in crossbook_venues::profiles() {
            let mut frames = session(profile.id);
            for (frame, place, byte) in &changes {
                let bytes = &mut frames[frame.index(session(profile.id).len())].0;
                let place = place.index(bytes.len());
                bytes[place] = *byte;
            }
            let mut player = Player::new(profile.id, &["X"]);
            frames.iter().for_each(|(frame, is_text)| play(&mut player, frame, *is_text));
            prop_assert!(are_possible(&player));
        }
    }
}

#[test]
fn unchanged_sessions_end_with_a_live_book() {
    for venue in [
        "bitget",
        "bybit",
        "coindcx",
        "deribit",
        "gateio",
        "hyperliquid",
        "krakenfutures",
        "kucoin",
        "lighter",
        "okx",
        "paradex",
        "phemex",
    ] {
        let mut player = Player::new(venue, &["X"]);
        for (frame, is_text) in session(venue) {
            if is_text { player.text(std::str::from_utf8(&frame).unwrap(), 1) } else { player.binary(&frame, 1) }
        }
        assert_eq!(player.state("X"), BookState::Live, "{venue}");
    }
}
