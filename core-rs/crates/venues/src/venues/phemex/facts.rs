//! Facts of Phemex USDT perpetuals: the tickers of all, funding rates with interval and time, the product list.

use crate::facts::{AT_MOMENTS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] =
    &[("Listed", TradingStatus::Trading), ("Suspended", TradingStatus::Halted), ("Delisted", TradingStatus::Closed)];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "ticker/24hr",
        asked: every(20, 1, &["/md/v3/ticker/24hr/all"]),
        rows: Rows::At("result"),
        time: ("timestamp", How::Nanoseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "fundingRateRr", How::Share),
            field(FactKind::PredictedFundingRate, "predFundingRateRr", How::Share),
            field(FactKind::MarkPrice, "markRp", How::Plain),
            field(FactKind::IndexPrice, "indexRp", How::Plain),
            field(FactKind::OpenInterest, "openInterestRv", How::Plain),
            field(FactKind::Volume24h, "turnoverRv", How::Plain),
        ],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "real-funding-rates",
        asked: every(60, 1, &["/contract-biz/public/real-funding-rates?pageSize=200"]),
        rows: Rows::At("data.rows"),
        fields: &[
            field(FactKind::FundingInterval, "fundingInterval", How::Plain),
            field(FactKind::NextFundingTime, "nextfundingTime", How::Milliseconds),
        ],
        certainty: Certainty::Reported,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "products",
        rows: Rows::At("data.perpProductsV2"),
        fields: &[
            field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
            field(FactKind::MinSize, "qtyStepSize", How::Plain),
            field(FactKind::MaxSize, "maxOrderQtyRq", How::Plain),
            field(FactKind::MinNotional, "minOrderValueRv", How::Plain),
            field(FactKind::MinPrice, "minPriceRp", How::Plain),
            field(FactKind::MaxPrice, "maxPriceRp", How::Plain),
        ],
        ..FactPoll::USUAL
    },
];
