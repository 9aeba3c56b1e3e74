//! What a leg's venue asks of orders and says of its market, as far as it is told. Data, and what follows from it alone.
//!
//! A limit that was told once stands until it is told anew: it is used also when it is stale. What moves, such as whether the
//! market trades, is only known while it is told.

use crossbook_market::{FactKind, FactState, FundingAccrual, Instrument, TradingStatus, decimal_product};
use crossbook_wire::ReadFact;

use super::reason::RefusalReason;
use crate::edge::Lot;

const SECOND_NS: f64 = 1e9;

/// What is held of one fact.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Told {
    #[default]
    Nothing,
    /// The venue says that there is no such limit.
    NoLimit,
    Value {
        value: f64,
        receive_ns: i64,
        is_stale: bool,
    },
}

/// The facts of a leg.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct LegFacts([Told; FactKind::ALL.len()]);

/// What a venue asks of an order, per coin of the asset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    pub lot: Option<Lot>,
    pub min_size: Option<f64>,
    pub max_size: Option<f64>,
    /// In the leg's own quote currency.
    pub min_notional: Option<f64>,
    /// The highest price of a buy order and the lowest of a sell order, per coin.
    pub max_price: Option<f64>,
    pub min_price: Option<f64>,
    /// Whether each is known, also that there is none.
    pub is_known: KnownLimits,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct KnownLimits {
    pub lot: bool,
    pub min_size: bool,
    pub max_size: bool,
    pub min_notional: bool,
    pub max_price: bool,
    pub min_price: bool,
}

/// What is told of a leg, as it leaves the scanner; None where it is not known now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LegFactsView {
    pub status: Option<TradingStatus>,
    /// In coins, as all sizes here.
    pub min_size: Option<f64>,
    pub max_size: Option<f64>,
    /// In quote currency, as all money here.
    pub min_notional: Option<f64>,
    /// Per coin.
    pub max_price: Option<f64>,
    pub min_price: Option<f64>,
    pub volume_24h: Option<f64>,
    pub open_interest: Option<f64>,
    /// Of the next payment, percent.
    pub funding_rate_percent: Option<f64>,
    /// Of those after it.
    pub predicted_funding_rate_percent: Option<f64>,
    pub funding_interval_ns: Option<i64>,
    /// 0 where it accrues all the time.
    pub next_funding_ns: Option<i64>,
    /// When the oldest fact was received that counts as known here; 0 where none is.
    pub oldest_ns: i64,
}

impl LegFacts {
    pub(super) fn take(&mut self, facts: &[ReadFact]) {
        for fact in facts {
            let usable = matches!(fact.state, FactState::Known | FactState::Stale);
            self.0[place(fact.kind)] = match fact.value.filter(|_| usable) {
                Some(value) => {
                    Told::Value { value, receive_ns: fact.receive_ns, is_stale: fact.state == FactState::Stale }
                }
                None if fact.is_no_limit => Told::NoLimit,
                None => Told::Nothing,
            };
        }
    }

    /// The value of now.
    pub(super) fn known(&self, kind: FactKind) -> Option<f64> {
        match self.0[place(kind)] {
            Told::Value { value, is_stale: false, .. } => Some(value),
            _ => None,
        }
    }

    pub(super) fn status(&self) -> Option<TradingStatus> {
        self.known(FactKind::TradingStatus).and_then(|number| TradingStatus::from_number(number as u32))
    }

    /// What an order of the instrument has to be. Inverse contracts are worth money: the smallest one is a least notional, and in
    /// coins they have neither lot nor limit.
    pub(super) fn limits(&self, instrument: &Instrument) -> Limits {
        let (scale, is_inverse) = (instrument.asset_scale, instrument.is_inverse());
        let coins = |kind| self.last(kind).filter(|_| !is_inverse).map(|size| decimal_product(size, scale));
        let lot = self.last(FactKind::LotSize).unwrap_or(instrument.lot_size);
        let lot = if is_inverse { None } else { Lot::of(&[lot, scale]) };
        let money = self.last(FactKind::MinSize).filter(|_| is_inverse);
        let told = |kind| self.0[place(kind)] != Told::Nothing;
        // A band follows the market: an old one says nothing.
        let stands = |kind| self.known(kind).is_some() || self.0[place(kind)] == Told::NoLimit;
        Limits {
            lot,
            min_size: coins(FactKind::MinSize),
            max_size: coins(FactKind::MaxSize),
            min_notional: [self.last(FactKind::MinNotional), money].into_iter().flatten().reduce(f64::max),
            max_price: self.price_limit(FactKind::MaxPrice, instrument),
            min_price: self.price_limit(FactKind::MinPrice, instrument),
            is_known: KnownLimits {
                lot: lot.is_some(),
                min_size: told(FactKind::MinSize),
                max_size: told(FactKind::MaxSize) && !is_inverse,
                min_notional: told(FactKind::MinNotional),
                max_price: stands(FactKind::MaxPrice),
                min_price: stands(FactKind::MinPrice),
            },
        }
    }

    /// The worst price of an order now, per coin: of MaxPrice when buying, of MinPrice when selling.
    pub(super) fn price_limit(&self, kind: FactKind, instrument: &Instrument) -> Option<f64> {
        self.known(kind).map(|price| price / instrument.asset_scale)
    }

    /// Why nothing of the leg may be traded now, whatever it pays.
    pub(super) fn refusal(&self, instrument: &Instrument) -> Option<RefusalReason> {
        if self.last(FactKind::ContractSize).is_some_and(|size| is_other(size, instrument.contract_size)) {
            return Some(RefusalReason::ContractChanged);
        }
        match self.status()? {
            TradingStatus::Trading => None,
            TradingStatus::Delisting => Some(RefusalReason::Delisting),
            _ => Some(RefusalReason::NotTrading),
        }
    }

    /// Why a change ends what was open by the facts of before; what the gate refuses from now on is not among it.
    pub(super) fn ends(&self, before: &Self) -> Option<RefusalReason> {
        let differs = |kind| match (before.last(kind), self.last(kind)) {
            (Some(before), Some(now)) => is_other(before, now),
            _ => false,
        };
        if differs(FactKind::ContractSize) {
            Some(RefusalReason::ContractChanged)
        } else {
            differs(FactKind::FundingInterval).then_some(RefusalReason::FundingChanged)
        }
    }

    pub(super) fn view(&self, instrument: &Instrument) -> LegFactsView {
        let limits = self.limits(instrument);
        let mark = self.known(FactKind::MarkPrice);
        let moves = [FactKind::Volume24h, FactKind::OpenInterest, FactKind::FundingRate, FactKind::NextFundingTime];
        let seconds = |kind| self.known(kind).map(|seconds| (seconds * SECOND_NS) as i64);
        let accrues = self.known(FactKind::FundingAccrual) == Some(FundingAccrual::Continuous as u8 as f64);
        LegFactsView {
            status: self.status(),
            min_size: limits.min_size,
            max_size: limits.max_size,
            min_notional: limits.min_notional,
            max_price: limits.max_price,
            min_price: limits.min_price,
            volume_24h: self.known(FactKind::Volume24h),
            open_interest: self.known(FactKind::OpenInterest).zip(mark).map(|(base, mark)| base * mark),
            funding_rate_percent: self.known(FactKind::FundingRate),
            predicted_funding_rate_percent: self.known(FactKind::PredictedFundingRate),
            funding_interval_ns: seconds(FactKind::FundingInterval),
            next_funding_ns: if accrues { Some(0) } else { seconds(FactKind::NextFundingTime) },
            oldest_ns: moves.into_iter().filter_map(|kind| self.receive_ns(kind)).min().unwrap_or(0),
        }
    }

    fn last(&self, kind: FactKind) -> Option<f64> {
        match self.0[place(kind)] {
            Told::Value { value, .. } => Some(value),
            _ => None,
        }
    }

    fn receive_ns(&self, kind: FactKind) -> Option<i64> {
        match self.0[place(kind)] {
            Told::Value { receive_ns, is_stale: false, .. } => Some(receive_ns),
            _ => None,
        }
    }
}

fn place(kind: FactKind) -> usize {
    kind as usize - 1
}

/// Whether two numbers differ by more than two spellings of one.
fn is_other(one: f64, other: f64) -> bool {
    (one - other).abs() > one.abs().max(other.abs()) * 1e-9
}
