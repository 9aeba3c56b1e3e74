//! Settings, instruments, quotes and payloads for tests of the scan to start from.

mod facts;
mod oracle;
mod sizes;
mod verdicts;

use crossbook_market::{BookState, Instrument, Quote};
use crossbook_wire::encode_subscription_response;

use super::{Scanner, ScannerSettings};

pub(crate) const SECOND_NS: i64 = 1_000_000_000;

pub(crate) fn settings() -> ScannerSettings {
    ScannerSettings {
        open_net_percent: 0.1,
        close_net_percent: 0.02,
        update_step_percent: 0.05,
        min_life_ns: 0,
        max_age_ns: 10 * SECOND_NS,
        max_skew_ns: 5 * SECOND_NS,
        max_depth_age_ns: 5 * SECOND_NS,
        min_notional: 100.0,
        max_mid_difference_percent: 30.0,
        suspect_after_ns: 60 * SECOND_NS,
        dollar_currencies: ["USD", "USDC", "USDT"].map(str::to_owned).to_vec(),
        max_rate_age_ns: 30 * SECOND_NS,
        max_depeg_percent: 1.0,
        allow_depegged: false,
        max_net_percent: 5.0,
        assume_no_limits: true,
        holding_horizon_ns: 28_800_000_000_000,
        assume_no_funding: false,
        relays: vec![],
        equal_currencies: vec![vec!["USD".to_owned(), "USDT".to_owned()]],
    }
}

pub(crate) fn instrument(venue: &str, asset: &str) -> Instrument {
    Instrument {
        venue: venue.to_owned(),
        symbol: format!("{asset}/USDT:USDT"),
        native_symbol: format!("{asset}USDT"),
        asset: asset.to_owned(),
        quote_currency: "USDT".to_owned(),
        settle_currency: "USDT".to_owned(),
        taker_fee_percent: Some(0.05),
        maker_fee_percent: Some(0.02),
        ..Instrument::default()
    }
}

pub(crate) fn live(instrument: u32, bid: f64, ask: f64, size: f64, receive_ns: i64) -> Quote {
    Quote { instrument, state: BookState::Live, receive_ns, exchange_ns: 0, bid, bid_size: size, ask, ask_size: size }
}

/// A batch whose symbol numbers are places in `instruments`, all of them introduced.
pub(crate) fn payload(instruments: &[Instrument], quotes: &[Quote]) -> Vec<u8> {
    let symbols: Vec<(u32, &Instrument)> = (0..).zip(instruments).collect();
    encode_subscription_response("stream", 1, 1, &symbols, quotes, 0)
}

pub(crate) fn scanner(settings: ScannerSettings) -> Scanner {
    Scanner::new(settings).unwrap()
}
