//! Facts of OKX swaps: funding rates, mark prices, indices, open interest and tickers, each an answer of its own; the instrument
//! list; and one swap's price limits at a time.
//!
//! `instId=ANY` for all funding rates is what other programs use. `fundingTime` is the coming payment, `nextFundingTime` the one
//! behind it. Indices bear the name of the pair, without `-SWAP`.

use crate::facts::{AT_MOMENTS, Asked, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[
    ("live", TradingStatus::Trading),
    ("suspend", TradingStatus::Halted),
    ("rebase", TradingStatus::Halted),
    ("preopen", TradingStatus::PreLaunch),
    ("test", TradingStatus::PreLaunch),
    ("expired", TradingStatus::Closed),
];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "funding-rate",
        asked: every(20, 1, &["/api/v5/public/funding-rate?instId=ANY"]),
        rows: Rows::At("data"),
        name: "instId",
        time: ("ts", How::Milliseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "fundingRate", How::Share),
            field(FactKind::PredictedFundingRate, "nextFundingRate", How::Share),
            field(FactKind::FundingInterval, "fundingTime", How::MillisecondsUntil("nextFundingTime")),
            field(FactKind::NextFundingTime, "fundingTime", How::Milliseconds),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "mark-price",
        asked: every(10, 1, &["/api/v5/public/mark-price?instType=SWAP"]),
        rows: Rows::At("data"),
        name: "instId",
        time: ("ts", How::Milliseconds),
        fields: &[field(FactKind::MarkPrice, "markPx", How::Plain)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "index-tickers",
        asked: every(
            20,
            1,
            &["/api/v5/market/index-tickers?quoteCcy=USDT", "/api/v5/market/index-tickers?quoteCcy=USDC"],
        ),
        rows: Rows::At("data"),
        name: "instId",
        suffix: "-SWAP",
        time: ("ts", How::Milliseconds),
        fields: &[field(FactKind::IndexPrice, "idxPx", How::Plain)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "open-interest",
        asked: every(20, 1, &["/api/v5/public/open-interest?instType=SWAP"]),
        rows: Rows::At("data"),
        name: "instId",
        time: ("ts", How::Milliseconds),
        fields: &[field(FactKind::OpenInterest, "oiCcy", How::Plain)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "tickers",
        asked: every(30, 1, &["/api/v5/market/tickers?instType=SWAP"]),
        rows: Rows::At("data"),
        name: "instId",
        time: ("ts", How::Milliseconds),
        fields: &[field(FactKind::Volume24h, "volCcy24h", How::BaseAsMoneyAt("last"))],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "price-limit",
        asked: Asked::Each { seconds: 2, weight: 1, path: "/api/v5/public/price-limit?instId={symbol}" },
        rows: Rows::At("data"),
        name: "instId",
        time: ("ts", How::Milliseconds),
        fields: &[field(FactKind::MinPrice, "sellLmt", How::Plain), field(FactKind::MaxPrice, "buyLmt", How::Plain)],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "instruments",
        rows: Rows::At("data"),
        name: "instId",
        fields: &[
            field(FactKind::TradingStatus, "state", How::Status(STATUSES)),
            field(FactKind::MinSize, "minSz", How::Contracts),
            field(FactKind::MaxSize, "maxLmtSz", How::Contracts),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
