//! Facts of Kraken futures: tickers, and the instrument list.
//!
//! Funding accrues all the time, a rate being an hour's. Over REST it is an amount: dollars per coin where a contract is linear
//! (`PF_`), coins per dollar where it is inverse (`PI_`). Volume and open interest are coins there, dollars here.

use crate::facts::{CONTINUOUS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "tickers",
        asked: every(10, 1, &["/derivatives/api/v3/tickers"]),
        rows: Rows::At("tickers"),
        time: ("/serverTime", How::IsoTime),
        fields: &[
            CONTINUOUS,
            field(FactKind::FundingRate, "fundingRate", How::ShareOfPrice("markPrice")).of("PF_"),
            field(FactKind::FundingRate, "fundingRate", How::ShareAtPrice("markPrice")).of("PI_"),
            field(FactKind::PredictedFundingRate, "fundingRatePrediction", How::ShareOfPrice("markPrice")).of("PF_"),
            field(FactKind::PredictedFundingRate, "fundingRatePrediction", How::ShareAtPrice("markPrice")).of("PI_"),
            field(FactKind::FundingInterval, "", How::Always(3_600.0)),
            field(FactKind::MarkPrice, "markPrice", How::Plain),
            field(FactKind::IndexPrice, "indexPrice", How::Plain),
            field(FactKind::OpenInterest, "openInterest", How::ContractsAt("markPrice")),
            field(FactKind::Volume24h, "volumeQuote", How::Plain).of("PF_"),
            field(FactKind::Volume24h, "vol24h", How::ContractsAsMoneyAt("markPrice")),
            field(
                FactKind::TradingStatus,
                "",
                How::Flags(&[("suspended", TradingStatus::Halted), ("postOnly", TradingStatus::PostOnly)]),
            ),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "instruments",
        rows: Rows::At("instruments"),
        time: ("/serverTime", How::IsoTime),
        fields: &[field(FactKind::MinSize, "contractValueTradePrecision", How::Places)],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
