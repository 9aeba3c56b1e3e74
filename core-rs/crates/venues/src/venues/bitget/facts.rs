//! Facts of Bitget: tickers, the current funding rates with interval and time, the contract list.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("normal", TradingStatus::Trading),
    ("listed", TradingStatus::PreLaunch),
    ("maintain", TradingStatus::Halted),
    ("limit_open", TradingStatus::ReduceOnly),
    ("restrictedAPI", TradingStatus::Halted),
    ("off", TradingStatus::Closed),
];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "tickers",
        asked: every(10, 1, &["/api/v2/mix/market/tickers?productType=USDT-FUTURES"]),
        rows: Rows::At("data"),
        time: ("ts", How::Milliseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "fundingRate", How::Share),
            field(FactKind::MarkPrice, "markPrice", How::Plain),
            field(FactKind::IndexPrice, "indexPrice", How::Plain),
            field(FactKind::OpenInterest, "holdingAmount", How::Plain),
            field(FactKind::Volume24h, "quoteVolume", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "current-fund-rate",
        asked: every(30, 1, &["/api/v2/mix/market/current-fund-rate?productType=USDT-FUTURES"]),
        rows: Rows::At("data"),
        time: ("/requestTime", How::Milliseconds),
        fields: &[
            field(FactKind::FundingInterval, "fundingRateInterval", How::Hours),
            field(FactKind::NextFundingTime, "nextUpdate", How::Milliseconds),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "contracts",
        rows: Rows::At("data"),
        time: ("/requestTime", How::Milliseconds),
        fields: &[
            field(FactKind::TradingStatus, "symbolStatus", How::Status(STATUSES)),
            field(FactKind::MinSize, "minTradeNum", How::Plain),
            field(FactKind::MaxSize, "maxOrderQty", How::Plain),
            field(FactKind::MinNotional, "minTradeUSDT", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
