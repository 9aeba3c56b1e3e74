//! What stands between gross and net.

/// Profit of buying at one price and selling at another, every part in percent of the buy notional.
///
/// With r = bid / ask, the sale's notional per unit of buy notional:
///
/// - gross = (bid - ask) / ask * 100
/// - entry = buy_fee + sell_fee * r: one taker fill on each leg, each fee taken on its own leg's notional
/// - exit  = entry: the position is closed by one taker fill on each leg at the notionals at which it was opened
/// - net   = gross - entry - exit
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    pub gross_percent: f64,
    pub entry_fees_percent: f64,
    pub exit_fees_percent: f64,
    pub net_percent: f64,
}

impl Costs {
    /// `ask` and `bid` are positive; fees are in percent of notional for one fill.
    pub fn between(ask: f64, bid: f64, buy_fee_percent: f64, sell_fee_percent: f64) -> Self {
        let gross_percent = (bid - ask) / ask * 100.0;
        let entry_fees_percent = buy_fee_percent + sell_fee_percent * (bid / ask);
        let exit_fees_percent = entry_fees_percent;
        let net_percent = gross_percent - entry_fees_percent - exit_fees_percent;
        Self { gross_percent, entry_fees_percent, exit_fees_percent, net_percent }
    }
}

/// What a coin sold at `bid` is worth after the fees of both its fills.
pub(super) fn proceeds(bid: f64, fee_percent: f64) -> f64 {
    bid * (1.0 - 2.0 * fee_percent / 100.0)
}

/// The proceeds that a coin bought at `ask` must bring for a net of `net_percent`. A pair nets at least `net_percent`
/// exactly when its proceeds reach this; it is lowered by far more than rounding can amount to and far less than
/// matters, so that comparing the two never hides a pair, and the formula above decides.
pub(super) fn required_proceeds(ask: f64, fee_percent: f64, net_percent: f64) -> f64 {
    let required = ask * (1.0 + (net_percent + 2.0 * fee_percent) / 100.0);
    required - (ask + required.abs()) * 1e-12
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_component_is_a_percentage_of_the_buy_notional() {
        let costs = Costs::between(100.0, 102.0, 0.05, 0.1);
        assert_eq!(costs.gross_percent, 2.0);
        assert!((costs.entry_fees_percent - (0.05 + 0.1 * 1.02)).abs() < 1e-15);
        assert_eq!(costs.exit_fees_percent, costs.entry_fees_percent);
        assert!((costs.net_percent - (2.0 - 2.0 * (0.05 + 0.102))).abs() < 1e-12);
    }

    #[test]
    fn a_losing_pair_is_negative() {
        assert!(Costs::between(100.0, 99.0, 0.0, 0.0).net_percent < -0.99);
    }

    proptest! {
        #[test]
        fn the_screen_never_hides_a_pair(
            ask in 1e-9..1e6f64, ratio in 0.5..2.0f64, buy_fee in 0.0..1.0f64, sell_fee in 0.0..1.0f64, nudge in -1e-9..1e-9f64,
        ) {
            let bid = ask * ratio;
            let net = Costs::between(ask, bid, buy_fee, sell_fee).net_percent;
            prop_assert!(proceeds(bid, sell_fee) >= required_proceeds(ask, buy_fee, net));
            let threshold = net + nudge + 1e-6;
            prop_assert!(proceeds(bid, sell_fee) < required_proceeds(ask, buy_fee, threshold));
        }
    }
}
