//! Facts of CoinDCX: mark and funding of the venue that it relays, and one pair's terms at a time.
//!
//! No index price, no open interest and no time of the next payment are told. `efr` is the rate of the coming payment, `fr` that
//! of the last. A pair that it does not know is answered with another's terms: the row's own name counts.

use crate::facts::{AT_MOMENTS, Asked, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

const STATUSES: &[(&str, TradingStatus)] = &[("active", TradingStatus::Trading), ("inactive", TradingStatus::Halted)];

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "current_prices",
        asked: every(15, 1, &["https://public.coindcx.com/market_data/v3/current_prices/futures/rt"]),
        rows: Rows::MapAt("prices"),
        name: "",
        time: ("/ts", How::Milliseconds),
        fields: &[
            AT_MOMENTS,
            field(FactKind::FundingRate, "efr", How::Share),
            field(FactKind::MarkPrice, "mp", How::Plain),
        ],
        certainty: Certainty::Reported,
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "instrument",
        asked: Asked::Each {
            seconds: 5,
            weight: 1,
            path: "/exchange/v1/derivatives/futures/data/instrument?pair={symbol}&margin_currency_short_name=USDT",
        },
        rows: Rows::At("instrument"),
        name: "pair",
        fields: &[
            field(FactKind::TradingStatus, "status", How::Status(STATUSES)),
            field(FactKind::FundingInterval, "funding_frequency", How::Hours),
            field(FactKind::LotSize, "quantity_increment", How::Plain),
            field(FactKind::TickSize, "price_increment", How::Plain),
            field(FactKind::MinSize, "min_quantity", How::Plain),
            field(FactKind::MinNotional, "min_notional", How::Plain),
        ],
        certainty: Certainty::Reported,
        ..FactPoll::USUAL
    },
];
