//! Facts of BitMEX: the instrument list has them all. It is closed; they serve replays.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("Open", TradingStatus::Trading),
    ("Closed", TradingStatus::Halted),
    ("Unlisted", TradingStatus::Closed),
    ("Expired", TradingStatus::Closed),
    ("Settled", TradingStatus::Closed),
    ("Cleared", TradingStatus::Closed),
];

pub const POLLS: &[FactPoll] = &[FactPoll {
    source: "instrument/active",
    asked: every(30, 1, &["/api/v1/instrument/active"]),
    time: ("timestamp", How::IsoTime),
    fields: &[
        AT_MOMENTS,
        field(FactKind::FundingRate, "fundingRate", How::Share),
        field(FactKind::PredictedFundingRate, "indicativeFundingRate", How::Share),
        field(FactKind::FundingInterval, "fundingInterval", How::IsoHours),
        field(FactKind::NextFundingTime, "fundingTimestamp", How::IsoTime),
        field(FactKind::MarkPrice, "markPrice", How::Plain),
        field(FactKind::IndexPrice, "indicativeSettlePrice", How::Plain),
        field(FactKind::OpenInterest, "openInterest", How::ContractsAt("markPrice")),
        field(FactKind::Volume24h, "foreignNotional24h", How::Plain),
        field(FactKind::TradingStatus, "state", How::Status(STATUSES)),
        field(FactKind::MinSize, "lotSize", How::Contracts),
        field(FactKind::MaxSize, "maxOrderQty", How::Contracts),
        field(FactKind::MinPrice, "limitDownPrice", How::Plain),
        field(FactKind::MaxPrice, "limitUpPrice", How::Plain),
        field(FactKind::MaxPrice, "maxPrice", How::Plain),
    ],
    certainty: Certainty::Captured,
    ..FactPoll::USUAL
}];
