//! What is held of the pairs of one asset: decided by an operator, found here, or only seen to be apart.

use rustc_hash::FxHashMap;

/// What is held of a pair; the numbers are those of `IdentityState` in arbitrage.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum IdentityState {
    /// Its mids were apart for too long; nobody has decided.
    Suspect = 1,
    /// An operator says that both are one asset.
    Confirmed = 2,
    /// An operator says that they are not.
    Denied = 3,
}

impl IdentityState {
    /// The state that a number stands for.
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Suspect, Self::Confirmed, Self::Denied].into_iter().find(|state| *state as u8 == number)
    }
}

/// One instrument by its names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarketName {
    pub venue: String,
    pub symbol: String,
}

/// Two instruments of one asset; `first` orders before `second`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdentityPair {
    pub asset: String,
    pub first: MarketName,
    pub second: MarketName,
}

/// A pair that has become suspect, with what was seen.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityFinding {
    pub pair: IdentityPair,
    /// Per coin, in each instrument's own quote currency.
    pub first_mid: f64,
    pub second_mid: f64,
    /// Of the lower one, after conversion; infinite when a mid is.
    pub difference_percent: f64,
    /// Receive time of the newer quote when the mids came apart, and when they had been so for long enough.
    pub since_ns: i64,
    pub found_ns: i64,
}

/// Mids apart, from the first to the last time that it was seen.
#[derive(Clone, Copy, Debug)]
struct Apart {
    since_ns: i64,
    last_ns: i64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Identity {
    state: Option<IdentityState>,
    apart: Option<Apart>,
}

/// Of one asset's pairs, by their legs' numbers, the lower one first. Holds only pairs that gave cause.
#[derive(Debug, Default)]
pub(super) struct Identities(FxHashMap<(usize, usize), Identity>);

impl Identities {
    pub(super) fn state(&self, one: usize, other: usize) -> Option<IdentityState> {
        self.0.get(&key(one, other)).and_then(|identity| identity.state)
    }

    /// Since when the mids are apart; None when they are not, or were not when last compared.
    pub(super) fn apart_since_ns(&self, one: usize, other: usize) -> Option<i64> {
        self.0.get(&key(one, other)).and_then(|identity| identity.apart).map(|apart| apart.since_ns)
    }

    /// Forgets what operators said. What the scanner has found stays suspect.
    pub(super) fn forget_decisions(&mut self) {
        for identity in self.0.values_mut() {
            identity.state = identity.state.filter(|state| *state == IdentityState::Suspect);
        }
    }

    pub(super) fn decide(&mut self, one: usize, other: usize, state: IdentityState) {
        self.0.entry(key(one, other)).or_default().state = Some(state);
    }

    /// Takes note of a comparison at `seen_ns`. Since when the mids are apart, once that makes the pair suspect.
    pub(super) fn note(
        &mut self,
        one: usize,
        other: usize,
        is_apart: bool,
        seen_ns: i64,
        after_ns: i64,
    ) -> Option<i64> {
        if !is_apart {
            if let Some(identity) = self.0.get_mut(&key(one, other)) {
                identity.apart = None;
            }
            return None;
        }
        let identity = self.0.entry(key(one, other)).or_default();
        // What was not compared for so long as the limit itself has not been apart all that while.
        let known = identity.apart.filter(|apart| seen_ns.saturating_sub(apart.last_ns) <= after_ns);
        let since_ns = known.map_or(seen_ns, |apart| apart.since_ns);
        identity.apart = Some(Apart { since_ns, last_ns: seen_ns.max(known.map_or(seen_ns, |apart| apart.last_ns)) });
        if identity.state.is_some() || seen_ns.saturating_sub(since_ns) < after_ns {
            return None;
        }
        identity.state = Some(IdentityState::Suspect);
        Some(since_ns)
    }
}

fn key(one: usize, other: usize) -> (usize, usize) {
    (one.min(other), one.max(other))
}
