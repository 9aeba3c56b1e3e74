//! Frames and answers of Bybit that others recorded or copied from its documents.

mod support;

use crossbook_trading::Read;
use support::{Recorded, fills, open_orders, said};

/// Read by none of our calls: settings and fees.
const OTHER: &[&str] = &["nautilus_http_get_account_info.json", "nautilus_http_get_fee_rate.json"];

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn answers_over_the_socket_name_the_order() {
    let bybit = Recorded::of("bybit");
    let id = "a4c1718e-fe53-4659-a118-1f6ecce04ad9";
    for (name, expected) in [
        ("jkorf_Socket_V5Api_Private_PlaceOrder.txt", format!("answer to 2: accepted {id}")),
        ("jkorf_Socket_V5Api_Private_EditOrder.txt", format!("answer to 2: accepted {id}")),
        ("jkorf_Socket_V5Api_Private_CancelOrder.txt", format!("answer to 2: accepted {id}")),
        ("nautilus_ws_order_response.json", "answer to order-req-001: accepted 1726025498520715008".to_string()),
    ] {
        assert_eq!(said(&bybit.told(name, "")), [expected]);
    }
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn pushes_of_orders_tell_their_state_and_their_sums() {
    let bybit = Recorded::of("bybit");
    for (name, expected) in [
        ("nautilus_ws_account_order.json", "Cancelled abcdef123456 'client-1' Buy 0/0.010 avg - Trade CancelByUser"),
        (
            "nautilus_ws_account_order_filled.json",
            "Filled 5cf98598-39a7-459e-97bf-76ca765ee020 'test-client-order-001' Buy 0.100/0.100 avg 30000.50 Trade",
        ),
        (
            "nautilus_ws_account_order_partially_filled_rejected.json",
            "Refused 5cf98598-39a7-459e-97bf-76ca765ee021 'O-20251001-164609-APEX-000-49' Buy 50.0/100.0 avg 1.500 Trade",
        ),
        (
            "jkorf_Subscriptions_V5_Private_Order.txt",
            "Filled 5cf98598-39a7-459e-97bf-76ca765ee020 '' Sell 1/1 avg 75 Trade",
        ),
    ] {
        assert_eq!(said(&bybit.told(name, "")), [expected]);
    }
    let listed = bybit.listed(&open_orders(), "nautilus_http_get_orders_realtime.json", "");
    assert_eq!(
        said(&listed),
        [
            "Open open-order-1 'client-open-1' Buy 0/0.010 avg - Trade",
            "Open open-order-2 'client-open-2' Sell 0/0.010 avg - Trade",
        ]
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn executions_are_fills_with_their_fees() {
    let bybit = Recorded::of("bybit");
    for (name, expected) in [
        (
            "nautilus_ws_account_execution.json",
            "fill 0ab1bdf7-4219-438b-b30a-32ec863018f7 Sell 0.5 at 95900.1 fee 26.3725275 USDT taker Trade",
        ),
        (
            "nautilus_ws_account_execution_adl.json",
            "fill 0ab1bdf7-4219-438b-b30a-32ec863018f8 Sell 0.5 at 95850.0 fee 0 USDT taker Deleveraging",
        ),
        (
            "nautilus_ws_account_execution_fast.json",
            "fill 3510f361-0add-5c7b-a2e7-9679810944fc Sell 3000 at 12.015 fee later taker Trade",
        ),
        (
            "jkorf_Subscriptions_V5_Private_MinimalUserTrades.txt",
            "fill 3510f361-0add-5c7b-a2e7-9679810944fc Sell 3000 at 12.015 fee later ? Trade",
        ),
        (
            "jkorf_Subscriptions_V5_Private_UserTrades.txt",
            "fill 7e2ae69c-4edf-5800-a352-893d52b446aa Sell 25 at 0.3374 fee 0.005061 USDT taker Trade",
        ),
    ] {
        assert_eq!(said(&bybit.told(name, "")), [expected], "{name}");
    }
    let listed = bybit.listed(&fills(0), "nautilus_http_get_executions.json", "");
    assert_eq!(
        said(&listed),
        [
            "fill e0cbe81d-0f18-5866-9415-cf319b5dab3b Buy 0.100 at 50000.00 fee 0.0150 USDT maker Trade",
            "fill f1dce92e-1g29-6977-a526-dg420c6ecb4c Sell 0.500 at 3000.00 fee 0.9000 USDT taker Trade",
        ],
        "the second's id is no hexadecimal number: the example was made by hand"
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn positions_and_wallets_are_read_from_pushes_and_lists() {
    let bybit = Recorded::of("bybit");
    let pushed = |name: &str| said(&bybit.told(name, ""));
    let short = ["position ETHUSDT -0.01 at 3641.075"];
    assert_eq!(pushed("nautilus_ws_account_position.json"), short);
    assert_eq!(pushed("nautilus_ws_account_position_short.json"), short);
    assert_eq!(pushed("jkorf_Subscriptions_V5_Private_Position.txt"), ["position BTCUSDT 0 at - hedge"]);
    let wallet = "balance BTC 0.00102964 free ?";
    assert_eq!(pushed("jkorf_Subscriptions_V5_Private_Balance.txt"), [wallet]);
    assert_eq!(pushed("nautilus_ws_account_wallet.json"), [wallet, "balance USDT 9647.75537647 free ?"]);
    assert_eq!(
        said(&bybit.listed(&Read::Positions, "nautilus_http_get_positions.json", "")),
        ["position BTCUSDT 0.5 at 50000.00", "position ETHUSDT -5.0 at 3000.00", "position SOLUSDT 0 at -"]
    );
    let listed = bybit.listed(&Read::Balances, "nautilus_http_get_wallet_balance.json", "");
    assert!(!listed.is_empty());
    OTHER.iter().for_each(|name| assert!(bybit.body(name, "").contains("retCode"), "{name}"));
}
