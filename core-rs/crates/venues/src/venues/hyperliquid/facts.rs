//! Facts of Hyperliquid: the contexts of all assets, in the order of the list beside them. Funding is paid every full hour; an
//! order is worth at least 10 dollars.

use crate::facts::{AT_MOMENTS, Asked, Certainty, FactPoll, How, Rows, field};
use crossbook_market::{FactKind, TradingStatus};

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "metaAndAssetCtxs",
        asked: Asked::Every {
            seconds: 10,
            weight: 20,
            paths: &["/info"],
            body: Some(r#"{"type":"metaAndAssetCtxs"}"#),
        },
        rows: Rows::Beside("0.universe", "1"),
        name: "",
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "funding", How::Share),
            field(FactKind::FundingInterval, "", How::Always(3_600.0)),
            field(FactKind::NextFundingTime, "", How::NextHour),
            field(FactKind::MarkPrice, "markPx", How::Plain),
            field(FactKind::IndexPrice, "oraclePx", How::Plain),
            field(FactKind::OpenInterest, "openInterest", How::Plain),
            field(FactKind::Volume24h, "dayNtlVlm", How::Plain),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "meta",
        rows: Rows::At("universe"),
        name: "name",
        fields: &[
            field(FactKind::TradingStatus, "", How::FlagsIfSet(&[("isDelisted", TradingStatus::Closed)])),
            field(FactKind::MinSize, "szDecimals", How::Places),
            field(FactKind::MinNotional, "", How::Always(10.0)),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
