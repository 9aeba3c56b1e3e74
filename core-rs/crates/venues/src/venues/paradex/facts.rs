//! Facts of Paradex: the summary of all markets, and the market list. Funding accrues all the time; the summary's rate is that of
//! eight hours, or of the hours that the list names.

use crate::facts::{CONTINUOUS, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[("STANDARD", TradingStatus::Trading), ("RFQ_ONLY", TradingStatus::Halted)];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "markets/summary",
        asked: every(15, 1, &["/v1/markets/summary?market=ALL"]),
        rows: Rows::At("results"),
        time: ("created_at", How::Milliseconds),
        fields: &[
            CONTINUOUS,
            field(FactKind::FundingRate, "funding_rate", How::Share),
            field(FactKind::MarkPrice, "mark_price", How::Plain),
            field(FactKind::IndexPrice, "underlying_price", How::Plain),
            field(FactKind::OpenInterest, "open_interest", How::Plain),
            field(FactKind::Volume24h, "volume_24h", How::Plain),
        ],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "markets",
        rows: Rows::At("results"),
        fields: &[
            field(FactKind::FundingInterval, "funding_period_hours", How::Hours),
            field(FactKind::TradingStatus, "trading_mode", How::Status(STATUSES)),
            field(FactKind::MinSize, "order_size_increment", How::Plain),
            field(FactKind::MaxSize, "max_order_size", How::Plain),
            field(FactKind::MinNotional, "min_notional", How::Plain),
        ],
        ..FactPoll::USUAL
    },
];
