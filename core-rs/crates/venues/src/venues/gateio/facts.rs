//! Facts of Gate: tickers, and the contract list with interval, next payment, order sizes and the band of prices around the mark.
//!
//! Its indicative rate is deprecated and no prediction. Sizes are contracts.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("trading", TradingStatus::Trading),
    ("prelaunch", TradingStatus::PreLaunch),
    ("delisting", TradingStatus::Delisting),
    ("delisted", TradingStatus::Closed),
    ("circuit_breaker", TradingStatus::Halted),
    ("suspend", TradingStatus::Halted),
];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "tickers",
        asked: every(10, 1, &["/api/v4/futures/usdt/tickers"]),
        name: "contract",
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "funding_rate", How::Share),
            field(FactKind::MarkPrice, "mark_price", How::Plain),
            field(FactKind::IndexPrice, "index_price", How::Plain),
            field(FactKind::OpenInterest, "total_size", How::ContractsAt("mark_price")),
            field(FactKind::Volume24h, "volume_24h_quote", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "contracts",
        name: "name",
        fields: &[
            field(FactKind::FundingInterval, "funding_interval", How::Plain),
            field(FactKind::NextFundingTime, "funding_next_apply", How::Plain),
            field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
            field(FactKind::MinSize, "order_size_min", How::Contracts),
            field(FactKind::MaxSize, "order_size_max", How::Contracts),
            field(FactKind::MinPrice, "order_price_deviate", How::BelowPrice("mark_price")),
            field(FactKind::MaxPrice, "order_price_deviate", How::AbovePrice("mark_price")),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
