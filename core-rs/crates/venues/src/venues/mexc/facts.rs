//! Facts of MEXC: tickers, funding rates with cycle and time, the contract list. Sizes are contracts.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("0", TradingStatus::Trading),
    ("1", TradingStatus::Closed),
    ("2", TradingStatus::Closed),
    ("3", TradingStatus::Closed),
    ("4", TradingStatus::Halted),
];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "ticker",
        asked: every(10, 1, &["/api/v1/contract/ticker"]),
        rows: Rows::At("data"),
        time: ("timestamp", How::Milliseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "fundingRate", How::Share),
            field(FactKind::MarkPrice, "fairPrice", How::Plain),
            field(FactKind::IndexPrice, "indexPrice", How::Plain),
            field(FactKind::OpenInterest, "holdVol", How::ContractsAt("fairPrice")),
            field(FactKind::Volume24h, "amount24", How::Plain),
            field(FactKind::MinPrice, "minAskPrice", How::Plain),
            field(FactKind::MaxPrice, "maxBidPrice", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "funding_rate",
        asked: every(30, 1, &["/api/v1/contract/funding_rate"]),
        rows: Rows::At("data"),
        time: ("timestamp", How::Milliseconds),
        fields: &[
            field(FactKind::FundingInterval, "collectCycle", How::Hours),
            field(FactKind::NextFundingTime, "nextSettleTime", How::Milliseconds),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "detail",
        rows: Rows::At("data"),
        fields: &[
            field(FactKind::TradingStatus, "state", How::Status(STATUSES)),
            field(FactKind::MinSize, "minVol", How::Contracts),
            field(FactKind::MaxSize, "maxVol", How::Contracts),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
