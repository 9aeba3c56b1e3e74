//! Facts of Lighter: the market list, and the funding rates of several venues in one answer.
//!
//! Funding is paid every full hour; `funding-rates` tells rates of eight hours.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[("active", TradingStatus::Trading), ("inactive", TradingStatus::Halted)];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "funding-rates",
        asked: every(60, 1, &["/api/v1/funding-rates"]),
        rows: Rows::At("funding_rates"),
        name: "market_id",
        only_rows: ("exchange", "lighter"),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "rate", How::ShareFor(8.0)),
            field(FactKind::FundingInterval, "", How::Always(3_600.0)),
            field(FactKind::NextFundingTime, "", How::NextHour),
        ],
        certainty: Certainty::Reported,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "orderBookDetails",
        rows: Rows::At("order_book_details"),
        name: "market_id",
        fields: &[
            field(FactKind::MarkPrice, "mark_price", How::Plain),
            field(FactKind::IndexPrice, "index_price", How::Plain),
            field(FactKind::OpenInterest, "open_interest", How::Plain),
            field(FactKind::Volume24h, "daily_quote_token_volume", How::Plain),
            field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
            field(FactKind::MinSize, "min_base_amount", How::Plain),
            field(FactKind::MinNotional, "min_quote_amount", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
