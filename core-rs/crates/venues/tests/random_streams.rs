//! Whatever the network drops, repeats or swaps: no quote between a loss and the join that heals it, no quote that the
//! venue's book never had, and in the end every book is whole again.

mod support;

use crossbook_market::{BookState, Quote};
use crossbook_venues::{Feed, FeedOptions, Frame, Step};
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};
use support::instrument;

/// What happens to one delta on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Arrives,
    Lost,
    Twice,
    /// After the one behind it.
    Late,
    Spoilt,
}

/// One change: side, price, size and the delta's fate.
type Change = (bool, u32, u32, Fate);

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        20 => Just(Fate::Arrives),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Twice),
        1 => Just(Fate::Late),
        1 => Just(Fate::Spoilt),
    ]
}

/// Bids at 80 to 99 and asks at 101 to 120, so that the true book is never crossed.
fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((any::<bool>(), 0..20_u32, 0..3_u32, fate()), 1..200)
}

/// The venue's own side: its true book and the frames it sends.
struct TrueVenue {
    id: &'static str,
    sequence: i64,
    bids: BTreeMap<u32, u32>,
    asks: BTreeMap<u32, u32>,
    /// Every top there ever was.
    tops: Vec<(f64, f64, f64, f64)>,
}

impl TrueVenue {
    fn new(id: &'static str) -> Self {
        let mut venue = Self { id, sequence: 1_000, bids: BTreeMap::new(), asks: BTreeMap::new(), tops: Vec::new() };
        venue.bids.insert(90, 1);
        venue.asks.insert(110, 1);
        venue.remember_top();
        venue
    }

    fn remember_top(&mut self) {
        let (bid, ask) = (self.bids.last_key_value(), self.asks.first_key_value());
        let level = |level: Option<(&u32, &u32)>| level.map_or((0.0, 0.0), |(p, s)| (f64::from(*p), f64::from(*s)));
        let ((bid, bid_size), (ask, ask_size)) = (level(bid), level(ask));
        self.tops.push((bid, bid_size, ask, ask_size));
    }

    fn change(&mut self, (is_bid, offset, size, _): Change) -> String {
        let previous = self.sequence;
        self.sequence += if self.id == "krakenfutures" { 1 } else { 3 };
        let price = if is_bid { 80 + offset } else { 101 + offset };
        let side = if is_bid { &mut self.bids } else { &mut self.asks };
        if size == 0 {
            side.remove(&price)
        } else {
            side.insert(price, size)
        };
        self.remember_top();
        if self.id == "krakenfutures" {
            let (side, seq) = (if is_bid { "buy" } else { "sell" }, self.sequence);
            return format!(
                r#"{{"feed":"book","product_id":"X","side":"{side}","seq":{seq},"price":{price}.0,"qty":{size}.0,"timestamp":1}}"#
            );
        }
        let level = self.level(price, size);
        let (bids, asks) = if is_bid { (level, String::new()) } else { (String::new(), level) };
        self.frame("update", previous, &bids, &asks)
    }

    fn level(&self, price: u32, size: u32) -> String {
        match self.id {
            "deribit" => format!(r#"["{}",{price}.0,{size}.0]"#, if size == 0 { "delete" } else { "change" }),
            "krakenfutures" => format!(r#"{{"price":{price}.0,"qty":{size}.0}}"#),
            _ => format!(r#"["{price}.0","{size}"]"#),
        }
    }

    /// The best bid and ask as it is told by itself, where it needs no number but a time.
    fn quote(&self) -> Option<String> {
        let (bid, bid_size, ask, ask_size) = *self.tops.last()?;
        (self.id == "deribit").then(|| {
            format!(
                r#"{{"method":"subscription","params":{{"channel":"quote.X","data":{{"timestamp":{},"best_bid_price":{bid},
                "best_bid_amount":{bid_size},"best_ask_price":{ask},"best_ask_amount":{ask_size}}}}}}}"#,
                self.sequence
            )
        })
    }

    fn frame(&self, action: &str, previous: i64, bids: &str, asks: &str) -> String {
        let last = self.sequence;
        match self.id {
            "binance" => format!(
                r#"{{"e":"depthUpdate","s":"X","U":{},"u":{last},"pu":{previous},"b":[{bids}],"a":[{asks}]}}"#,
                previous + 1
            ),
            "deribit" => {
                let chain =
                    if action == "snapshot" { String::new() } else { format!(r#""prev_change_id":{previous},"#) };
                let kind = if action == "snapshot" { "snapshot" } else { "change" };
                format!(
                    r#"{{"method":"subscription","params":{{"channel":"book.X.100ms","data":{{"type":"{kind}","timestamp":{last},
                    {chain}"change_id":{last},"bids":[{bids}],"asks":[{asks}]}}}}}}"#
                )
            }
            "krakenfutures" => format!(
                r#"{{"feed":"book_snapshot","product_id":"X","timestamp":1,"seq":{last},"bids":[{bids}],"asks":[{asks}]}}"#
            ),
            _ => format!(
                r#"{{"arg":{{"channel":"books","instId":"X"}},"action":"{action}","data":[{{"asks":[{asks}],"bids":[{bids}],
                "ts":"1","prevSeqId":{previous},"seqId":{last}}}]}}"#
            ),
        }
    }

    fn sides(&self) -> (String, String) {
        let side = |levels: &BTreeMap<u32, u32>| {
            levels.iter().map(|(price, size)| self.level(*price, *size)).collect::<Vec<_>>().join(",")
        };
        (side(&self.bids), side(&self.asks))
    }

    fn rest_answer(&self) -> String {
        let (bids, asks) = self.sides();
        format!(r#"{{"lastUpdateId":{},"bids":[{bids}],"asks":[{asks}]}}"#, self.sequence)
    }

    fn socket_snapshot(&self) -> String {
        let (bids, asks) = self.sides();
        self.frame("snapshot", -1, &bids, &asks)
    }
}

/// Plays one life of a stream and returns every quote.
struct Run {
    feed: Feed,
    venue: TrueVenue,
    now_ns: i64,
    quotes: Vec<Quote>,
    /// What the feed asked for and the venue has not done yet.
    asked: VecDeque<Step>,
    is_subscribed: bool,
}

impl Run {
    fn new(id: &'static str) -> Self {
        let mut feed = Feed::new(crossbook_venues::find(id).unwrap(), FeedOptions::default()).unwrap();
        feed.track(&[instrument(id, "X")], 1).unwrap();
        let asked = feed.on_open(1, 1).into();
        let venue = TrueVenue::new(id);
        Self { feed, venue, now_ns: 1, quotes: Vec::new(), asked, is_subscribed: false }
    }

    fn hear(&mut self, text: &str) {
        let steps = self.feed.on_frame(1, Frame { payload: text.as_bytes(), is_text: true }, self.now_ns);
        self.note(steps);
    }

    fn note(&mut self, steps: Vec<Step>) {
        self.asked.extend(steps);
        self.quotes.extend(self.feed.take_quotes(usize::MAX));
    }

    /// The venue does what it was asked for.
    fn serve(&mut self) {
        while let Some(step) = self.asked.pop_front() {
            match step {
                Step::Fetch { request_id, .. } => {
                    let body = self.venue.rest_answer();
                    let steps = self.feed.on_answer(request_id, 200, body.as_bytes(), self.now_ns);
                    self.note(steps);
                }
                Step::Send { text, .. } if self.venue.id == "binance" => {
                    self.is_subscribed = true;
                    let id = text.split("\"id\":").nth(1).and_then(|rest| rest.split(',').next()).unwrap().to_string();
                    self.hear(&format!(r#"{{"result":null,"id":{id}}}"#));
                }
                Step::Send { text, .. } if self.is_about_the_book(&text) => {
                    let event = if text.contains("unsubscribe") { "unsubscribe" } else { "subscribe" };
                    self.is_subscribed = event == "subscribe";
                    self.hear(&self.acknowledgement(&text, event));
                    if self.is_subscribed {
                        let snapshot = self.venue.socket_snapshot();
                        self.hear(&snapshot);
                    }
                }
                Step::Reconnect { .. } => panic!("one instrument's trouble is no reason to reconnect"),
                _ => {}
            }
        }
    }

    fn is_about_the_book(&self, request: &str) -> bool {
        let word = match self.venue.id {
            "deribit" => "book.X",
            "krakenfutures" => "product_ids",
            _ => "books",
        };
        request.contains(word)
    }

    fn acknowledgement(&self, request: &str, event: &str) -> String {
        match self.venue.id {
            "deribit" => {
                let request: serde_json::Value = serde_json::from_str(request).unwrap();
                serde_json::json!({"id": request["id"], "result": request["params"]["channels"]}).to_string()
            }
            "krakenfutures" => format!(r#"{{"event":"{event}d","feed":"book","product_ids":["X"]}}"#),
            _ => format!(r#"{{"event":"{event}","arg":{{"channel":"books","instId":"X"}}}}"#),
        }
    }

    fn wait(&mut self, steps: usize) {
        for _ in 0..steps {
            self.now_ns += 100_000_000;
            let steps = self.feed.on_timer(self.now_ns);
            self.note(steps);
        }
    }

    fn play(&mut self, changes: &[Change], serve_every: usize) {
        let mut late: Option<String> = None;
        for (index, change) in changes.iter().enumerate() {
            let frame = self.venue.change(*change);
            let mut arriving = Vec::new();
            match change.3 {
                Fate::Lost => {}
                Fate::Late => arriving.extend(late.replace(frame)),
                Fate::Twice => arriving.extend([frame.clone(), frame]),
                Fate::Spoilt => arriving.push(frame[..frame.len() / 2].to_string()),
                Fate::Arrives => arriving.push(frame),
            }
            if change.3 != Fate::Late {
                arriving.extend(late.take());
            }
            if let Some(quote) = self.venue.quote() {
                self.hear(&quote);
            }
            if self.is_subscribed {
                arriving.iter().for_each(|frame| self.hear(frame));
            }
            if index % serve_every == 0 {
                self.serve();
            }
            self.wait(1);
        }
    }

    /// A quiet end: everything asked for is done, and changes arrive unharmed.
    fn settle(&mut self) {
        for round in 0..200 {
            self.serve();
            let frame = self.venue.change((round % 2 == 0, 3, 1 + round % 2, Fate::Arrives));
            if self.is_subscribed {
                self.hear(&frame);
            }
            self.wait(1);
        }
    }
}

fn check(id: &'static str, changes: &[Change], serve_every: usize) -> Result<(), TestCaseError> {
    let mut run = Run::new(id);
    run.serve();
    run.play(changes, serve_every);
    run.settle();
    for quote in run.quotes.iter().filter(|quote| quote.state == BookState::Live) {
        let top = (quote.bid, quote.bid_size, quote.ask, quote.ask_size);
        prop_assert!(run.venue.tops.contains(&top), "{top:?} never stood");
    }
    for quote in run.quotes.iter().filter(|quote| quote.state != BookState::Live) {
        prop_assert!(quote.bid == 0.0 && quote.ask == 0.0);
    }
    prop_assert!(run.quotes.windows(2).all(|pair| pair[0].receive_ns <= pair[1].receive_ns));
    let (state, sequence, book) = run.feed.order_book("X").unwrap();
    prop_assert_eq!((state, sequence), (BookState::Live, run.venue.sequence));
    let bids: Vec<(u32, u32)> = book.bids().map(|level| (level.price as u32, level.size as u32)).collect();
    prop_assert_eq!(bids, run.venue.bids.iter().rev().map(|(p, s)| (*p, *s)).collect::<Vec<_>>());
    let asks: Vec<(u32, u32)> = book.asks().map(|level| (level.price as u32, level.size as u32)).collect();
    prop_assert_eq!(asks, run.venue.asks.iter().map(|(p, s)| (*p, *s)).collect::<Vec<_>>());
    Ok(())
}

/// From the delta that shows a loss until the book is joined again, nothing but states is emitted.
fn check_silence(id: &'static str, before: &[Change], behind: &[Change]) -> Result<(), TestCaseError> {
    let unharmed =
        |changes: &[Change]| changes.iter().map(|(b, p, s, _)| (*b, *p, *s, Fate::Arrives)).collect::<Vec<_>>();
    let mut run = Run::new(id);
    run.serve();
    run.play(&unharmed(before), 1);
    run.settle();
    run.quotes.clear();
    run.venue.change((true, 5, 9, Fate::Lost));
    for change in unharmed(behind) {
        let frame = run.venue.change(change);
        run.hear(&frame);
    }
    prop_assert!(run.quotes.iter().all(|quote| quote.state == BookState::Resyncing && quote.bid == 0.0));
    prop_assert_eq!((run.quotes.len(), run.feed.stats().gaps), (1, 1));
    run.settle();
    prop_assert!(run.quotes.last().unwrap().state == BookState::Live);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn quotes_are_tops_that_stood_and_books_end_whole_where_snapshots_are_fetched(
        changes in changes(), serve_every in 1..8_usize
    ) {
        check("binance", &changes, serve_every)?;
    }

    #[test]
    fn quotes_are_tops_that_stood_and_books_end_whole_where_snapshots_are_subscribed(
        changes in changes(), serve_every in 1..8_usize
    ) {
        for id in ["okx", "deribit", "krakenfutures"] {
            check(id, &changes, serve_every)?;
        }
    }

    #[test]
    fn nothing_is_quoted_between_a_gap_and_its_resync(before in changes(), behind in changes()) {
        for id in ["binance", "okx", "deribit", "krakenfutures"] {
            check_silence(id, &before, &behind)?;
        }
    }
}
