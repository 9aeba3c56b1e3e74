//! Frames and answers of OKX that others recorded or copied from its documents.

mod support;

use crossbook_trading::{Answer, Found, Read};
use support::{Recorded, fills, funding, open_orders, outcome, said};

const FRAMES: &str = "roq_frames.jsonl";

/// Read by none of our calls: settings, fees, limits, checks.
const OTHER: &[&str] = &[
    "jkorf_Endpoints_UnifiedApi_Account_GetAccountConfiguration.txt",
    "jkorf_Endpoints_UnifiedApi_Account_GetFeeRates.txt",
    "jkorf_Endpoints_UnifiedApi_ExchangeData_GetLimitPrice.txt",
    "jkorf_Endpoints_UnifiedApi_Trading_CancelAllAfter.txt",
    "jkorf_Endpoints_UnifiedApi_Trading_CheckOrder.txt",
    "jkorf_Endpoints_UnifiedApi_Trading_GetAccountRateLimit.txt",
    "nautilus_http_get_trade_fee_response.json",
    "nautilus_http_set_position_mode_response.json",
];

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn answers_over_the_socket_accept_and_refuse_by_the_row_s_own_code() {
    let okx = Recorded::of("okx");
    for (case, expected) in [
        ("order/success", "answer to 1000001: accepted 393513242072608785"),
        ("order/failure", "answer to 2000001: unknown 51016 Duplicated client order ID"),
        ("amend_order/success", "answer to 2000002: accepted 393936310213439488"),
        ("cancel_order/success", "answer to 2000003: accepted 393940260828377089"),
    ] {
        assert_eq!(said(&okx.told(FRAMES, case)), [expected]);
    }
    let placed = okx.told("jkorf_Socket_UnifiedApi_PlaceOrder.txt", "");
    assert_eq!(said(&placed), ["answer to 1: accepted 12345689"]);
    let cancelled = okx.told("jkorf_Socket_UnifiedApi_CancelOrder.txt", "");
    assert_eq!(said(&cancelled), ["answer to 1: accepted 2510789768709120"]);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn answers_over_http_are_read_alike() {
    let okx = Recorded::of("okx");
    let placed = okx.placed("jkorf_Endpoints_UnifiedApi_Trading_PlaceOrder.txt", "");
    assert_eq!(outcome(&placed), "accepted 312269865356374016");
    // The row alone, without what stands around it.
    let row = okx.body("nautilus_http_place_order_response.json", "");
    let answer = format!(r#"{{"code":"0","msg":"","data":[{row}]}}"#);
    let placed = okx.venue.placed(Answer { status: 200, body: answer.as_bytes() });
    assert_eq!(outcome(&placed), "accepted 12345678901234567890");
    let body = okx.body("jkorf_Endpoints_UnifiedApi_Trading_GetOrderDetails.txt", "");
    let Found::Order(report) = okx.venue.found(Answer { status: 200, body: body.as_bytes() }) else { panic!() };
    let fee = report.fee.unwrap();
    assert_eq!((fee.amount.to_string(), fee.currency.as_str()), ("0.00000192834".to_string(), "BTC"), "it was paid");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn pushes_of_orders_tell_the_order_and_its_last_fill() {
    let okx = Recorded::of("okx");
    let pushed = |name| said(&okx.told(name, ""));
    assert_eq!(said(&okx.told(FRAMES, "orders/simple")), ["Open 393890002618445825 'abcABC125' Buy 0/1 avg - Trade"]);
    assert_eq!(
        said(&okx.told(FRAMES, "orders/simple_2")),
        ["Open 641972610108518410 'X4BAEA772BXLWAABAAAAAAAA' Buy 0/0.0001 avg - Trade"]
    );
    assert_eq!(
        pushed("nautilus_ws_orders.json"),
        [
            "Filled 2497956918703120384 '001BTCUSDT20250106001' Buy 0.03/0.03 avg 103698.9 Trade",
            "fill BTC-USDT-SWAP/2497956918703120384/1518905529 Buy 0.03 at 103698.9 fee later maker Trade",
        ]
    );
    assert_eq!(
        pushed("jkorf_Subscriptions_Unified_Trading_Order.txt"),
        [
            "Filled 452197707845865472 '' Sell 0.001/0.001 avg 31527.1 Trade",
            "fill BTC-USDT/452197707845865472/242589207 Sell 0.001 at 31527.1 fee 0.02522168 USDT maker Trade",
        ]
    );
    assert_eq!(
        pushed("nautilus_ws_orders_ioc.json")[0],
        "Open 2497956918703120386 'IOC-TEST-001' Sell 0.02/0.05 avg 50100.5 Trade"
    );
    assert_eq!(
        pushed("nautilus_ws_orders_fok.json")[0],
        "Filled 2497956918703120385 'FOK-TEST-001' Buy 0.05/0.05 avg 50000.0 Trade"
    );
    assert_eq!(
        pushed("nautilus_ws_orders_adl.json")[0],
        "Filled 2497956918703121000 '' Buy 0.3/0.3 avg 41000.0 Deleveraging"
    );
    assert_eq!(
        pushed("nautilus_ws_orders_liquidation.json")[1],
        "fill BTC-USDT-SWAP/2497956918703120999/1518905999 Sell 0.5 at 40000.0 fee later taker Liquidation"
    );
    assert_eq!(
        pushed("jkorf_Subscriptions_Unified_Trading_UserTrade.txt"),
        ["fill BTC-USDT-SWAP/680800019749904384/12345 Buy 100 at 70000 fee later taker Trade"]
    );
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn accounts_and_positions_are_read_from_pushes_and_lists() {
    let okx = Recorded::of("okx");
    let pushed = |name| said(&okx.told(name, ""));
    assert_eq!(
        said(&okx.told(FRAMES, "account/simple")),
        [
            "balance BTC 0.0121475 free 0.0121475",
            "balance EOS 0.00005916 free 0.00005916",
            "balance OMG 0.00000635 free 0.00000635"
        ]
    );
    assert_eq!(
        pushed("jkorf_Subscriptions_Unified_Account_Balance.txt"),
        ["balance USDT 4750.426970691436 free 4734.371190691435"]
    );
    assert!(!pushed("nautilus_ws_account.json").is_empty());
    assert_eq!(
        pushed("jkorf_Subscriptions_Unified_Account_BalanceAndPosition.txt"),
        ["balance BTC 1 free ?", "position BTC-USD-191018 10 at 3320 hedge"]
    );
    assert_eq!(said(&okx.told(FRAMES, "balance_and_position/simple")).len(), 3);
    assert_eq!(
        said(&okx.told(FRAMES, "balance_and_position/simple_2")),
        ["balance USDT 200.5137143201668551 free ?", "position BTC-USDT-SWAP 1 at 43684"]
    );
    assert_eq!(
        pushed("jkorf_Subscriptions_Unified_Trading_Position.txt"),
        ["position ETH-USD-210430 1 at 2566.31 hedge"]
    );
    assert_eq!(okx.told(FRAMES, "positions/simple"), [], "the first of two of this name holds none");
    let listed = okx.listed(&Read::Positions, "nautilus_http_get_positions.json", "");
    assert_eq!(said(&listed), ["position BTC-USDT-SWAP 0.5 at 10000 hedge"]);
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn lists_of_orders_fills_and_bills_are_read() {
    let okx = Recorded::of("okx");
    assert_eq!(okx.listed(&open_orders(), FRAMES, "orders_pending_ack/empty"), []);
    assert_eq!(
        said(&okx.listed(&open_orders(), FRAMES, "orders_pending_ack/simple")),
        ["Open 393890002618445825 'abcABC125' Buy 0/1 avg - Trade"]
    );
    assert_eq!(
        said(&okx.listed(&open_orders(), "nautilus_http_get_orders_pending.json", "")),
        ["Open 1234567890123456789 'client-order-1' Buy 0/0.10 avg - Trade"]
    );
    assert_eq!(
        said(&okx.listed(&open_orders(), "nautilus_http_get_orders_history.json", "")),
        ["Filled 2497956918703120384 '' Buy 0.03/0.03 avg 103698.9 Trade"]
    );
    assert_eq!(
        said(&okx.listed(&fills(0), "jkorf_Endpoints_UnifiedApi_Trading_GetUserTrades.txt", "")),
        ["fill BTC-USDT/680800019749904384/744876980 Buy 0.00192834 at 51858 fee 0.00000192834 BTC taker Trade"]
    );
    let row = okx.body("nautilus_http_transaction_detail.json", "");
    let answer = format!(r#"{{"code":"0","msg":"","data":[{row}]}}"#);
    let listed = okx.venue.listed(&fills(0), Answer { status: 200, body: answer.as_bytes() }).unwrap();
    assert_eq!(
        said(&listed.events),
        ["fill BTC-USDT/987654321/123456789 Buy 0.001 at 42000.5 fee -0.042 USDT taker Trade"],
        "a positive fee is earned, though the example means it paid"
    );
    let listed = okx.listed(&funding(), "jkorf_Endpoints_UnifiedApi_Account_GetBillHistory.txt", "");
    assert_eq!(listed, [], "the bill is of a trade");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn what_the_session_says_is_told() {
    let okx = Recorded::of("okx");
    assert_eq!(said(&okx.told(FRAMES, "error/login")), ["error 60032 API key doesn't exist"]);
    assert_eq!(said(&okx.told(FRAMES, "notice/simple")), ["ending"]);
    assert!(said(&okx.told(FRAMES, "error/subscription"))[0].starts_with("error 60018 Wrong URL or channel"));
    OTHER.iter().for_each(|name| assert!(okx.body(name, "").contains("\"code\""), "{name}"));
}
