//! One venue and its desk, as the driver sees them: told the time and what came, they say what to do.

use crate::desk::{Desk, FeedStats, Step};
use crate::error::VenueError;
use crate::market_data::Frame;
use crate::profile::SECOND_NS;
use crate::venue::Venue;
use crossbook_codec::json::holds;
use crossbook_codec::{RestAddress, urls};
use crossbook_market::{BookState, Instrument, OrderBook, Quote};
use std::sync::Arc;

/// Between two calls; what is longer is a step of the clock.
const LONGEST_PAUSE_NS: i64 = SECOND_NS;
/// Bytes of a broken frame that a report shows.
const REPORTED_BYTES: usize = 160;
/// Numbers that a feed gives out; every tracking takes one for good. Queues and tables by number are bounded by it.
const MAX_SLOTS: usize = 65_536;

/// Endpoints and limits in place of the venue's own.
#[derive(Clone, Debug, Default)]
pub struct FeedOptions {
    pub websocket_url: Option<String>,
    pub rest_url: Option<String>,
    pub stale_after_ns: Option<i64>,
}

/// Connections, books and outgoing quotes of one venue. The time it is told may step back; its own never does: its quotes
/// bear the latest time that was told, and its patience runs on.
pub struct Feed {
    venue: &'static dyn Venue,
    websocket_url: String,
    /// Whether the address is not the venue's own.
    is_redirected: bool,
    rest: RestAddress,
    desk: Desk,
    last_request_id: u64,
    told_ns: i64,
    /// How far the time that is told has stepped back; negative after a hole, in which no time passed here.
    behind_ns: i64,
}

impl Feed {
    pub fn new(venue: &'static dyn Venue, options: FeedOptions) -> Result<Self, VenueError> {
        let (profile, conduct) = (venue.profile(), venue.conduct());
        let stale_after_ns = options.stale_after_ns.unwrap_or(profile.stale_after_ns);
        if stale_after_ns <= 0 {
            return Err(VenueError::InvalidSetting(format!("stale_after_ns is {stale_after_ns}: it must be positive")));
        }
        let base = options.websocket_url.as_deref().unwrap_or(profile.websocket_url);
        Ok(Self {
            venue,
            websocket_url: urls::join(base, conduct.socket_path),
            is_redirected: options.websocket_url.is_some(),
            rest: RestAddress { own: profile.rest_url, given: options.rest_url },
            desk: Desk::new(conduct, profile.channels, stale_after_ns),
            last_request_id: 0,
            told_ns: 0,
            behind_ns: 0,
        })
    }

    /// Starts tracking; instruments that are tracked already are left as they are. Refused whole when the feed has no
    /// numbers left: a fresh feed has.
    pub fn track(&mut self, instruments: &[Arc<Instrument>], now_ns: i64) -> Result<Vec<Step>, VenueError> {
        let venue = self.venue.profile().id;
        if let Some(stranger) = instruments.iter().find(|instrument| instrument.venue != venue) {
            let message = format!("{} is an instrument of {}, not of {venue}", stranger.symbol, stranger.venue);
            return Err(VenueError::InvalidSetting(message));
        }
        if self.desk.given() + instruments.len() > MAX_SLOTS {
            return Err(VenueError::InvalidSetting(format!("{MAX_SLOTS} trackings have begun: start the feed afresh")));
        }
        self.advance(now_ns);
        for instrument in instruments {
            self.track_one(instrument);
        }
        Ok(self.finish())
    }

    /// Stops tracking; refused whole when one symbol is not tracked.
    pub fn untrack(&mut self, symbols: &[String], now_ns: i64) -> Result<Vec<Step>, VenueError> {
        let slots: Result<Vec<u32>, _> = symbols.iter().map(|symbol| self.slot_of_symbol(symbol)).collect();
        let slots = slots?;
        self.advance(now_ns);
        slots.into_iter().for_each(|slot| self.untrack_one(slot));
        Ok(self.finish())
    }

    pub fn on_open(&mut self, connection: u32, now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        self.desk.open(connection);
        self.finish()
    }

    /// What to dial with the answer to an `Open`'s ticket. Where the venue's address was replaced, the ticket is shown there.
    pub fn ticketed_url(&self, connection: u32, answer: &[u8], now_ns: i64) -> Result<String, VenueError> {
        let url = self.venue.ticketed_url(answer, &format!("{connection}-{now_ns}"))?;
        Ok(if self.is_redirected { urls::moved(&url, &self.websocket_url) } else { url })
    }

    /// Takes a frame; one that does not parse is counted and reported.
    pub fn on_frame(&mut self, connection: u32, frame: Frame<'_>, now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        let desk = &mut self.desk;
        if !desk.begin_frame(connection) {
            return Vec::new();
        }
        if let Err(error) = self.venue.on_frame(frame, desk) {
            let shown = &frame.payload[..frame.payload.len().min(REPORTED_BYTES)];
            let slot = self.venue.culprit(frame.payload).and_then(|native| desk.slot(native));
            let detail = format!("{error}: {}", shown.escape_ascii());
            let conduct = self.venue.conduct();
            let mut marks = [conduct.top_mark, conduct.status_mark].into_iter().flatten();
            let is_aside = marks.any(|mark| holds(frame.payload, mark));
            if is_aside { desk.unreadable(slot, &detail) } else { desk.spoilt(slot, &detail) }
        }
        self.finish()
    }

    pub fn on_closed(&mut self, connection: u32, now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        self.desk.lose_connection(connection);
        self.finish()
    }

    /// Takes the answer to a `Fetch`; status 0 means that there was none.
    pub fn on_answer(&mut self, request_id: u64, status: u16, body: &[u8], now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        let Some(fetch) = self.desk.take_fetch(request_id) else { return Vec::new() };
        if status != 200 {
            self.desk.fetch_failed(&fetch, &format!("status {status}"));
            return self.finish();
        }
        match self.venue.parse_book(body) {
            Ok(snapshot) => self.desk.fetched(&fetch, snapshot),
            Err(error) => self.desk.fetch_unreadable(&fetch, &error.to_string()),
        }
        self.finish()
    }

    /// To be called every 100 ms.
    pub fn on_timer(&mut self, now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        self.desk.tick();
        self.finish()
    }

    /// Nobody listened since the latest time that was told: what the sockets hold is old, and until it is read no quote of
    /// theirs is LIVE. The feed's patience does not run meanwhile. Every other state is told again, for the reader has none.
    pub fn on_hole(&mut self, now_ns: i64) -> Vec<Step> {
        (self.told_ns, self.behind_ns) = (now_ns, self.desk.now_ns().saturating_sub(now_ns));
        self.advance(now_ns);
        self.desk.doubt_all();
        self.finish()
    }

    /// A connection has been silent for so long that nobody knows whether it is still there.
    pub fn on_silence(&mut self, connection: u32, now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        self.desk.doubt(connection);
        self.finish()
    }

    /// All that the connection had to say, when somebody asked after a hole or a silence, has been read.
    pub fn on_proof(&mut self, connection: u32, now_ns: i64) -> Vec<Step> {
        self.advance(now_ns);
        self.desk.trust(connection);
        self.finish()
    }

    /// The latest time that was told.
    pub fn latest_ns(&self) -> i64 {
        self.desk.latest_ns()
    }

    /// The oldest quotes not yet taken, in order of receipt; `Quote::instrument` is the slot's number.
    pub fn take_quotes(&mut self, limit: usize) -> Vec<Quote> {
        let quotes = self.desk.quotes();
        let left = quotes.split_off(quotes.len().min(limit));
        std::mem::replace(quotes, left)
    }

    /// The same for all of them, behind what is in `quotes`.
    pub fn move_quotes(&mut self, quotes: &mut Vec<Quote>) {
        quotes.append(self.desk.quotes());
    }

    /// Moves the feed's clock and returns the latest time that it was told.
    pub fn advance(&mut self, now_ns: i64) -> i64 {
        let step_ns = now_ns.saturating_sub(std::mem::replace(&mut self.told_ns, now_ns));
        if step_ns < 0 {
            self.behind_ns = self.behind_ns.saturating_sub(step_ns);
        } else if step_ns > LONGEST_PAUSE_NS {
            self.behind_ns -= self.behind_ns.clamp(0, step_ns); // set right again
        }
        self.desk.advance(now_ns.saturating_add(self.behind_ns), now_ns)
    }

    /// Emits the current quote of every tracked instrument that is wanted once more, as received now: what its book says is in
    /// force now. For a reader that has lost some, and would otherwise learn of a calm instrument only when its top changes.
    pub fn requote(&mut self, now_ns: i64, is_wanted: impl Fn(u32) -> bool) {
        self.advance(now_ns);
        self.desk.requote(is_wanted);
    }

    /// The instrument behind a slot's number, also after it is no longer tracked.
    pub fn instrument(&self, slot: u32) -> &Arc<Instrument> {
        self.desk.instrument(slot)
    }

    /// What is tracked, with the numbers that quotes bear.
    pub fn roster(&self) -> Vec<(u32, Arc<Instrument>)> {
        self.desk.roster()
    }

    /// Tracked instruments with their states.
    pub fn tracked(&self) -> impl Iterator<Item = (&Arc<Instrument>, BookState)> + '_ {
        self.desk.tracked()
    }

    pub fn order_book(&self, symbol: &str) -> Result<(BookState, i64, &OrderBook), VenueError> {
        Ok(self.desk.order_book(self.slot_of_symbol(symbol)?))
    }

    /// How many numbers of slots there have been.
    pub fn slots(&self) -> usize {
        self.desk.slot_count()
    }

    /// The book behind a slot's number, where its levels may be traded on: whole, and LIVE.
    pub fn live_book(&self, slot: u32) -> Option<&OrderBook> {
        self.desk.live_book(slot)
    }

    pub fn stats(&self) -> FeedStats {
        self.desk.stats()
    }

    fn slot_of_symbol(&self, symbol: &str) -> Result<u32, VenueError> {
        self.desk.find(symbol).ok_or_else(|| VenueError::UnknownInstrument(symbol.to_string()))
    }

    fn track_one(&mut self, instrument: &Arc<Instrument>) {
        let name = self.venue.frame_name(&instrument.native_symbol);
        if self.desk.is_tracking(&name) {
            return;
        }
        let limit = self.venue.profile().instruments_per_connection;
        if let Some(connection) = self.desk.track(name.into_owned(), instrument, limit) {
            let ticket = self.venue.ticket_request().map(|request| request.at(&self.rest));
            let headers = self.venue.conduct().handshake_headers;
            self.desk.ask(Step::Open { connection, url: self.websocket_url.clone(), ticket, headers });
        }
    }

    fn untrack_one(&mut self, slot: u32) {
        let instrument = Arc::clone(self.instrument(slot));
        self.desk.untrack(slot, &self.venue.frame_name(&instrument.native_symbol));
    }

    /// Lets queues and fetches out and hands over the steps.
    fn finish(&mut self) -> Vec<Step> {
        if self.desk.take_flush() {
            self.flush_queues();
            self.issue_fetches();
            self.issue_checks();
        }
        self.desk.take_steps()
    }

    /// Sends what the pace allows.
    fn flush_queues(&mut self) {
        while let Some((connection, wishes)) = self.desk.next_message() {
            self.last_request_id += 1;
            let topics = self.desk.topics(&wishes);
            let text = self.venue.request(self.last_request_id, wishes[0].operation, &topics);
            self.desk.send_request(connection, self.last_request_id, wishes, text);
        }
    }

    /// Asks for the books that are due, as many as may be outstanding.
    fn issue_fetches(&mut self) {
        let tracked = self.desk.tracked().count();
        for slot in self.desk.due_books() {
            if !self.desk.may_fetch() {
                return;
            }
            if let Some(book) = self.venue.book_request(&self.instrument(slot).native_symbol, tracked) {
                self.desk.fetch_book(slot, book, &self.rest);
            }
        }
    }

    /// Looks at the instrument that has been quiet longest, when it is time for a look at any.
    fn issue_checks(&mut self) {
        if let Some(slot) = self.desk.due_look() {
            let book = self.venue.check_request(&self.instrument(slot).native_symbol);
            let budget = self.venue.profile().request_weight_per_minute;
            self.desk.look(slot, book, budget, &self.rest);
        }
    }
}

#[cfg(test)]
impl Feed {
    pub(crate) fn desk(&mut self) -> &mut Desk {
        &mut self.desk
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Bench, CONNECTION, Gatekeeper, START_NS, instrument};
    use crossbook_codec::RestRequest;

    const GREETING: &str = r#"{"type":"connected"}"#;

    fn book(kind: &str, market: u32, begin: i64, nonce: i64, bid: f64) -> String {
        format!(
            r#"{{"channel":"order_book:{market}","order_book":{{"asks":[{{"price":"101","size":"2"}}],
            "bids":[{{"price":"{bid}","size":"1"}}],"nonce":{nonce},"begin_nonce":{begin},"last_updated_at":5}},
            "timestamp":1,"type":"{kind}/order_book"}}"#
        )
    }

    fn live(markets: &[&str]) -> Bench {
        let mut bench = Bench::open("lighter", markets);
        bench.text(GREETING);
        markets.iter().for_each(|market| bench.text(&book("subscribed", market.parse().unwrap(), 0, 10, 99.0)));
        bench.take_quotes();
        bench.take_steps();
        bench
    }

    #[test]
    fn instruments_are_spread_over_connections_within_the_venue_s_limit() {
        let names: Vec<String> = (0..120).map(|market| market.to_string()).collect();
        let bench = Bench::new("lighter", &names.iter().map(String::as_str).collect::<Vec<_>>());
        let opened: Vec<_> = bench.steps.iter().filter(|step| matches!(step, Step::Open { .. })).collect();
        assert_eq!(opened.len(), 3);
        let stats = bench.feed.stats();
        assert_eq!((stats.instruments, stats.wanted_connections, stats.open_connections), (120, 3, 0));
    }

    #[test]
    fn an_override_replaces_the_host_and_keeps_the_path() {
        let options = FeedOptions { websocket_url: Some("ws://127.0.0.1:7/x".to_string()), ..FeedOptions::default() };
        let mut feed = Feed::new(crate::registry::find("okx").unwrap(), options).unwrap();
        let steps = feed.track(&[instrument("okx", "A", 1.0)], 0).unwrap();
        assert_eq!(
            steps,
            [Step::Open {
                connection: 1,
                url: "ws://127.0.0.1:7/x/ws/v5/public".to_string(),
                ticket: None,
                headers: &[]
            }]
        );
    }

    fn gated(options: FeedOptions) -> (Feed, Step) {
        let mut feed = Feed::new(&Gatekeeper, options).unwrap();
        let mut steps = feed.track(&[instrument("gatekeeper", "A", 1.0)], 0).unwrap();
        (feed, steps.remove(0))
    }

    #[test]
    fn a_venue_with_a_gate_says_which_ticket_to_ask_for_and_what_to_dial_with_it() {
        let (feed, step) = gated(FeedOptions::default());
        let ticket = Some(RestRequest::post("https://gate.example/ticket", ""));
        assert_eq!(
            step,
            Step::Open {
                connection: 1,
                url: "wss://gate.example/ws/v5/public".to_string(),
                ticket,
                headers: &[("X-Gate", "1")]
            }
        );
        assert_eq!(feed.ticketed_url(1, b"abc", 7).unwrap(), "wss://door.example/?ticket=abc&id=1-7");
        assert_ne!(feed.ticketed_url(1, b"abc", 8), feed.ticketed_url(1, b"abc", 7), "every dial has its own id");
        assert!(matches!(feed.ticketed_url(1, b"\xff", 7), Err(VenueError::Ticket(_))));
    }

    #[test]
    fn overrides_are_asked_for_the_ticket_and_shown_it() {
        let rest_url = Some("http://127.0.0.1:7/x".to_string());
        let (feed, step) = gated(FeedOptions { rest_url: rest_url.clone(), ..FeedOptions::default() });
        let asked = |step| if let Step::Open { ticket, .. } = step { ticket.map(|request| request.url) } else { None };
        assert_eq!(asked(step).as_deref(), Some("http://127.0.0.1:7/x/ticket"));
        assert!(feed.ticketed_url(1, b"abc", 7).unwrap().starts_with("wss://door.example/"), "the answer says where");
        let websocket_url = Some("ws://127.0.0.1:8/proxy".to_string());
        let (feed, _) = gated(FeedOptions { websocket_url, rest_url, ..FeedOptions::default() });
        assert_eq!(feed.ticketed_url(1, b"abc", 7).unwrap(), "ws://127.0.0.1:8/proxy/ws/v5/public?ticket=abc&id=1-7");
    }

    #[test]
    fn a_venue_without_a_gate_takes_no_ticket() {
        let bench = Bench::new("okx", &["A"]);
        assert!(matches!(&bench.steps[0], Step::Open { ticket: None, .. }));
        assert!(matches!(bench.feed.ticketed_url(1, b"abc", 7), Err(VenueError::Ticket(_))));
    }

    #[test]
    fn tracking_again_changes_nothing_and_strangers_are_refused() {
        let mut bench = live(&["1"]);
        assert!(bench.feed.track(&[instrument("lighter", "1", 1.0)], START_NS).unwrap().is_empty());
        let error = bench.feed.track(&[instrument("okx", "1", 1.0)], START_NS).unwrap_err();
        assert!(matches!(error, VenueError::InvalidSetting(_)), "{error}");
        assert_eq!(bench.feed.stats().instruments, 1);
        assert!(
            Feed::new(bench.feed.venue, FeedOptions { stale_after_ns: Some(0), ..FeedOptions::default() }).is_err()
        );
    }

    #[test]
    fn untracking_unsubscribes_and_the_last_one_closes_the_connection() {
        let mut bench = live(&["1", "2"]);
        let symbols = |market: &str| vec![format!("unified:{market}")];
        let steps = bench.feed.untrack(&symbols("1"), START_NS).unwrap();
        let is_unsubscribe = |step: &Step| matches!(step, Step::Send { text, .. } if text.contains("unsubscribe"));
        assert_eq!(steps.iter().filter(|step| is_unsubscribe(step)).count(), 2);
        assert_eq!(bench.take_quotes()[0].state, BookState::Closed);
        bench.text(&book("update", 1, 10, 11, 99.5));
        assert!(bench.take_quotes().is_empty(), "what still comes is ignored");
        assert_eq!(bench.feed.untrack(&symbols("2"), START_NS).unwrap(), [Step::Close { connection: 1 }]);
        assert!(matches!(bench.feed.untrack(&symbols("2"), START_NS), Err(VenueError::UnknownInstrument(_))));
        assert!(bench.feed.order_book("unified:2").is_err());
    }

    #[test]
    fn an_unknown_symbol_among_known_ones_stops_nothing() {
        let mut bench = live(&["1"]);
        assert!(bench.feed.untrack(&["unified:1".to_string(), "unified:9".to_string()], START_NS).is_err());
        assert_eq!(bench.state("1"), BookState::Live);
        let twice = ["unified:1".to_string(), "unified:1".to_string()];
        assert_eq!(bench.feed.untrack(&twice, START_NS).unwrap().len(), 1);
    }

    #[test]
    fn a_slot_s_number_is_never_used_again() {
        let mut bench = live(&["1", "2"]);
        bench.feed.untrack(&["unified:1".to_string()], START_NS).unwrap();
        bench.feed.track(&[instrument("lighter", "1", 1.0)], START_NS).unwrap();
        bench.take_quotes();
        bench.text(&book("subscribed", 1, 0, 10, 99.0));
        assert_eq!(bench.take_quotes().last().unwrap().instrument, 2);
        assert_eq!(bench.feed.instrument(0).native_symbol, "1", "its first number still says what it was");
    }

    #[test]
    fn trackings_that_come_and_go_cost_a_bounded_amount() {
        let mut bench = live(&["1"]);
        let again = [instrument("lighter", "1", 1.0)];
        for _ in 1..MAX_SLOTS {
            bench.feed.untrack(&["unified:1".to_string()], START_NS).unwrap();
            bench.feed.track(&again, START_NS).unwrap();
            bench.take_quotes();
        }
        assert_eq!(bench.feed.desk.room_of_gone(), 0);
        assert_eq!(bench.feed.untrack(&["unified:1".to_string()], START_NS).unwrap().len(), 1);
        assert!(matches!(bench.feed.track(&again, START_NS), Err(VenueError::InvalidSetting(_))));
        assert_eq!(bench.feed.stats().instruments, 0);
    }

    #[test]
    fn quotes_come_only_when_the_top_or_the_state_changes() {
        let mut bench = live(&["1"]);
        bench.text(&book("update", 1, 10, 11, 50.0));
        bench.text(&book("update", 1, 11, 12, 99.0));
        assert!(bench.take_quotes().is_empty());
        bench.text(&book("update", 1, 12, 13, 99.5));
        assert_eq!(bench.take_quotes().len(), 1);
    }

    #[test]
    fn the_feed_s_time_never_steps_back() {
        let mut bench = live(&["1"]);
        bench.now_ns = START_NS + 5 * SECOND_NS;
        bench.text(&book("update", 1, 10, 11, 99.1));
        bench.now_ns = START_NS - 5 * SECOND_NS;
        bench.text(&book("update", 1, 11, 12, 99.2));
        let times: Vec<i64> = bench.take_quotes().iter().map(|quote| quote.receive_ns).collect();
        assert_eq!(times, [START_NS + 5 * SECOND_NS; 2]);
    }

    #[test]
    fn the_feed_s_patience_runs_on_while_the_clock_was_set_back() {
        let mut bench = live(&["1"]);
        bench.now_ns = START_NS - 3_600 * SECOND_NS;
        for _ in 0..4 {
            bench.wait(10 * SECOND_NS);
            bench.text(r#"{"type":"ping"}"#);
        }
        let quotes = bench.take_quotes();
        assert_eq!((quotes.len(), quotes[0].state, quotes[0].receive_ns), (1, BookState::Stale, START_NS));
    }

    #[test]
    fn a_clock_that_goes_there_and_back_costs_no_patience() {
        let mut bench = live(&["1"]);
        for step in 0..20 {
            bench.now_ns = START_NS + step * SECOND_NS - (step % 2) * 3_600 * SECOND_NS;
            bench.feed.on_timer(bench.now_ns);
        }
        assert_eq!(bench.state("1"), BookState::Live, "20 s have passed");
    }

    #[test]
    fn every_tracked_instrument_s_quote_is_told_again_when_asked_for() {
        let mut bench = live(&["1", "2", "3", "4"]);
        bench.text(&book("update", 2, 99, 100, 50.0));
        bench.feed.untrack(&["unified:3".to_string()], START_NS).unwrap();
        bench.feed.track(&[instrument("lighter", "5", 1.0)], START_NS).unwrap();
        bench.take_quotes();
        bench.feed.requote(START_NS + SECOND_NS, |_| true);
        let told = bench.take_quotes();
        let states: Vec<_> = told.iter().map(|quote| (quote.instrument, quote.state, quote.bid)).collect();
        let (live, lost) = (BookState::Live, BookState::Resyncing);
        assert_eq!(states, [(0, live, 99.0), (1, lost, 0.0), (3, live, 99.0), (4, lost, 0.0)]);
        assert!(told.iter().all(|quote| quote.receive_ns == START_NS + SECOND_NS));
        bench.text(&book("update", 1, 10, 11, 99.0));
        assert!(bench.take_quotes().is_empty(), "it is the same quote as before");
    }

    #[test]
    fn a_silent_instrument_goes_stale_alone_and_comes_back_with_its_next_data() {
        let mut bench = live(&["1", "2"]);
        for round in 0..4 {
            bench.wait(10 * SECOND_NS);
            bench.text(&book("update", 2, 10 + round, 11 + round, 99.0));
            bench.text(r#"{"type":"ping"}"#);
        }
        assert_eq!((bench.state("1"), bench.state("2")), (BookState::Stale, BookState::Live));
        let stale = bench.take_quotes();
        assert_eq!((stale.len(), stale[0].state, stale[0].bid), (1, BookState::Stale, 0.0));
        bench.text(&book("update", 1, 10, 11, 99.0));
        assert_eq!(bench.take_top(), Some((99.0, 1.0, 101.0, 2.0)));
    }

    #[test]
    fn a_lost_connection_closes_its_instruments_and_the_next_one_rebuilds_them() {
        let mut bench = live(&["1", "2"]);
        bench.feed.on_closed(1, START_NS);
        assert!(bench.take_quotes().iter().all(|quote| quote.state == BookState::Closed && quote.bid == 0.0));
        bench.text(&book("update", 1, 10, 11, 99.0));
        assert!(bench.take_quotes().is_empty(), "a frame of the old socket");
        bench.connect();
        bench.text(GREETING);
        bench.text(&book("subscribed", 1, 0, 50, 98.0));
        assert_eq!(bench.take_top(), Some((98.0, 1.0, 101.0, 2.0)));
        let stats = bench.feed.stats();
        assert_eq!((stats.reconnects, stats.resyncs, stats.gaps), (1, 1, 0));
    }

    #[test]
    fn events_about_connections_that_are_not_there_are_ignored() {
        let mut bench = live(&["1"]);
        assert!(bench.feed.on_open(9, START_NS).is_empty() && bench.feed.on_closed(9, START_NS).is_empty());
        let frame = Frame { payload: GREETING.as_bytes(), is_text: true };
        assert!(bench.feed.on_frame(9, frame, START_NS).is_empty());
        assert!(bench.feed.on_answer(9, 200, b"", START_NS).is_empty());
    }

    #[test]
    fn tries_to_rebuild_back_off_to_a_cap_and_start_anew_once_the_book_settled() {
        let mut bench = live(&["1"]);
        let mut waits = Vec::new();
        for _ in 0..12 {
            bench.text(&book("update", 1, 999, 1_000, 99.0));
            bench.take_quotes();
            let began_ns = bench.now_ns;
            while !bench.take_sent().iter().any(|text| text.contains("unsubscribe")) {
                bench.wait(SECOND_NS / 10);
                assert!(bench.now_ns - began_ns < 60 * SECOND_NS, "no try is made");
            }
            waits.push((bench.now_ns - began_ns) / 1_000_000);
            bench.text(r#"{"type":"unsubscribed","channel":"order_book:1"}"#);
            bench.text(&book("subscribed", 1, 0, 10, 99.0));
            assert_eq!(bench.state("1"), BookState::Live);
            if waits.len() == 4 {
                bench.wait(11 * SECOND_NS);
            }
            bench.text(r#"{"type":"ping"}"#);
        }
        let most = [0, 200, 400, 800, 0];
        assert!(waits.iter().zip(most).all(|(wait, most)| (most / 2..=most + 100).contains(wait)), "{waits:?}");
    }

    #[test]
    fn tries_in_vain_cost_the_connection_once() {
        let mut bench = live(&["1"]);
        bench.text(&book("update", 1, 999, 1_000, 99.0));
        let mut reconnects = 0;
        for round in 0..600 {
            bench.wait(SECOND_NS / 5);
            for step in bench.take_steps() {
                match step {
                    Step::Send { text, .. } if text.contains("unsubscribe") => {
                        bench.text(r#"{"type":"unsubscribed","channel":"order_book:1"}"#);
                    }
                    Step::Reconnect { connection, .. } => {
                        reconnects += 1;
                        bench.feed.on_open(connection, bench.now_ns);
                        bench.text(GREETING);
                    }
                    _ => {}
                }
            }
            if round % 100 == 0 {
                bench.text(r#"{"type":"ping"}"#);
            }
        }
        assert_eq!((reconnects, bench.state("1")), (1, BookState::Resyncing));
    }

    #[test]
    fn a_book_that_never_came_is_asked_for_again_though_leaving_it_is_not_answered() {
        let mut bench = Bench::open("lighter", &["1"]);
        bench.text(GREETING);
        bench.take_sent();
        let mut sent = Vec::new();
        for _ in 0..32 {
            bench.wait(SECOND_NS);
            bench.text(r#"{"type":"ping"}"#);
            sent.extend(bench.take_sent().into_iter().filter(|text| text.contains("order_book/1")));
        }
        let operations: Vec<bool> = sent.iter().map(|text| text.contains("unsubscribe")).collect();
        assert_eq!(operations, [true, false, true, false], "{sent:?}");
    }

    #[test]
    fn broken_frames_are_all_counted_and_reported_once_a_second() {
        let mut bench = live(&["1"]);
        (0..50).for_each(|_| bench.text("{\"\n"));
        assert_eq!(bench.take_events(), ["parse_error"]);
        bench.wait(SECOND_NS);
        bench.text(&"x".repeat(10_000_000));
        let steps = bench.take_steps();
        assert!(matches!(&steps[0], Step::Report { detail, .. } if detail.len() < 400));
        assert_eq!(bench.feed.stats().parse_errors, 51);
    }

    #[test]
    fn a_venue_s_impossible_time_is_no_time() {
        let mut bench = live(&["1"]);
        for (begin, time_us) in [(10, i64::MAX), (11, i64::MAX / 1_500)] {
            let update = book("update", 1, begin, begin + 1, 90.0 + begin as f64 / 2.0);
            bench.text(&update.replace("\"last_updated_at\":5", &format!("\"last_updated_at\":{time_us}")));
        }
        bench.text(&book("update", 1, 12, 13, 99.9));
        let times: Vec<i64> = bench.take_quotes().iter().map(|quote| quote.exchange_ns).collect();
        assert_eq!(times, [5_000], "the first two did not move the top");
        bench.text(&book("update", 1, 13, 14, 100.0).replace("_at\":5", &format!("_at\":{}", i64::MAX)));
        assert_eq!(bench.take_quotes()[0].exchange_ns, 0);
    }

    #[test]
    fn after_a_hole_nothing_is_live_until_all_that_waited_has_been_read() {
        let mut bench = live(&["1", "2"]);
        bench.now_ns += 20 * SECOND_NS;
        let steps = bench.feed.on_hole(bench.now_ns);
        assert_eq!(steps, [], "the connection is kept");
        let told: Vec<_> = bench.take_quotes().iter().map(|quote| (quote.state, quote.receive_ns)).collect();
        assert_eq!(told, [(BookState::Resyncing, bench.now_ns); 2]);
        bench.text(&book("update", 1, 10, 11, 99.5));
        bench.wait(2 * SECOND_NS);
        assert!(bench.take_quotes().is_empty(), "what waited is old");
        bench.feed.on_proof(CONNECTION, bench.now_ns);
        let told: Vec<_> = bench.take_quotes().iter().map(|quote| (quote.state, quote.bid, quote.receive_ns)).collect();
        assert_eq!(told, [(BookState::Live, 99.5, bench.now_ns), (BookState::Live, 99.0, bench.now_ns)]);
        assert!(bench.take_steps().is_empty(), "no book was asked for again");
    }

    #[test]
    fn a_hole_costs_no_patience() {
        let mut bench = live(&["1"]);
        bench.now_ns += 3_600 * SECOND_NS;
        bench.feed.on_hole(bench.now_ns);
        bench.feed.on_proof(CONNECTION, bench.now_ns);
        bench.wait(SECOND_NS);
        assert_eq!(bench.state("1"), BookState::Live);
        bench.wait(60 * SECOND_NS);
        assert_ne!(bench.state("1"), BookState::Live, "time goes on after it");
    }

    #[test]
    fn what_was_not_live_before_a_hole_is_told_once_more_after_it() {
        let mut bench = live(&["1"]);
        bench.feed.on_closed(CONNECTION, bench.now_ns);
        bench.take_quotes();
        bench.now_ns += 9 * SECOND_NS;
        bench.feed.on_hole(bench.now_ns);
        let told: Vec<_> = bench.take_quotes().iter().map(|quote| (quote.state, quote.receive_ns)).collect();
        assert_eq!(told, [(BookState::Closed, bench.now_ns)]);
    }

    #[test]
    fn a_gap_behind_a_hole_is_a_gap() {
        let mut bench = live(&["1"]);
        bench.feed.on_silence(CONNECTION, bench.now_ns);
        bench.text(&book("update", 1, 12, 13, 99.5));
        bench.feed.on_proof(CONNECTION, bench.now_ns);
        assert_eq!(bench.take_quotes().last().unwrap().state, BookState::Resyncing);
    }

    #[test]
    fn a_connection_that_is_opened_again_is_not_doubted() {
        let mut bench = live(&["1"]);
        bench.feed.on_silence(CONNECTION, bench.now_ns);
        bench.feed.on_closed(CONNECTION, bench.now_ns);
        bench.connect();
        bench.text(GREETING);
        bench.text(&book("subscribed", 1, 0, 10, 99.0));
        assert_eq!(bench.state("1"), BookState::Live);
    }

    #[test]
    fn quotes_are_taken_in_parts_in_their_order() {
        let mut bench = live(&["1"]);
        (0..5).for_each(|step| bench.text(&book("update", 1, 10 + step, 11 + step, 99.1 + step as f64 / 10.0)));
        let mut taken = bench.feed.take_quotes(2);
        assert_eq!((taken.len(), taken[0].bid), (2, 99.1));
        bench.feed.move_quotes(&mut taken);
        assert_eq!((taken.len(), taken[4].bid), (5, 99.5));
        assert!(bench.take_quotes().is_empty());
    }
}
