//! What leaves the scanner: pairs, events and overviews, with names in place of numbers.

use crossbook_market::BookState;

use super::asset::{AssetBook, Leg};
use super::costs::Costs;
use super::dislocation;
use super::holding::Horizon;
use super::leg_facts::LegFactsView;
use super::numbers::{Dislocation, PairNumbers, Top};
use super::outlook::{LifeOutlook, outlook};
use super::pair::Pair;
use super::phase::{OpenOpportunity, Phase};
use super::rates::Conversion;
use super::reason::RefusalReason;
use super::rules::Rules;
use super::sanity::{self, Sanity};
use super::sized::SizingView;
use super::sizing::{self, Wanted};

/// One side of a pair. Prices are quote currency per coin, sizes coins; zero where there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct LegView {
    pub venue: String,
    pub symbol: String,
    pub price: f64,
    pub size: f64,
    pub taker_fee_percent: Option<f64>,
    pub quote_currency: String,
    pub receive_ns: i64,
    pub state: BookState,
    pub facts: LegFactsView,
}

/// How the sell leg's prices were turned into the buy leg's currency.
#[derive(Clone, Debug, PartialEq)]
pub struct ConversionView {
    pub from_currency: String,
    pub to_currency: String,
    pub is_known: bool,
    pub rate: f64,
    /// Receive time of the oldest quote in the rate; 0 when no market gave it.
    pub quote_ns: i64,
    /// Whether some step of it is one to one by the setting.
    pub is_assumed: bool,
    /// Whether it is too far from 1 between two currencies that stand for a dollar.
    pub is_depegged: bool,
}

/// One asset, bought on one venue and sold on another.
#[derive(Clone, Debug, PartialEq)]
pub struct SpreadView {
    pub asset: String,
    pub buy: LegView,
    pub sell: LegView,
    /// None where both legs are quoted in one currency.
    pub conversion: Option<ConversionView>,
    /// Of the lower mid, in one currency; meaningless where a price is missing.
    pub mid_difference_percent: f64,
    /// Since when the mids are too far apart, by receive time; 0 when they are not.
    pub mids_apart_since_ns: i64,
    /// All zero where a price is missing.
    pub costs: Costs,
    /// The smaller of the two top sizes, in coins.
    pub executable_size: f64,
    /// None when it would be published.
    pub reason: Option<RefusalReason>,
    /// How much of it there is.
    pub sizing: SizingView,
    /// Empty when no lifecycle follows the pair.
    pub opportunity_id: String,
    /// Since when the opportunity has paid; 0 when no lifecycle follows the pair.
    pub open_ns: i64,
    /// Highest net since it opened.
    pub peak_net_percent: f64,
    /// Of the leg that was off against the others when it opened, or is now where no lifecycle follows the pair; empty
    /// where nobody can say.
    pub dislocated_venue: String,
    /// Of the others' median mid; negative when it is cheap.
    pub dislocation_percent: f64,
    /// How usual it looks.
    pub sanity: Sanity,
    /// How long it will live; None where no lifecycle follows it.
    pub life: Option<LifeOutlook>,
    /// For what holding it costs.
    pub horizon: Horizon,
}

/// The numbers are those of `OpportunityEventKind` in arbitrage.proto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EventKind {
    Opened = 1,
    Updated = 2,
    Closed = 3,
}

/// One step in an opportunity's life.
#[derive(Clone, Debug, PartialEq)]
pub struct OpportunityEvent {
    pub kind: EventKind,
    /// After the event; of a closed one, as it last paid.
    pub spread: SpreadView,
    pub close_reason: Option<RefusalReason>,
    /// Time from open to close; 0 before.
    pub duration_ns: i64,
    /// When the scanner decided.
    pub event_ns: i64,
    /// Receive time of the quote that caused it; of the newer leg when time caused it.
    pub cause_ns: i64,
    /// What was known of it, when it opens; else empty.
    pub features: Vec<f64>,
}

/// One asset across venues; only live quotes count.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssetView {
    pub asset: String,
    pub best_bid: f64,
    pub best_bid_venue: String,
    pub best_ask: f64,
    pub best_ask_venue: String,
    /// Venues with a live two-sided quote, ordered.
    pub venues: Vec<String>,
    /// Highest gross of two venues whose currencies convert and whose mids may be of one asset; 0 when there are no two.
    pub widest_gross_percent: f64,
}

impl LegView {
    fn new(book: &AssetBook, leg: usize, top: &Top, price: f64, size: f64) -> Self {
        let instrument = &book.legs[leg].instrument;
        Self {
            venue: instrument.venue.clone(),
            symbol: instrument.symbol.clone(),
            price,
            size,
            taker_fee_percent: instrument.taker_fee_percent,
            quote_currency: instrument.quote_currency.clone(),
            receive_ns: top.receive_ns,
            state: top.state,
            facts: book.facts[leg].view(instrument),
        }
    }
}

impl ConversionView {
    fn of_pair(buy: &Leg, sell: &Leg, numbers: &PairNumbers) -> Option<Self> {
        let conversion = &numbers.conversion;
        (buy.currency != sell.currency || !conversion.is_known).then(|| Self {
            from_currency: sell.instrument.quote_currency.clone(),
            to_currency: buy.instrument.quote_currency.clone(),
            is_known: conversion.is_known,
            rate: conversion.rate,
            quote_ns: if conversion.quote_ns == Conversion::NO_QUOTE { 0 } else { conversion.quote_ns.max(0) },
            is_assumed: conversion.is_assumed,
            is_depegged: conversion.is_depegged,
        })
    }
}

impl SpreadView {
    /// A pair as it stands, with the identity of the opportunity when one is open.
    pub(super) fn of_pair(pair: &Pair<'_>, reason: Option<RefusalReason>, wanted: Wanted<'_>) -> Self {
        let mut view = Self::bare(pair.rules, pair.book, (pair.buy, pair.sell), &pair.numbers);
        view.reason = reason;
        view.sanity = sanity::of_pair(pair);
        view.sizing = sizing::of_pair(pair, reason, wanted);
        match pair.book.phase(pair.buy, pair.sell) {
            Phase::Open(opportunity) => {
                view.life = Some(outlook(&pair.rules.life, opportunity, pair.now_ns));
                view.identify(pair.book, opportunity);
            }
            _ => view.dislocate(pair.book, dislocation::of_pair(pair.book, pair.buy, pair.sell)),
        }
        view
    }

    /// An opportunity as it last paid.
    pub(super) fn of_opportunity(
        rules: &Rules,
        book: &AssetBook,
        (buy, sell): (usize, usize),
        opportunity: &OpenOpportunity,
        now_ns: i64,
    ) -> Self {
        let mut view = Self::bare(rules, book, (buy, sell), &opportunity.last);
        view.sanity = sanity::of_pair(&Pair { rules, book, buy, sell, numbers: opportunity.last, now_ns });
        view.life = Some(outlook(&rules.life, opportunity, now_ns));
        view.sizing = opportunity.sizing.clone();
        view.identify(book, opportunity);
        view
    }

    fn bare(rules: &Rules, book: &AssetBook, (buy, sell): (usize, usize), numbers: &PairNumbers) -> Self {
        let PairNumbers { buy: buy_top, sell: sell_top, costs, .. } = numbers;
        Self {
            asset: book.name.clone(),
            buy: LegView::new(book, buy, buy_top, buy_top.ask, buy_top.ask_size),
            sell: LegView::new(book, sell, sell_top, sell_top.bid, sell_top.bid_size),
            conversion: ConversionView::of_pair(&book.legs[buy], &book.legs[sell], numbers),
            mid_difference_percent: numbers.mid_difference_percent(),
            mids_apart_since_ns: book.identities.apart_since_ns(buy, sell).unwrap_or(0),
            costs: *costs,
            executable_size: numbers.executable_size(),
            reason: None,
            sizing: SizingView::default(),
            opportunity_id: String::new(),
            open_ns: 0,
            peak_net_percent: costs.net_percent,
            dislocated_venue: String::new(),
            dislocation_percent: 0.0,
            sanity: Sanity::default(),
            life: None,
            horizon: rules.settings.horizon(),
        }
    }

    fn identify(&mut self, book: &AssetBook, opportunity: &OpenOpportunity) {
        self.dislocate(book, opportunity.dislocation);
        self.opportunity_id = opportunity.id.clone();
        self.open_ns = opportunity.open_ns;
        self.peak_net_percent = opportunity.peak_net_percent;
    }

    fn dislocate(&mut self, book: &AssetBook, found: Option<Dislocation>) {
        if let Some(Dislocation { leg, percent }) = found {
            let off = &book.legs[leg];
            // A relay is off because its origin is: one thing has one name.
            let shown = book.legs.iter().find(|one| one.venue == off.origin).unwrap_or(off);
            self.dislocated_venue = shown.instrument.venue.clone();
            self.dislocation_percent = percent;
        }
    }
}
