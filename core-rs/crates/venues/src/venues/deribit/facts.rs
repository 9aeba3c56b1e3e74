//! Facts of Deribit: a summary of each currency's futures, and the instrument list.
//!
//! Funding accrues all the time; `current_funding` is the rate of eight hours that accrues now, `funding_8h` the mean of the last
//! eight. Open interest is US dollars where a contract is inverse, coins where it is linear.

use crate::facts::{CONTINUOUS, Certainty, FactPoll, How, Rows, every, field};
use crossbook_market::{FactKind, TradingStatus};

pub const POLLS: &[FactPoll] = &[
    FactPoll {
        source: "book_summary",
        asked: every(
            15,
            1,
            &[
                "/api/v2/public/get_book_summary_by_currency?currency=BTC&kind=future",
                "/api/v2/public/get_book_summary_by_currency?currency=ETH&kind=future",
                "/api/v2/public/get_book_summary_by_currency?currency=USDC&kind=future",
                "/api/v2/public/get_book_summary_by_currency?currency=USDT&kind=future",
            ],
        ),
        rows: Rows::At("result"),
        name: "instrument_name",
        time: ("creation_timestamp", How::Milliseconds),
        fields: &[
            CONTINUOUS,
            field(FactKind::FundingRate, "current_funding", How::Share),
            field(FactKind::FundingInterval, "", How::Always(28_800.0)),
            field(FactKind::MarkPrice, "mark_price", How::Plain),
            field(FactKind::IndexPrice, "estimated_delivery_price", How::Plain),
            field(FactKind::OpenInterest, "open_interest", How::ContractsAt("mark_price")),
            field(FactKind::Volume24h, "volume_notional", How::Plain),
            field(FactKind::Volume24h, "volume_usd", How::Plain),
        ],
        ..FactPoll::USUAL
    },
    FactPoll {
        source: "get_instruments",
        rows: Rows::At("result"),
        name: "instrument_name",
        fields: &[
            field(FactKind::TradingStatus, "", How::Flags(&[("!is_active", TradingStatus::Closed)])),
            field(FactKind::MinSize, "min_trade_amount", How::Contracts),
        ],
        certainty: Certainty::Captured,
        ..FactPoll::USUAL
    },
];
