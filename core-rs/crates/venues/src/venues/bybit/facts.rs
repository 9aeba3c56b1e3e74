//! Facts of Bybit linear perpetuals: the tickers have all that moves, the instruments all that orders must keep.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("Trading", TradingStatus::Trading),
    ("PreLaunch", TradingStatus::PreLaunch),
    ("Delivering", TradingStatus::Closed),
    ("Closed", TradingStatus::Closed),
];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "tickers",
        asked: every(10, 1, &["/v5/market/tickers?category=linear"]),
        rows: Rows::At("result.list"),
        time: ("/time", How::Milliseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "fundingRate", How::Share),
            field(FactKind::FundingInterval, "fundingIntervalHour", How::Hours),
            field(FactKind::NextFundingTime, "nextFundingTime", How::Milliseconds),
            field(FactKind::MarkPrice, "markPrice", How::Plain),
            field(FactKind::IndexPrice, "indexPrice", How::Plain),
            field(FactKind::OpenInterest, "openInterest", How::Plain),
            field(FactKind::Volume24h, "turnover24h", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "instruments-info",
        rows: Rows::At("result.list"),
        time: ("/time", How::Milliseconds),
        fields: &[
            field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
            field(FactKind::MinSize, "lotSizeFilter.minOrderQty", How::Plain),
            field(FactKind::MaxSize, "lotSizeFilter.maxOrderQty", How::Plain),
            field(FactKind::MinNotional, "lotSizeFilter.minNotionalValue", How::Plain),
            field(FactKind::MinPrice, "priceFilter.minPrice", How::Plain),
            field(FactKind::MaxPrice, "priceFilter.maxPrice", How::Plain),
        ],
        ..FactPoll::USUAL
    },
];
