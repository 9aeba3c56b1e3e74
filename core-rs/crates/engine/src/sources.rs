//! Who tells what: a source is the stream of one shard, and instruments move between shards while their quotes are followed.
//!
//! Streams run each at its own pace, so the last words of the old shard and the first of the new one come in any order.
//! Then:
//! 1. An instrument belongs to the source whose quote of it is held. One that is CLOSED is anybody's.
//! 2. Another source's quote is taken when its receive time is newer. So none goes back in time, and what the old shard says
//!    late changes nothing.
//! 3. A quote of the same receive time is the same one, told by both shards: it changes nothing, but its source is an
//!    heir: the last of them has the instrument as soon as the owner gives it up.
//! 4. CLOSED and MOVED count only from the owner.
//! 5. The owner's MOVED leaves the quote in force for its heir, or for whoever next tells one that is not older, for
//!    `MOVING_NS` at most: who has not told it by then does not know it.
//! 6. A source that is lost takes with it the instruments that it owns and nobody inherits.
//!
//! Who holds the quotes numbers their places as it likes: the scan by an asset's book and a leg, the board by a slot.

use crossbook_market::{BookState, Quote};
use crossbook_wire::{Batch, WireError};
use rustc_hash::FxHashMap;
use std::hash::Hash;

/// The owner of a quote that has none; no source has this number.
pub(crate) const NOBODY: u32 = u32::MAX;

/// How long a quote stays in force after its shard has given the instrument away.
pub(crate) const MOVING_NS: i64 = 2_000_000_000;

/// One source's stream. Every stream counts its symbols by itself.
#[derive(Debug)]
pub(crate) struct Stream<P> {
    id: String,
    /// Where each symbol number is.
    pub places: Vec<Option<P>>,
}

impl<P> Default for Stream<P> {
    fn default() -> Self {
        Self { id: String::new(), places: Vec::new() }
    }
}

impl<P: Copy> Stream<P> {
    pub(crate) fn place_of(&self, symbol: u32) -> Option<P> {
        self.places.get(symbol as usize).copied().flatten()
    }

    /// Whether every symbol of the batch is known or introduced by it.
    pub(crate) fn check(&self, batch: &Batch<'_>) -> Result<(), WireError> {
        let is_same = self.id == batch.stream_id;
        batch.check_symbols(|symbol| is_same && self.place_of(symbol).is_some())
    }

    /// Takes the batch's stream for its own; of another one all symbols are forgotten.
    pub(crate) fn go_on_with(&mut self, id: &str) {
        if self.id != id {
            *self = Self { id: id.to_owned(), places: Vec::new() };
        }
    }

    pub(crate) fn set_place(&mut self, symbol: u32, place: P) {
        let index = symbol as usize;
        if self.places.len() <= index {
            self.places.resize(index + 1, None);
        }
        self.places[index] = Some(place);
    }
}

/// What the rules need to know of a quote that is held, and what they change: whose it is.
pub(crate) struct Held<'a> {
    pub receive_ns: i64,
    pub state: BookState,
    /// Who told it; `NOBODY` when there is none, or when who told it has given the instrument away.
    pub source: &'a mut u32,
}

/// All sources, and the instruments that are between two of them; `P` is where a quote is held.
#[derive(Debug)]
pub(crate) struct Sources<P> {
    streams: Vec<Stream<P>>,
    /// Who told a quote besides its owner, and of what receive time that was, the last one last; each source once for each place.
    /// Several do when an instrument moves twice while the first shard's words are still on their way.
    heirs: FxHashMap<P, Vec<(u32, i64)>>,
    /// Places whose owner has given them away, and when; until another has them, `MOVING_NS` at most.
    moving: FxHashMap<P, i64>,
}

impl<P> Default for Sources<P> {
    fn default() -> Self {
        Self { streams: Vec::new(), heirs: FxHashMap::default(), moving: FxHashMap::default() }
    }
}

impl<P: Copy + Eq + Hash + Ord> Sources<P> {
    pub(crate) fn stream(&mut self, source: u16) -> &mut Stream<P> {
        let index = usize::from(source);
        if self.streams.len() <= index {
            self.streams.resize_with(index + 1, Stream::default);
        }
        &mut self.streams[index]
    }

    /// The source is gone, with all that it would have inherited.
    pub(crate) fn forget(&mut self, source: u16) {
        *self.stream(source) = Stream::default();
        self.heirs.retain(|_, heirs| {
            heirs.retain(|(heir, _)| *heir != u32::from(source));
            !heirs.is_empty()
        });
    }

    /// Whether to take a quote of a source that does not own the place, or that gives it away; see the rules above.
    #[cold]
    pub(crate) fn admits(&mut self, place: P, held: Held<'_>, quote: &Quote, source: u32, now_ns: i64) -> bool {
        let is_same = quote.receive_ns == held.receive_ns;
        let is_taken = match quote.state {
            BookState::Moved => false,
            _ if held.state == BookState::Closed => true,
            BookState::Closed => false,
            _ => quote.receive_ns > held.receive_ns || (is_same && *held.source == NOBODY),
        };
        match quote.state {
            _ if is_taken => {
                self.moving.remove(&place);
            }
            BookState::Moved if *held.source == source => self.give_away(place, held, now_ns),
            BookState::Moved | BookState::Closed => self.disinherit(place, source),
            _ if is_same => self.inherit(place, source, quote.receive_ns),
            _ => {}
        }
        is_taken
    }

    /// The next owner, if somebody else has told the quote that it holds.
    pub(crate) fn take_heir(&mut self, place: P, held: &Held<'_>) -> Option<u32> {
        let mut heirs = self.heirs.remove(&place)?;
        heirs.retain(|(heir, receive_ns)| *receive_ns == held.receive_ns && heir != held.source);
        let (heir, _) = heirs.pop()?;
        self.heirs.extend((!heirs.is_empty()).then_some((place, heirs)));
        Some(heir)
    }

    /// Places that nobody has taken over in time.
    pub(crate) fn take_orphans(&mut self, now_ns: i64) -> Vec<P> {
        let is_in_time = |since_ns: i64| (0..MOVING_NS).contains(&now_ns.saturating_sub(since_ns));
        let mut orphans: Vec<P> =
            self.moving.iter().filter(|(_, since_ns)| !is_in_time(**since_ns)).map(|(place, _)| *place).collect();
        self.moving.retain(|_, since_ns| is_in_time(*since_ns));
        orphans.sort_unstable(); // a map has no order, and a replay needs one
        orphans
    }

    fn give_away(&mut self, place: P, held: Held<'_>, now_ns: i64) {
        if held.state == BookState::Closed {
            return;
        }
        *held.source = self.take_heir(place, &held).unwrap_or(NOBODY);
        if *held.source == NOBODY {
            self.moving.insert(place, now_ns);
        }
    }

    fn inherit(&mut self, place: P, source: u32, receive_ns: i64) {
        let heirs = self.heirs.entry(place).or_default();
        heirs.retain(|(heir, told_ns)| *told_ns == receive_ns && *heir != source);
        heirs.push((source, receive_ns));
    }

    fn disinherit(&mut self, place: P, source: u32) {
        let Some(heirs) = self.heirs.get_mut(&place) else { return };
        heirs.retain(|(heir, _)| *heir != source);
        if heirs.is_empty() {
            self.heirs.remove(&place);
        }
    }
}
