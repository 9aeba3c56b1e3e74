//! Every frame, answer and market list, of the venues' fixtures and of what was captured, with one field after the other made
//! null, absent, empty, of another type, negative, huge, doubled or unknown. Each outcome is one of `Outcome`; none of them is a
//! panic, a wrong number, or a book that never comes back.
//!
//! A number is judged by the unchanged session: a quote is one of its own, or one of the session in which that frame never came,
//! or bears numbers that the changed frame tells lawfully (`AsTold`), or is not LIVE. Afterwards a healthy venue is played, which
//! answers every question: its book has to be LIVE again, with its numbers.
//!
//! Each run takes every n-th change; `CROSSBOOK_ALL_MUTATIONS=1`, as `make mutations` sets it, takes all, and
//! `CROSSBOOK_MUTATED_VENUE` those of one venue.

#[path = "mutations/captured.rs"]
mod captured;
#[path = "mutations/exceptions.rs"]
mod exceptions;
#[path = "mutations/lists.rs"]
mod lists;
#[path = "mutations/mutants.rs"]
mod mutants;
#[path = "mutations/session.rs"]
mod session;
mod support;

use crossbook_market::BookState;
use crossbook_venues::VenueProfile;
use exceptions::Exceptions;
use mutants::{KINDS, Kind, Mutant};
use session::{Play, Session, Told};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use support::fixture::Piece;

/// Changes of a venue's fixture that a usual run takes, and of one captured file.
const OF_A_FIXTURE: usize = 600;
const OF_A_FILE: usize = 60;
/// A healthy venue is asked so often, a second apart, before it counts as never.
const PATIENCE_SECONDS: usize = 90;

/// What comes of a changed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Outcome {
    /// Nothing hangs on the field, or it was read all the same.
    Unchanged,
    /// Counted, and the book stands.
    Ignored,
    /// The book was lost and healed.
    Resynced,
    /// A lawful frame that says something else.
    AsTold,
    /// The venue said in so many words that it has no such market: left alone until the next connection, and then healed.
    Refused,
}

type Counts = BTreeMap<Outcome, usize>;

/// What the unchanged session tells.
struct Clean {
    told: Vec<Told>,
    falls: usize,
    errors: u64,
    last: Vec<Told>,
}

fn play(session: &Session, pieces: &[Piece]) -> Play {
    let mut play = Play::new(session);
    play.all(pieces);
    play
}

fn clean(session: &Session) -> Clean {
    let mut play = play(session, &session.pieces);
    let (told, falls, errors) = (play.told.clone(), play.falls, play.feed.stats().parse_errors);
    Clean { told, falls, errors, last: play.last() }
}

/// The numbers that a healthy venue tells, of the instruments that it makes LIVE, and where it is asked for its books.
struct Healthy {
    told: Vec<Told>,
    addresses: Vec<String>,
    /// Whether its numbers prevail after the unchanged session. Else they are older ones, and those of the session stand.
    prevails: bool,
}

fn healthy(session: &Session) -> Healthy {
    let mut play = play(session, &session.healthy);
    let told = play.last().into_iter().filter(|(_, numbers)| *numbers != [0.0; 4]).collect();
    let healthy = Healthy { told, addresses: play.answered, prevails: true };
    let prevails = heals(&mut self::play(session, &session.pieces), session, &healthy, &[]).is_some();
    Healthy { prevails, ..healthy }
}

/// Whether the healthy venue's numbers are in force again, and whether it took a new connection.
fn heals(play: &mut Play, session: &Session, healthy: &Healthy, own: &[Told]) -> Option<bool> {
    let mut waiting = healthy.told.clone();
    for attempt in 0..PATIENCE_SECONDS + 2 {
        if attempt == PATIENCE_SECONDS {
            if !play.states().contains(&BookState::Closed) {
                return None;
            }
            play.reopen();
        }
        play.answer(&session.healthy, &healthy.addresses, attempt as u64 + 1);
        let last = play.last();
        waiting.retain(|told| {
            let stands = |one: &Told| one.0 == told.0 && own.contains(one);
            !(last.contains(told) || (!healthy.prevails && last.iter().any(stands)))
        });
        // From one round to the next there is a gap: what is whole again may be lost again at once.
        if waiting.is_empty() {
            return Some(attempt >= PATIENCE_SECONDS);
        }
        play.wait(1_000_000_000);
    }
    None
}

/// Whether every number of the quotes stands somewhere in the frames, as it is or in contracts.
fn are_told(told: &[Told], session: &Session, pieces: &[Piece]) -> bool {
    let numbers = session::numbers(pieces);
    told.iter().all(|(slot, quote)| {
        let worth = session.instruments[*slot as usize].contract_size;
        let is_known = |value: f64, scale: f64| {
            value == 0.0 || numbers.iter().any(|number| (number * scale - value).abs() <= 1e-9 * value.abs())
        };
        let prices = [quote[0], quote[2]];
        // An inverse contract's size depends on its price.
        let sizes = [(quote[1], quote[0]), (quote[3], quote[2])];
        prices.into_iter().all(|price| is_known(price, 1.0))
            && sizes.into_iter().all(|(size, price)| is_known(size, worth) || is_known(size, worth / price))
    })
}

/// Whether a change may make a lawful frame of another one: a list that is shorter, a number that is larger, a level that comes
/// twice, a side that is not told. Another type is never lawful, and a negative size only where the venue sends such.
fn may_be_lawful(exceptions: &Exceptions, piece: &Piece, kind: Kind) -> bool {
    match kind {
        _ if matches!(piece, Piece::Binary(_)) => true, // any eight bytes are a number
        Kind::OtherType => false,
        Kind::Negative => exceptions.sends_negatives(),
        _ => true,
    }
}

fn outcome(
    session: &Session,
    clean: &Clean,
    healthy: &Healthy,
    index: usize,
    mutant: &Mutant,
) -> Result<Outcome, String> {
    let mut pieces = session.pieces.clone();
    pieces[index] = match &pieces[index] {
        Piece::Binary(_) => Piece::Binary(mutant.bytes.clone()),
        Piece::Answer(_) => Piece::Answer(mutant.bytes.clone()),
        _ => Piece::Text(mutant.bytes.clone()),
    };
    let mut play = play(session, &pieces);
    let mut strange: Vec<Told> = play.told.iter().filter(|told| !clean.told.contains(told)).copied().collect();
    if !strange.is_empty() {
        let without = without(session, index);
        strange.retain(|told| !without.contains(told));
    }
    if strange.iter().any(|(_, quote)| !is_possible(quote)) {
        return Err(format!("impossible numbers: {strange:?}"));
    }
    let is_lawful = strange.is_empty()
        || (may_be_lawful(&session.exceptions, &pieces[index], mutant.kind) && are_told(&strange, session, &pieces));
    if !is_lawful {
        return Err(format!("numbers that nobody told: {strange:?}"));
    }
    let (falls, errors) = (play.falls > clean.falls, play.feed.stats().parse_errors > clean.errors);
    let is_same = play.last() == clean.last;
    let is_renewed = match heals(&mut play, session, healthy, &clean.told) {
        None => return Err(format!("never heals: {:?}", play.states())),
        Some(is_renewed) => is_renewed,
    };
    Ok(match () {
        () if is_renewed => Outcome::Refused,
        () if falls => Outcome::Resynced,
        () if !strange.is_empty() => Outcome::AsTold,
        () if errors => Outcome::Ignored,
        () if is_same => Outcome::Unchanged,
        () => Outcome::Resynced, // it never became LIVE, and healed
    })
}

/// What the session tells when one piece of it does not come at all.
fn without(session: &Session, index: usize) -> Vec<Told> {
    let mut pieces = session.pieces.clone();
    pieces.remove(index);
    play(session, &pieces).told
}

fn is_possible(quote: &[f64; 4]) -> bool {
    let is_crossed = quote[0] > 0.0 && quote[2] > 0.0 && quote[0] >= quote[2];
    quote.iter().all(|number| number.is_finite() && *number >= 0.0) && !is_crossed
}

/// Each piece of a session with all that can be done to it.
fn changes(session: &Session) -> Vec<(usize, Mutant)> {
    let all = session.pieces.iter().enumerate();
    all.flat_map(|(index, piece)| changes_of(piece).into_iter().map(move |mutant| (index, mutant))).collect()
}

fn changes_of(piece: &Piece) -> Vec<Mutant> {
    match piece {
        Piece::Text(bytes) | Piece::Answer(bytes) => mutants::of_text(&String::from_utf8_lossy(bytes)),
        Piece::Binary(bytes) => mutants::of_binary(bytes),
        _ => Vec::new(),
    }
}

/// The venues whose frames are changed.
fn chosen() -> impl Iterator<Item = &'static VenueProfile> {
    let one = std::env::var("CROSSBOOK_MUTATED_VENUE").unwrap_or_default();
    crossbook_venues::profiles().filter(move |profile| one.is_empty() || profile.id == one)
}

/// Every n-th of them, so that about `most` are left; which ones depends on the venue and the file only.
fn sampled<T>(all: Vec<T>, most: usize, seed: &str) -> Vec<T> {
    if std::env::var_os("CROSSBOOK_ALL_MUTATIONS").is_some() {
        return all;
    }
    let step = all.len().div_ceil(most).max(1);
    let first = seed.bytes().map(usize::from).sum::<usize>() % step;
    all.into_iter().skip(first).step_by(step).collect()
}

fn judge(sessions: &[Session], most: usize, complaints: &mut Vec<String>) -> Counts {
    let mut counts = Counts::new();
    let share = (most / sessions.len().max(1)).max(1);
    for session in sessions {
        let (clean, healthy) = (clean(session), healthy(session));
        for (index, mutant) in sampled(changes(session), share, &session.name) {
            let played = catch_unwind(AssertUnwindSafe(|| outcome(session, &clean, &healthy, index, &mutant)));
            let named = |what: &str| {
                let (venue, name, path, kind) = (session.venue, &session.name, &mutant.path, mutant.kind);
                format!("{venue} {name} piece {index} {path} {kind:?}: {what}")
            };
            match played {
                Err(_) => complaints.push(named("it panics")),
                Ok(Err(what)) => complaints.push(named(&what)),
                Ok(Ok(outcome)) => *counts.entry(outcome).or_default() += 1,
            }
        }
    }
    counts
}

fn report(complaints: &[String]) {
    let shown: Vec<&str> = complaints.iter().map(String::as_str).take(100).collect();
    assert!(complaints.is_empty(), "{} of them:\n{}", complaints.len(), shown.join("\n"));
}

#[test]
fn a_changed_field_of_a_fixture_costs_itself_or_a_resync_and_never_a_wrong_number() {
    let mut complaints = Vec::new();
    for profile in chosen() {
        let (sessions, _) = session::fixture(profile.id);
        let counts = judge(&sessions, OF_A_FIXTURE, &mut complaints);
        println!("{}: {counts:?}", profile.id);
    }
    report(&complaints);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_changed_field_of_a_captured_frame_costs_itself_or_a_resync_and_never_a_wrong_number() {
    let mut complaints = Vec::new();
    for profile in chosen() {
        let sessions = captured::sessions(profile.id);
        let counts = judge(&sessions, OF_A_FILE * sessions.len(), &mut complaints);
        println!("{}: {} files, {counts:?}", profile.id, sessions.len());
    }
    report(&complaints);
}

#[test]
fn a_changed_field_of_a_listed_market_leaves_it_out_or_as_it_is() {
    let mut complaints = Vec::new();
    for profile in chosen() {
        let (_, bodies) = session::fixture(profile.id);
        let counts = lists::judge(profile.id, &bodies, &mut complaints);
        println!("{}: {counts:?}", profile.id);
    }
    report(&complaints);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings")]
fn a_changed_field_of_a_captured_list_leaves_its_market_out_or_as_it_is() {
    let mut complaints = Vec::new();
    for profile in chosen() {
        for body in captured::lists(profile.id) {
            let counts = lists::judge(profile.id, &[body], &mut complaints);
            println!("{}: {counts:?}", profile.id);
        }
    }
    report(&complaints);
}

#[test]
fn a_null_comes_to_the_same_as_an_absent_field_at_every_venue() {
    let mut different = Vec::new();
    for profile in chosen() {
        for session in session::fixture(profile.id).0 {
            let all = changes(&session);
            let all =
                sampled(all.into_iter().filter(|(_, mutant)| mutant.kind == Kind::Null).collect(), 60, &session.name);
            for (index, null) in
                all.into_iter().filter(|(_, null)| null.is_field && !session.exceptions.is_data(&null.path))
            {
                let absent = changes_of(&session.pieces[index]).into_iter();
                let mut absent = absent.filter(|one| one.kind == Kind::Absent && one.path == null.path);
                let after = |bytes: Vec<u8>| {
                    let mut pieces = session.pieces.clone();
                    pieces[index] = if matches!(pieces[index], Piece::Answer(_)) {
                        Piece::Answer(bytes)
                    } else {
                        Piece::Text(bytes)
                    };
                    let play = play(&session, &pieces);
                    (play.told.clone(), play.states())
                };
                if absent.next().is_some_and(|absent| after(absent.bytes) != after(null.bytes)) {
                    different.push(format!("{} {} piece {index} {}", session.venue, session.name, null.path));
                }
            }
        }
    }
    report(&different);
}

#[test]
fn every_kind_of_change_is_made_of_a_frame_that_has_every_kind_of_field() {
    let all = mutants::of_text(r#"42["e",{"a":-1.5,"b":"x","c":[["1","2"]],"d":{"e":null},"f":true,"g":"{\"h\":1}"}]"#);
    for kind in KINDS {
        assert!(all.iter().any(|mutant| mutant.kind == kind), "{kind:?}");
    }
    let of = |path: &str, kind| {
        let mut found = all.iter().filter(|mutant| mutant.path == path && mutant.kind == kind);
        String::from_utf8(found.next().unwrap().bytes.clone()).unwrap()
    };
    assert!(of(".1.a", Kind::Null).contains(r#""a":null,"b""#));
    assert!(of(".1.g", Kind::Absent).ends_with(r#""f":true}]"#));
    assert!(of(".1.c.0.1", Kind::Negative).contains(r#"[["1","-2"]]"#));
    assert!(of(".1.c.0", Kind::Duplicated).contains(r#"[["1","2"],["1","2"]]"#));
    assert!(of(".1.g.h", Kind::Null).contains(r#""{\"h\":null}""#));
}
