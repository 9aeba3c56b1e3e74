//! Facts of dYdX: the market list has them all. Funding is paid every hour; positions are marked at the oracle's price.

use crate::facts::{AT_MOMENTS, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("ACTIVE", TradingStatus::Trading),
    ("PAUSED", TradingStatus::Halted),
    ("CANCEL_ONLY", TradingStatus::Halted),
    ("POST_ONLY", TradingStatus::PostOnly),
    ("INITIALIZING", TradingStatus::PreLaunch),
    ("FINAL_SETTLEMENT", TradingStatus::Closed),
];

pub const POLLS: &[FactPoll] = &[FactPoll {
    source: "perpetualMarkets",
    asked: every(15, 1, &["/v4/perpetualMarkets"]),
    rows: Rows::MapAt("markets"),
    name: "",
    fields: &[
        AT_MOMENTS,
        field(FactKind::FundingRate, "nextFundingRate", How::Share),
        field(FactKind::FundingInterval, "", How::Always(3_600.0)),
        field(FactKind::NextFundingTime, "", How::NextHour),
        field(FactKind::MarkPrice, "oraclePrice", How::Plain),
        field(FactKind::IndexPrice, "oraclePrice", How::Plain),
        field(FactKind::OpenInterest, "openInterest", How::Plain),
        field(FactKind::Volume24h, "volume24H", How::Plain),
        field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
        field(FactKind::MinSize, "stepSize", How::Plain),
    ],
    ..FactPoll::USUAL
}];
