//! Frames and answers of Binance that others recorded or copied from its documents.

mod support;

use crossbook_trading::{Answer, Found, Read};
use support::{Recorded, outcome, said};

/// Read by none of our calls: an older form of the account, and limits.
const OTHER: &[&str] =
    &["nautilus_http_account_info_v2.json", "jkorf_Endpoints_UsdFutures_Account_GetOrderRateLimit.txt"];

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn answers_hold_the_order() {
    let binance = Recorded::of("binance");
    for (name, expected) in [
        ("jkorf_Socket_UsdFutures_Trading_PlaceOrder.txt", "answer to 1: accepted 325078477"),
        ("jkorf_Socket_UsdFutures_Trading_CancelOrder.txt", "answer to 1: accepted 283194212"),
        ("jkorf_Socket_UsdFutures_Trading_GetOrder.txt", "answer to 1: accepted 1917641"),
    ] {
        assert_eq!(said(&binance.told(name, "")), [expected]);
    }
    assert_eq!(outcome(&binance.placed("nautilus_http_order_response.json", "")), "accepted 12345678");
    let body = binance.body("nautilus_http_order_response.json", "");
    let Found::Order(report) = binance.venue.found(Answer { status: 200, body: body.as_bytes() }) else { panic!() };
    assert_eq!((report.client_id.as_str(), report.average_price), ("testOrder123", None));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn pushes_of_orders_tell_the_order_and_its_last_fill() {
    let binance = Recorded::of("binance");
    let pushed = |name: &str| said(&binance.told(name, ""));
    let of_no_fill = "Open 8886774 'TEST' Buy 0/0.001 avg - Trade";
    assert_eq!(pushed("nautilus_ud_order_update_new.json"), [of_no_fill]);
    assert_eq!(pushed("jkorf_Subscriptions_UsdFutures_OrderUpdate.txt"), [of_no_fill.replace("Buy", "Sell")]);
    let fill = "fill BTCUSDT/8886774/12345678 Buy 0.001 at 7100.50 fee 0.01000000 USDT maker Trade";
    assert_eq!(
        pushed("nautilus_ud_order_update_trade_partial.json"),
        ["Open 8886774 'TEST' Buy 0.001/0.002 avg 7100.50 Trade", fill]
    );
    assert_eq!(
        pushed("nautilus_ud_order_update_trade.json"),
        ["Open 8886774 'TEST' Buy 0.001/0.001 avg 7100.50 Trade", fill],
        "all of it is filled, and its edited status says a part"
    );
    assert_eq!(
        pushed("nautilus_ud_trade_lite.json"),
        ["fill BTCUSDT/8886774/12345678 Buy 0.001 at 7100.50 fee later maker Trade"],
        "the same fill, sooner"
    );
    assert_eq!(
        pushed("jkorf_Subscriptions_UsdFutures_TradeUpdate.txt"),
        ["fill BTCUSDT/8886774/109100866 Buy 0.040 at 64089.20 fee later taker Trade"]
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn orders_of_the_venue_s_own_are_known_by_their_names() {
    let binance = Recorded::of("binance");
    for (name, order, fill) in [
        (
            "nautilus_ud_order_update_adl.json",
            "Filled 8887001 'adl_autoclose_12345' Buy 0.005/0.005 avg 42000.00 Deleveraging",
            "fee 0.10500000 USDT taker Deleveraging",
        ),
        (
            "nautilus_ud_order_update_calculated.json",
            "Filled 8886999 'autoclose-1234567890' Sell 0.014/0.014 avg 9910.12 Liquidation",
            "fee 0.06937084 USDT taker Liquidation",
        ),
        (
            "nautilus_ud_order_update_insurance.json",
            "Filled 8887003 'autoclose-insurance-5678' Sell 0.020/0.020 avg 45000.00 Liquidation",
            "fee 0.45000000 USDT taker Liquidation",
        ),
        (
            "nautilus_ud_order_update_settlement.json",
            "Filled 8887002 'settlement_autoclose-9999' Sell 0.010/0.010 avg 50000.00 Settlement",
            "fee 0.25000000 USDT taker Settlement",
        ),
        (
            "nautilus_ud_order_update_delivery.json",
            "Filled 8887003 'delivery_autoclose-12345' Sell 1/1 avg 70000.0 Settlement",
            "fee later taker Settlement",
        ),
    ] {
        let events = said(&binance.told(name, ""));
        assert_eq!(events[0], order);
        assert!(events[1].ends_with(fill) && events.len() == 2, "{events:?}");
    }
    assert_eq!(
        said(&binance.told("nautilus_ud_order_update_calculated_pending.json", "")),
        ["Open 8887004 'autoclose-pending-0000' Sell 0/0.014 avg - Liquidation"]
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn accounts_and_positions_are_read_from_pushes_and_lists() {
    let binance = Recorded::of("binance");
    let pushed = |name: &str| said(&binance.told(name, ""));
    assert_eq!(
        pushed("nautilus_ud_account_update.json"),
        [
            "balance USDT 122624.12345678 free ?",
            "position BTCUSDT 0 at -",
            "position BTCUSDT 20 at 6563.6 hedge",
            "position BTCUSDT -10 at 6563.8 hedge",
        ]
    );
    assert_eq!(pushed("jkorf_Subscriptions_UsdFutures_AccountUpdate.txt").len(), 5);
    assert_eq!(pushed("nautilus_ud_account_update_bnfcr.json"), ["balance BNFCR 5001.28983031 free ?"]);
    let listed = binance.listed(&Read::Positions, "nautilus_http_position_risk.json", "");
    assert_eq!(said(&listed), ["position BTCUSDT 0.001 at 50000.0"]);
    let listed = binance.listed(&Read::Balances, "nautilus_http_balance.json", "");
    assert_eq!(said(&listed), ["balance USDT 122.12345678 free 122.12345678"]);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn what_the_session_says_is_told() {
    let binance = Recorded::of("binance");
    for (name, expected) in [
        ("jkorf_Subscriptions_UsdFutures_Leverage.txt", "settings changed"),
        ("jkorf_Subscriptions_UsdFutures_MarginUpdate.txt", "margin warning"),
        ("jkorf_Subscriptions_UsdFutures_ConditionalTrigger.txt", "conditional"),
        ("nautilus_ud_algo_update_new.json", "conditional"),
        ("nautilus_ud_algo_update_canceled.json", "conditional"),
    ] {
        assert_eq!(said(&binance.told(name, "")), [expected]);
    }
    OTHER.iter().for_each(|name| assert!(binance.body(name, "").contains('{'), "{name}"));
}
