//! What is known of an opportunity when it is told: the features of models of its life. Everything here was known then;
//! what is not known is infinite.

use super::numbers::Top;
use super::pair::Pair;
use super::pasts::ln_ms;
use super::sanity::Sanity;

const MINUTE_NS: i64 = 60_000_000_000;
const DAY_NS: f64 = 86_400e9;

/// In the order of the features. Models are for one list of names: see `schema`.
pub(super) const NAMES: [&str; FEATURES] = [
    "net_percent",
    "ln_net_percent",
    "gross_percent",
    "fees_percent",
    "gap_z",
    "gap_deviation_percent",
    "net_in_deviations",
    "ln_wait_ms",
    "ln_buy_notional",
    "ln_sell_notional",
    "buy_spread_bps",
    "sell_spread_bps",
    "buy_imbalance",
    "sell_imbalance",
    "ln_buy_age_ms",
    "ln_sell_age_ms",
    "is_sell_newer",
    "active_pairs",
    "openings_60s",
    "ln_last_life_ms",
    "mean_ln_life_ms",
    "ln_lives",
    "buy_outlier_percent",
    "sell_outlier_percent",
    "venues",
    "move_1s",
    "move_15s",
    "move_60s",
    "sine_of_day",
    "cosine_of_day",
];
pub(super) const FEATURES: usize = 30;

/// FNV-1a of the names: features under another schema are other features.
pub fn schema() -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    NAMES.join(",").as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// Of a pair that is about to be told, which has paid since `open_ns`.
pub(super) fn observe(pair: &Pair<'_>, sanity: &Sanity, open_ns: i64) -> Vec<f64> {
    let (book, costs) = (pair.book, &pair.numbers.costs);
    let (buy, sell) = (&pair.numbers.buy, &pair.numbers.sell);
    let known = |value: Option<f64>| value.unwrap_or(f64::INFINITY);
    let past = book.pasts.of(pair.buy, pair.sell);
    let [move_1s, move_15s, move_60s] = book.gaps.moves();
    let turn = pair.now_ns as f64 / DAY_NS * std::f64::consts::TAU;
    let features: [f64; FEATURES] = [
        costs.net_percent,
        costs.net_percent.max(1e-6).ln(),
        costs.gross_percent,
        costs.entry_fees_percent + costs.exit_fees_percent,
        known(sanity.gap_z),
        known(sanity.gap_deviation_percent),
        known(sanity.gap_deviation_percent.map(|deviation| costs.net_percent / deviation)),
        ln_ms(pair.now_ns.saturating_sub(open_ns)),
        (buy.ask * buy.ask_size).max(1e-9).ln(),
        (sell.bid * sell.bid_size * pair.numbers.conversion.rate).max(1e-9).ln(),
        spread_bps(buy),
        spread_bps(sell),
        imbalance(buy),
        imbalance(sell),
        ln_ms(pair.now_ns.saturating_sub(buy.receive_ns)),
        ln_ms(pair.now_ns.saturating_sub(sell.receive_ns)),
        f64::from(u8::from(sell.receive_ns > buy.receive_ns)),
        f64::from(book.active),
        book.pasts.openings_since(pair.now_ns.saturating_sub(MINUTE_NS)),
        known(past.map(|(_, last, _)| last)),
        known(past.map(|(_, _, mean)| mean)),
        f64::from(past.map_or(0, |(lives, ..)| lives)).ln_1p(),
        known(sanity.buy_outlier_percent),
        known(sanity.sell_outlier_percent),
        f64::from(sanity.venues),
        move_1s,
        move_15s,
        move_60s,
        turn.sin(),
        turn.cos(),
    ];
    features.map(|value| if value.is_finite() { value } else { f64::INFINITY }).to_vec()
}

fn spread_bps(top: &Top) -> f64 {
    (top.ask - top.bid) / top.mid() * 1e4
}

/// From -1, all is asked, to 1.
fn imbalance(top: &Top) -> f64 {
    (top.bid_size - top.ask_size) / (top.bid_size + top.ask_size)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SECOND_NS, instrument, live, payload, scanner, settings};
    use super::*;

    const START_NS: i64 = 1_795_214_495 * SECOND_NS;

    #[test]
    fn what_is_told_at_opening_was_known_then() {
        let mut market = scanner(settings());
        let instruments = ["a", "b"].map(|venue| instrument(venue, "BTC"));
        let mut tell = |bid: f64, at_ns: i64| {
            let quotes = [live(0, 99.9, 100.0, 10.0, at_ns), live(1, bid, bid + 0.1, 20.0, at_ns)];
            market.on_batch(&payload(&instruments, &quotes), at_ns, 0).unwrap()
        };
        let first = tell(101.0, START_NS)[0].features.clone();
        assert_eq!(first.len(), FEATURES);
        let named = |features: &[f64], name: &str| features[NAMES.iter().position(|one| *one == name).unwrap()];
        assert_eq!((named(&first, "ln_last_life_ms"), named(&first, "gap_z")), (f64::INFINITY, f64::INFINITY));
        assert_eq!((named(&first, "ln_lives"), named(&first, "openings_60s")), (0.0, 0.0));
        assert!((named(&first, "ln_buy_notional") - 1000.0_f64.ln()).abs() < 1e-12);
        assert!((named(&first, "buy_spread_bps") - 10.0).abs() < 0.01);
        let closed = tell(100.0, START_NS + SECOND_NS);
        assert!(closed[0].features.is_empty(), "only when it opens");
        let second = tell(101.0, START_NS + 2 * SECOND_NS)[0].features.clone();
        assert!((named(&second, "ln_last_life_ms") - 1001.0_f64.ln()).abs() < 1e-12);
        assert_eq!((named(&second, "ln_lives"), named(&second, "openings_60s")), (2.0_f64.ln(), 1.0));
    }

    #[test]
    fn the_schema_is_of_the_names() {
        assert_ne!(schema(), 0);
        assert_eq!(NAMES.iter().collect::<std::collections::HashSet<_>>().len(), FEATURES);
    }
}
