//! Frames that are random, or those of the venues' fixtures with a few bytes changed: nothing panics, no LIVE quote is
//! impossible, and no book outgrows its bound.

mod support;

use crossbook_market::{BookState, Instrument, MAX_LEVELS};
use crossbook_venues::{Feed, FeedOptions, Frame};
use proptest::prelude::*;
use std::sync::{Arc, LazyLock};
use support::Player;
use support::fixture::{Fixture, Piece};

/// A venue, what its fixture tracks, and the pieces of each of its cases.
struct Session {
    venue: &'static str,
    instruments: Vec<Arc<Instrument>>,
    cases: Vec<Vec<Piece>>,
}

static SESSIONS: LazyLock<Vec<Session>> =
    LazyLock::new(|| crossbook_venues::profiles().map(|profile| read(profile.id)).collect());

/// Without pauses and losses of the connection: every piece is bytes.
fn read(venue: &'static str) -> Session {
    let fixture = Fixture::read(venue);
    let bytes = |pieces: Vec<Piece>| {
        pieces.into_iter().filter(|piece| !matches!(piece, Piece::Wait(_) | Piece::Reopen)).collect()
    };
    Session { venue, instruments: fixture.instruments, cases: fixture.cases.into_values().map(bytes).collect() }
}

fn open(session: &Session) -> Player {
    let mut feed = Feed::new(crossbook_venues::find(session.venue).unwrap(), FeedOptions::default()).unwrap();
    feed.track(&session.instruments, 1).unwrap();
    feed.on_open(1, 1);
    Player { feed, quotes: Vec::new(), fetches: Vec::new() }
}

fn play(player: &mut Player, pieces: &[Piece]) {
    for (index, piece) in pieces.iter().enumerate() {
        let now_ns = index as i64 + 2;
        match piece {
            Piece::Text(bytes) => drop(player.feed.on_frame(1, Frame { payload: bytes, is_text: true }, now_ns)),
            Piece::Binary(bytes) => player.binary(bytes, now_ns),
            // Numbers are given out from 1: one of these is the fetch under way, if there is any.
            Piece::Answer(bytes) => (1..=4).for_each(|id| drop(player.feed.on_answer(id, 200, bytes, now_ns))),
            Piece::Wait(_) | Piece::Reopen => {}
        }
        player.quotes.extend(player.feed.take_quotes(usize::MAX));
    }
}

fn are_possible(session: &Session, player: &Player) -> bool {
    let is_bounded = |symbol: &str| {
        let (_, _, book) = player.feed.order_book(symbol).unwrap();
        book.bids().count().max(book.asks().count()) <= 2 * MAX_LEVELS
    };
    session.instruments.iter().all(|one| is_bounded(&one.symbol))
        && player.quotes.iter().all(|quote| {
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
        frames in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..200), 0..3_u8), 1..20)
    ) {
        let pieces: Vec<Piece> = frames.into_iter().map(|(bytes, kind)| match kind {
            0 => Piece::Text(bytes),
            1 => Piece::Binary(bytes),
            _ => Piece::Answer(bytes),
        }).collect();
        for session in SESSIONS.iter() {
            let mut player = open(session);
            play(&mut player, &pieces);
            prop_assert!(are_possible(session, &player), "{}", session.venue);
        }
    }

    #[test]
    fn changed_bytes_never_make_an_impossible_quote(
        chosen in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u8>()), 0..6)
    ) {
        for session in SESSIONS.iter() {
            let mut pieces = session.cases[chosen.index(session.cases.len())].clone();
            for (piece, place, byte) in changes.iter().filter(|_| !pieces.is_empty()).collect::<Vec<_>>() {
                let piece = piece.index(pieces.len());
                let (Piece::Text(bytes) | Piece::Binary(bytes) | Piece::Answer(bytes)) = &mut pieces[piece] else { continue };
                if !bytes.is_empty() {
                    let place = place.index(bytes.len());
                    bytes[place] = *byte;
                }
            }
            let mut player = open(session);
            play(&mut player, &pieces);
            prop_assert!(are_possible(session, &player), "{}", session.venue);
        }
    }
}

#[test]
fn unchanged_sessions_make_books_live_at_every_venue() {
    for session in SESSIONS.iter() {
        let is_live = |pieces: &Vec<Piece>| {
            let mut player = open(session);
            play(&mut player, pieces);
            player.quotes.iter().any(|quote| quote.state == BookState::Live)
        };
        assert!(session.cases.iter().filter(|pieces| is_live(pieces)).count() >= 3, "{}", session.venue);
    }
}
