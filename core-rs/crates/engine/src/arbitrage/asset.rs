//! The legs of one asset: their tops in columns, the screen over them, and the phase of every ordered pair.

use crossbook_market::{BookState, Depth, Instrument, Level, Quote};

use super::costs::{Costs, proceeds, required_proceeds};
use super::gaps::Gaps;
use super::identities::{Identities, MarketName};
use super::leg_facts::LegFacts;
use super::numbers::{PairNumbers, Top};
use super::pasts::Pasts;
use super::phase::Phase;
use super::rates::Rates;

/// What is fixed about a leg. Each instrument is one; a venue may have several and is never paired with itself.
#[derive(Debug)]
pub(super) struct Leg {
    pub instrument: Instrument,
    /// Legs of one venue share it.
    pub venue: u32,
    /// Legs of venues that show the same books share it; see `Relays`.
    pub origin: u32,
    /// Number of the quote currency; see `Currencies`.
    pub currency: u32,
    /// Set when its mid is a rate between currencies; see `Rates`.
    pub rate_source: Option<usize>,
}

impl Leg {
    /// An unknown fee counts as none here; the gate refuses the leg for it.
    fn fee_percent(&self) -> f64 {
        self.instrument.taker_fee_percent.unwrap_or(0.0)
    }

    fn terms(&self, value: f64) -> Terms {
        let (asset_scale, fee_percent) = (self.instrument.asset_scale, self.fee_percent());
        Terms { asset_scale, fee_percent, value, gives_rate: self.rate_source.is_some() }
    }
}

/// What every quote of a leg is computed with, close together: a leg's names and the like would cost another look into
/// memory for each quote.
#[derive(Clone, Copy, Debug)]
struct Terms {
    asset_scale: f64,
    fee_percent: f64,
    /// What the quote currency is worth; see `Rates::value`. The screen's columns are in terms of it.
    value: f64,
    gives_rate: bool,
}

#[derive(Debug)]
pub(super) struct AssetBook {
    pub name: String,
    pub legs: Vec<Leg>,
    pub tops: Vec<Top>,
    pub facts: Vec<LegFacts>,
    pub identities: Identities,
    pub gaps: Gaps,
    pub pasts: Pasts,
    /// Per coin, of legs whose book is LIVE and whose levels have been told.
    depths: Vec<Option<Box<Depth>>>,
    terms: Vec<Terms>,
    /// What selling a coin brings after fees; -inf without a bid.
    proceeds: Vec<f64>,
    /// What buying a coin must bring to open; +inf without an ask.
    required: Vec<f64>,
    /// Row-major by buy leg.
    phases: Vec<Phase>,
    /// Pairs of each leg that are not idle.
    active_of_leg: Vec<u32>,
    /// Pairs that are not idle.
    pub active: u32,
}

impl AssetBook {
    pub(super) fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            legs: Vec::new(),
            tops: Vec::new(),
            facts: Vec::new(),
            identities: Identities::default(),
            gaps: Gaps::default(),
            pasts: Pasts::default(),
            depths: Vec::new(),
            terms: Vec::new(),
            proceeds: Vec::new(),
            required: Vec::new(),
            phases: Vec::new(),
            active_of_leg: Vec::new(),
            active: 0,
        }
    }

    /// The leg of an instrument that is, or was, of this asset. Who moves between assets finds its old places again.
    pub(super) fn leg_of(&self, instrument: &Instrument) -> Option<usize> {
        let is_it = |leg: &Leg| leg.instrument.venue == instrument.venue && leg.instrument.symbol == instrument.symbol;
        self.legs.iter().position(is_it)
    }

    pub(super) fn leg_named(&self, name: &MarketName) -> Option<usize> {
        let is_it = |leg: &Leg| leg.instrument.venue == name.venue && leg.instrument.symbol == name.symbol;
        self.legs.iter().position(is_it)
    }

    /// Adds a leg without a quote and returns its number.
    pub(super) fn add_leg(&mut self, leg: Leg) -> usize {
        let before = self.legs.len();
        let mut old = std::mem::take(&mut self.phases).into_iter();
        for _ in 0..before {
            self.phases.extend(old.by_ref().take(before));
            self.phases.push(Phase::Idle);
        }
        self.phases.extend((0..=before).map(|_| Phase::Idle));
        self.terms.push(leg.terms(1.0));
        self.legs.push(leg);
        self.tops.push(Top::NONE);
        self.facts.push(LegFacts::default());
        self.depths.push(None);
        self.proceeds.push(f64::NEG_INFINITY);
        self.required.push(f64::INFINITY);
        self.active_of_leg.push(0);
        before
    }

    /// Takes a leg's new quote; true when it gives a rate. Nothing is allocated here or in `needs_scan`.
    #[inline]
    pub(super) fn set_quote(&mut self, leg: usize, quote: &Quote, source: u32, open_net_percent: f64) -> bool {
        let terms = self.terms[leg];
        let top = Top::of(quote, source, terms.asset_scale);
        self.tops[leg] = top;
        if quote.state != BookState::Live {
            self.depths[leg] = None;
        }
        self.screen(leg, &top, &terms, open_net_percent);
        terms.gives_rate
    }

    /// Takes a leg's depth as its venue quotes it.
    pub(super) fn set_depth(&mut self, leg: usize, mut depth: Depth) {
        let asset_scale = self.terms[leg].asset_scale;
        if asset_scale != 1.0 {
            for level in depth.bids.iter_mut().chain(&mut depth.asks) {
                *level = Level { price: level.price / asset_scale, size: level.size * asset_scale };
            }
        }
        self.depths[leg] = Some(Box::new(depth));
    }

    pub(super) fn depth(&self, leg: usize) -> Option<&Depth> {
        self.depths[leg].as_deref()
    }

    /// Whether a pair of the leg is published or about to be.
    pub(super) fn is_active(&self, leg: usize) -> bool {
        self.active_of_leg[leg] > 0
    }

    /// Takes what the leg is and what its quote currency is worth now.
    pub(super) fn revalue(&mut self, leg: usize, rates: &Rates, open_net_percent: f64) {
        let (terms, top) = (self.legs[leg].terms(rates.value(self.legs[leg].currency)), self.tops[leg]);
        self.terms[leg] = terms;
        self.screen(leg, &top, &terms, open_net_percent);
    }

    #[inline]
    fn screen(&mut self, leg: usize, top: &Top, terms: &Terms, open_net_percent: f64) {
        let Terms { fee_percent, value, .. } = *terms;
        self.proceeds[leg] = if top.bid > 0.0 { proceeds(top.bid, fee_percent) * value } else { f64::NEG_INFINITY };
        self.required[leg] = if top.ask > 0.0 {
            required_proceeds(top.ask, fee_percent, open_net_percent) * value
        } else {
            f64::INFINITY
        };
    }

    /// The leg's mid in terms that all legs share; 0 without one. See `Rates::value`.
    pub(super) fn worth(&self, leg: usize) -> f64 {
        self.tops[leg].honest_mid() * self.terms[leg].value
    }

    /// Notes how far the legs' mids are apart; those whose quotes are too old have none.
    pub(super) fn look(&mut self, now_ns: i64, max_age_ns: i64) {
        let is_young = |leg: usize| now_ns.saturating_sub(self.tops[leg].receive_ns) <= max_age_ns;
        let worth = |leg: usize| if is_young(leg) { self.worth(leg) } else { 0.0 };
        let worths: Vec<f64> = (0..self.legs.len()).map(worth).collect();
        self.gaps.look(&worths, now_ns);
    }

    /// Whether some pair of it needs a rate.
    pub(super) fn has_currencies(&self) -> bool {
        self.legs.windows(2).any(|pair| pair[0].currency != pair[1].currency)
    }

    pub(super) fn forget_quote(&mut self, leg: usize) {
        self.tops[leg] = Top::NONE;
        self.depths[leg] = None;
        self.proceeds[leg] = f64::NEG_INFINITY;
        self.required[leg] = f64::INFINITY;
    }

    /// Whether any pair of the leg may pay or has a phase to leave; false on almost every quote.
    #[inline]
    pub(super) fn needs_scan(&self, leg: usize) -> bool {
        if self.active_of_leg[leg] > 0 {
            return true;
        }
        let (required, proceeds) = (self.required[leg], self.proceeds[leg]);
        // Without an early exit the compiler compares several legs per instruction.
        let pays_to_buy = self.proceeds.iter().fold(false, |any, other| any | (*other >= required));
        let pays_to_sell = self.required.iter().fold(false, |any, other| any | (proceeds >= *other));
        pays_to_buy | pays_to_sell
    }

    /// Whether the pair may pay or has a phase to leave.
    #[inline]
    pub(super) fn pair_needs_scan(&self, buy: usize, sell: usize) -> bool {
        self.legs[buy].venue != self.legs[sell].venue
            && (self.proceeds[sell] >= self.required[buy] || !matches!(self.phase(buy, sell), Phase::Idle))
    }

    /// Whether some pair may net at least `net_percent`: highest proceeds against lowest requirement.
    pub(super) fn may_net(&self, net_percent: f64) -> bool {
        let best = self
            .proceeds
            .iter()
            .fold(f64::NEG_INFINITY, |best, proceeds| if *proceeds > best { *proceeds } else { best });
        (0..self.legs.len()).any(|leg| best >= self.required_for(leg, net_percent))
    }

    /// Whether the pair may net at least `net_percent`.
    pub(super) fn pair_may_net(&self, buy: usize, sell: usize, net_percent: f64) -> bool {
        self.proceeds[sell] >= self.required_for(buy, net_percent)
    }

    fn required_for(&self, leg: usize, net_percent: f64) -> f64 {
        let (ask, terms) = (self.tops[leg].ask, &self.terms[leg]);
        if ask > 0.0 { required_proceeds(ask, terms.fee_percent, net_percent) * terms.value } else { f64::INFINITY }
    }

    /// The pair's numbers now; costs are zero where a price is missing.
    pub(super) fn numbers(&self, rates: &Rates, buy: usize, sell: usize) -> PairNumbers {
        let conversion = rates.conversion(self.legs[sell].currency, self.legs[buy].currency);
        let (buy_top, sell_top) = (self.tops[buy], self.tops[sell]);
        let mut numbers = PairNumbers { buy: buy_top, sell: sell_top, conversion, costs: Costs::default() };
        if numbers.has_prices() {
            let (buy_fee, sell_fee) = (self.legs[buy].fee_percent(), self.legs[sell].fee_percent());
            numbers.costs = Costs::between(buy_top.ask, sell_top.bid * conversion.rate, buy_fee, sell_fee);
        }
        numbers
    }

    /// (buy, sell) of every pair that is not idle.
    pub(super) fn active_pairs(&self) -> Vec<(usize, usize)> {
        if self.active == 0 {
            return Vec::new();
        }
        let legs = self.legs.len();
        let active = self.phases.iter().enumerate().filter(|(_, phase)| !matches!(phase, Phase::Idle));
        active.map(|(index, _)| (index / legs, index % legs)).collect()
    }

    pub(super) fn phase(&self, buy: usize, sell: usize) -> &Phase {
        &self.phases[buy * self.legs.len() + sell]
    }

    /// Puts the pair into a phase and returns the one it was in.
    pub(super) fn set_phase(&mut self, buy: usize, sell: usize, phase: Phase) -> Phase {
        let index = buy * self.legs.len() + sell;
        let before = std::mem::replace(&mut self.phases[index], phase);
        let (was_idle, is_idle) = (matches!(before, Phase::Idle), matches!(self.phases[index], Phase::Idle));
        if was_idle != is_idle {
            let change = if is_idle { -1 } else { 1 };
            self.active = self.active.wrapping_add_signed(change);
            for leg in [buy, sell] {
                self.active_of_leg[leg] = self.active_of_leg[leg].wrapping_add_signed(change);
            }
        }
        before
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules::Rules;
    use super::super::tests::{instrument, live, settings};
    use super::*;

    fn numbers(book: &AssetBook, buy: usize, sell: usize) -> PairNumbers {
        book.numbers(&Rules::new(settings()).unwrap().rates, buy, sell)
    }

    fn leg(number: u32, instrument: Instrument) -> Leg {
        Leg { instrument, venue: number, origin: number, currency: 1, rate_source: None }
    }

    fn book(asset_scales: &[f64]) -> AssetBook {
        let mut book = AssetBook::new("PEPE");
        for (number, asset_scale) in asset_scales.iter().enumerate() {
            let instrument = Instrument { asset_scale: *asset_scale, ..instrument(&format!("v{number}"), "PEPE") };
            book.add_leg(leg(number as u32, instrument));
        }
        book
    }

    #[test]
    fn prices_and_sizes_are_per_coin_whatever_the_contract_multiplies() {
        let mut book = book(&[1.0, 1000.0]);
        book.set_quote(0, &live(0, 0.010, 0.011, 5.0, 1), 0, 0.1);
        book.set_quote(1, &live(1, 10.0, 11.0, 2.0, 1), 0, 0.1);
        assert_eq!((book.tops[1].bid, book.tops[1].ask), (0.010, 0.011));
        assert_eq!((book.tops[1].bid_size, book.tops[1].ask_size), (2000.0, 2000.0));
        assert_eq!(numbers(&book, 0, 1).executable_size(), 5.0);
    }

    #[test]
    fn prices_of_a_book_that_is_not_live_do_not_count() {
        let mut book = book(&[1.0, 1.0]);
        book.set_quote(0, &Quote { state: BookState::Stale, ..live(0, 90.0, 91.0, 1.0, 1) }, 0, 0.1);
        book.set_quote(1, &live(1, 100.0, 101.0, 1.0, 1), 0, 0.1);
        assert!(!numbers(&book, 0, 1).has_prices());
        assert!(!book.needs_scan(1));
    }

    #[test]
    fn adding_a_leg_keeps_the_phases_of_the_pairs_there() {
        let mut book = book(&[1.0, 1.0, 1.0]);
        book.set_phase(2, 0, Phase::Pending { since_ns: 7, quote_ns: 7 });
        book.add_leg(leg(9, instrument("late", "PEPE")));
        let pending: Vec<_> = (0..16).filter(|at| !matches!(book.phase(at / 4, at % 4), Phase::Idle)).collect();
        assert_eq!(pending, vec![8]);
        assert_eq!(book.active, 1);
    }
}
