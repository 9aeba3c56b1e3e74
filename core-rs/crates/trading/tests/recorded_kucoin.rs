//! Frames and answers of KuCoin's classic futures that others recorded or copied from its documents.

mod support;

use crossbook_trading::{Answer, Found, Read};
use support::{Recorded, fills, funding, open_orders, outcome, said};

const FRAMES: &str = "roq_frames.jsonl";

/// Of the unified API, which is another, or read by none of our calls.
const OTHER: &[&str] = &[
    "jkorf_Endpoints_Futures_Account_GetTradingFee.txt",
    "jkorf_Endpoints_Unified_Account_GetAccountMode.txt",
    "jkorf_Endpoints_Unified_Account_GetAccountOverview.txt",
    "jkorf_Endpoints_Unified_Account_GetBalances.txt",
    "jkorf_Endpoints_Unified_Account_GetFeeRate.txt",
    "jkorf_Endpoints_Unified_Account_GetFundingFeeHistory.txt",
    "jkorf_Endpoints_Unified_Account_GetLeverage.txt",
    "jkorf_Endpoints_Unified_Trading_CancelOrder.txt",
    "jkorf_Endpoints_Unified_Trading_CancelOrders.txt",
    "jkorf_Endpoints_Unified_Trading_GetDcp.txt",
    "jkorf_Endpoints_Unified_Trading_GetOpenOrders.txt",
    "jkorf_Endpoints_Unified_Trading_GetOrder.txt",
    "jkorf_Endpoints_Unified_Trading_GetOrderHistory.txt",
    "jkorf_Endpoints_Unified_Trading_GetPositions.txt",
    "jkorf_Endpoints_Unified_Trading_GetUserTrades.txt",
    "jkorf_Endpoints_Unified_Trading_PlaceOrder.txt",
    "jkorf_Endpoints_Unified_Trading_SetDcp.txt",
];
/// Pushes of the unified API: nothing that the classic one says.
const OTHER_PUSHES: &[&str] = &[
    "jkorf_Subscriptions_Unified_Balance.txt",
    "jkorf_Subscriptions_Unified_Leverage.txt",
    "jkorf_Subscriptions_Unified_LiquidationWarning.txt",
    "jkorf_Subscriptions_Unified_Order.txt",
    "jkorf_Subscriptions_Unified_Position.txt",
    "jkorf_Subscriptions_Unified_UserTrade.txt",
];

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn answers_accept_and_refuse_by_their_code() {
    let kucoin = Recorded::of("kucoin");
    for (case, expected) in [
        ("ws_add_order_ack/success", "answer to IAACgxI9hU0AAQAAAAAA: accepted 403371203999346688"),
        ("ws_cancel_order_ack/success", "answer to 1AACM_ObhU0AAgAAAAAA: accepted "),
        ("ws_error/create_order", "answer to _QACfSLXfE0AAQAAAAAA: refused Funds 330008"),
        ("ws_error/cancel_order", "answer to FQACOz1kfU0AAgAAAAAA: refused Gone 100004"),
    ] {
        assert_eq!(said(&kucoin.told(FRAMES, case)), [expected]);
    }
    let placed = kucoin.placed("jkorf_Endpoints_Futures_Trading_PlaceOrder.txt", "");
    assert_eq!(outcome(&placed), "accepted 5bd6e9286d99522a52e458de");
    let cancelled = |name: &str, case: &str| outcome(&kucoin.cancelled(name, case));
    assert_eq!(cancelled("jkorf_Endpoints_Futures_Trading_CancelOrderByClientOrderId.txt", ""), "accepted ");
    assert_eq!(cancelled(FRAMES, "cancel_order_ack/success"), "accepted 358883601460314112");
    assert_eq!(cancelled(FRAMES, "cancel_order_ack/order_quantity_too_high"), "refused Gone 100004");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn pushes_of_orders_tell_the_order_and_its_last_fill() {
    let kucoin = Recorded::of("kucoin");
    assert_eq!(
        said(&kucoin.told(FRAMES, "order_change/match")),
        [
            "Open 359065448081260544 'hQACydAB7TQAAQAAAAAA' Buy 1/1 avg - Trade",
            "fill XBTUSDTM/359065448081260544/1873921404162 Buy 1 at 115549.8 fee later taker Trade",
        ]
    );
    assert_eq!(
        said(&kucoin.told(FRAMES, "order_change/canceled")),
        ["Cancelled 358721557486432258 'MwACgFskvDQAAQAAAAAA' Buy 0/1 avg - Trade"]
    );
    let example = ["Open 5cdfc138b21023a909e5ad55 '5ce24c16b210233c36ee321d' Buy 20000/20000 avg - Trade"];
    assert_eq!(said(&kucoin.told(FRAMES, "order_change/open")), example);
    assert_eq!(said(&kucoin.told("jkorf_Subscriptions_Futures_Order.txt", "")), example);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn lists_of_orders_and_fills_are_read() {
    let kucoin = Recorded::of("kucoin");
    assert_eq!(kucoin.listed(&open_orders(), FRAMES, "orders_ack/empty"), []);
    assert_eq!(
        said(&kucoin.listed(&open_orders(), FRAMES, "orders_ack/simple")),
        ["Open 358890922685038592 'cAACI8I11DQAAQAAAAAA' Buy 0/1 avg - Trade"]
    );
    let body = kucoin.body("jkorf_Endpoints_Futures_Trading_GetOrderByClientOrderId.txt", "");
    let Found::Order(report) = kucoin.venue.found(Answer { status: 200, body: body.as_bytes() }) else { panic!() };
    assert_eq!((report.filled, report.state), (20_000.into(), crossbook_trading::OrderState::Filled));
    assert_eq!(kucoin.listed(&fills(0), FRAMES, "fills_ack/empty"), []);
    assert_eq!(
        said(&kucoin.listed(&fills(0), FRAMES, "fills_ack/simple")),
        ["fill XBTUSDTM/359065448081260544/1873921404162 Buy 1 at 115549.8 fee 0.055463904 USDT taker Trade"],
        "the pushed fill under the same name, and now its fee"
    );
    let body = kucoin.body("jkorf_Endpoints_Futures_Trading_GetUserTrades.txt", "");
    let listed = kucoin.venue.listed(&fills(0), Answer { status: 200, body: body.as_bytes() }).unwrap();
    assert!(!listed.is_whole, "it is one page of 251915");
    assert_eq!(said(&listed.events).len(), 1);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn accounts_positions_and_funding_are_read() {
    let kucoin = Recorded::of("kucoin");
    let pushed = |name: &str| said(&kucoin.told(name, ""));
    assert_eq!(said(&kucoin.told(FRAMES, "position_change/simple")), ["position XBTUSDTM 0 at -"]);
    assert_eq!(pushed("jkorf_Subscriptions_Futures_Position.txt"), ["position XBTUSDM -20 at 7508.22"]);
    assert_eq!(kucoin.listed(&Read::Positions, FRAMES, "positions_ack/empty"), []);
    let long = ["position XBTUSDTM 1 at 115549.8"];
    assert_eq!(said(&kucoin.listed(&Read::Positions, FRAMES, "positions_ack/simple")), long);
    let listed = kucoin.listed(&Read::Positions, "jkorf_Endpoints_Futures_Account_GetPosition.txt", "");
    assert_eq!(said(&listed), ["position XBTUSDTM 1 at 40008.0"]);
    assert_eq!(said(&kucoin.told(FRAMES, "wallet_balance_change/simple")), ["balance USDT 100 free 100"]);
    let wallet = ["balance USDT 99.944536096 free 61.4194160998"];
    assert_eq!(said(&kucoin.told(FRAMES, "wallet_balance_change/simple_2")), wallet);
    assert_eq!(pushed("jkorf_Subscriptions_Futures_Wallet.txt"), ["balance XBT 2.002 free 2.002"]);
    assert_eq!(pushed("jkorf_Subscriptions_Futures_Balance.txt"), Vec::<String>::new(), "an older word");
    assert_eq!(said(&kucoin.listed(&Read::Balances, FRAMES, "account_ack/simple")), ["balance XBT 0 free 0"]);
    let listed = kucoin.listed(&Read::Balances, "jkorf_Endpoints_Futures_Account_GetAccountOverview.txt", "");
    assert_eq!(said(&listed), ["balance XBT 99.8999305281 free 99.8999305281"]);
    let body = kucoin.body("jkorf_Endpoints_Futures_Account_GetFundingHistory.txt", "");
    let listed = kucoin.venue.listed(&funding(), Answer { status: 200, body: body.as_bytes() }).unwrap();
    assert_eq!(said(&listed.events)[0], "funding 36275152660006 XBTUSDM -0.00000464 XBT");
    assert_eq!((listed.events.len(), listed.is_whole), (3, false), "it says that there are more");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn what_else_is_said_is_told() {
    let kucoin = Recorded::of("kucoin");
    for (name, expected) in [
        ("jkorf_Subscriptions_Futures_CrossMarginLeverage.txt", "settings changed"),
        ("jkorf_Subscriptions_Futures_MarginMode.txt", "settings changed"),
        ("jkorf_Subscriptions_Futures_FundingSettlement.txt", "funding settled"),
    ] {
        assert_eq!(said(&kucoin.told(name, "")), [expected]);
    }
    assert!(said(&kucoin.told(FRAMES, "match/simple"))[0].starts_with("unrecognised"), "it is public");
    for name in OTHER_PUSHES {
        assert!(said(&kucoin.told(name, ""))[0].starts_with("unrecognised"), "{name}");
    }
    OTHER.iter().for_each(|name| assert!(kucoin.body(name, "").contains("200000"), "{name}"));
}
