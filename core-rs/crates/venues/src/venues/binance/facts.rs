//! Facts of Binance USD-M: premium index, day's volume, open interest (one symbol at a time), the exceptions from eight hours.
//!
//! `premiumIndex` calls the estimate of the running interval "lastFundingRate"; there is no other prediction.

use crate::facts::{AT_MOMENTS, Asked, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("TRADING", TradingStatus::Trading),
    ("PENDING_TRADING", TradingStatus::PreLaunch),
    ("PRE_SETTLE", TradingStatus::Delisting),
    ("PRE_DELIVERING", TradingStatus::Delisting),
    ("SETTLING", TradingStatus::Closed),
    ("DELIVERING", TradingStatus::Closed),
    ("DELIVERED", TradingStatus::Closed),
    ("CLOSE", TradingStatus::Closed),
    ("BREAK", TradingStatus::Halted),
    ("HALT", TradingStatus::Halted),
];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "premiumIndex",
        asked: every(10, 10, &["/fapi/v1/premiumIndex"]),
        time: ("time", How::Milliseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "lastFundingRate", How::Share),
            field(FactKind::NextFundingTime, "nextFundingTime", How::Milliseconds),
            field(FactKind::MarkPrice, "markPrice", How::Plain),
            field(FactKind::IndexPrice, "indexPrice", How::Plain),
        ],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "fundingInfo",
        asked: every(300, 1, &["/fapi/v1/fundingInfo"]),
        otherwise: &[(FactKind::FundingInterval, 28_800.0)],
        fields: &[field(FactKind::FundingInterval, "fundingIntervalHours", How::Hours)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "ticker/24hr",
        asked: every(60, 40, &["/fapi/v1/ticker/24hr"]),
        time: ("closeTime", How::Milliseconds),
        fields: &[field(FactKind::Volume24h, "quoteVolume", How::Plain)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "openInterest",
        asked: Asked::Each { seconds: 2, weight: 1, path: "/fapi/v1/openInterest?symbol={symbol}" },
        time: ("time", How::Milliseconds),
        fields: &[field(FactKind::OpenInterest, "openInterest", How::Plain)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "exchangeInfo",
        rows: Rows::At("symbols"),
        time: ("/serverTime", How::Milliseconds),
        fields: &[
            field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
            field(FactKind::MinSize, "filters[filterType=LOT_SIZE].minQty", How::Plain),
            field(FactKind::MaxSize, "filters[filterType=LOT_SIZE].maxQty", How::Plain),
            field(FactKind::MinNotional, "filters[filterType=MIN_NOTIONAL].notional", How::Plain),
            field(FactKind::MinPrice, "filters[filterType=PRICE_FILTER].minPrice", How::Plain),
            field(FactKind::MaxPrice, "filters[filterType=PRICE_FILTER].maxPrice", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
