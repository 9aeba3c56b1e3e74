//! Facts of KuCoin futures: the list of open contracts has them all, sizes in contracts.
//!
//! `nextFundingRateTime` is what is left, in milliseconds; newer answers have the time itself beside it.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("Open", TradingStatus::Trading),
    ("Init", TradingStatus::PreLaunch),
    ("Paused", TradingStatus::Halted),
    ("CancelOnly", TradingStatus::Halted),
    ("BeingSettled", TradingStatus::Closed),
    ("Settled", TradingStatus::Closed),
    ("Closed", TradingStatus::Closed),
];

pub const POLLS: &[FactPoll] = &[FactPoll {
    source: "contracts/active",
    asked: every(15, 3, &["/api/v1/contracts/active"]),
    rows: Rows::At("data"),
    fields: &[
        AT_MOMENTS,
        field(FactKind::FundingRate, "fundingFeeRate", How::Share),
        field(FactKind::PredictedFundingRate, "predictedFundingFeeRate", How::Share),
        field(FactKind::FundingInterval, "fundingRateGranularity", How::Milliseconds),
        field(FactKind::NextFundingTime, "nextFundingRateDateTime", How::Milliseconds),
        field(FactKind::NextFundingTime, "nextFundingRateTime", How::MillisecondsLeft),
        field(FactKind::MarkPrice, "markPrice", How::Plain),
        field(FactKind::IndexPrice, "indexPrice", How::Plain),
        field(FactKind::OpenInterest, "openInterest", How::ContractsAt("markPrice")),
        field(FactKind::Volume24h, "turnoverOf24h", How::Plain),
        field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
        field(FactKind::MinSize, "lotSize", How::Contracts),
        field(FactKind::MaxSize, "maxOrderQty", How::Contracts),
        field(FactKind::MinPrice, "sellLimit", How::Plain),
        field(FactKind::MaxPrice, "buyLimit", How::Plain),
        field(FactKind::MaxPrice, "maxPrice", How::Plain),
    ],
    certainty: Certainty::Captured,
    ..FactPoll::USUAL
}];
