//! Frames and answers of Hyperliquid that others recorded.

mod support;

use crossbook_trading::Read;
use support::{Recorded, fills, open_orders, outcome, said};

const FRAMES: &str = "roq_frames.jsonl";

/// Balances of coins, which back no perpetual.
const OTHER: &[&str] = &["nautilus_http_spot_clearinghouse_state.json"];

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn answers_over_the_socket_are_those_over_http() {
    let hyperliquid = Recorded::of("hyperliquid");
    for (case, expected) in [
        ("action_order/create_success", "answer to 3000001: accepted 496160097503"),
        ("action_order/create_success_new", "answer to 3000004: accepted 505880037215"),
        ("action_order/create_failure", "answer to 3000001: refused Size Order must have minimum value of"),
        ("action_order/create_failure_20260803", "answer to 3000005: refused Size Order value too large"),
        ("action_cancel/cancel_success", "answer to 3000002: accepted "),
        (
            "action_cancel/cancel_failure",
            "answer to 3000003: refused Gone Order was never placed, already canceled, or filled",
        ),
    ] {
        assert_eq!(said(&hyperliquid.told(FRAMES, case)), [expected]);
    }
    let placed = |case: &str| outcome(&hyperliquid.placed(FRAMES, case));
    assert_eq!(placed("create_order_ack/success_created"), "accepted 311642020084");
    assert_eq!(placed("create_order_ack/success_filled"), "accepted 315445859529");
    for (case, reason) in [
        ("create_order_ack/failure_price", "Price"),
        ("create_order_ack/failure_quantity", "Size"),
        ("create_order_ack/ioc_failed", "NothingMatched"),
        ("create_order_ack/insufficient_margin", "Funds"),
        ("create_order_ack/general_failure", "Auth"),
    ] {
        assert!(placed(case).starts_with(&format!("refused {reason} ")), "{case}");
    }
    assert_eq!(
        placed("modify_order_ack/failure"),
        "unknown Attempted to modify to invalid new order",
        "we modify none"
    );
    assert_eq!(outcome(&hyperliquid.cancelled(FRAMES, "cancel_order_ack/success")), "accepted ");
    let gone = outcome(&hyperliquid.cancelled(FRAMES, "cancel_order_ack/already_canceled_or_filled"));
    assert!(gone.starts_with("refused Gone"), "{gone}");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn updates_of_orders_tell_what_is_filled_by_what_is_left() {
    let hyperliquid = Recorded::of("hyperliquid");
    let told = |case: &str| said(&hyperliquid.told(FRAMES, case));
    let name = "'0x00030050c6301a2b00000100000000d2'";
    assert_eq!(told("order_updates/create_resting"), [format!("Open 313890189710 {name} Buy 0.0/1.0 avg - Trade")]);
    assert_eq!(
        told("order_updates/cancel"),
        [format!("Cancelled 313890189710 {name} Buy 0.0/1.0 avg - Trade canceled")]
    );
    let name = "'0x000300511b45504e0000010000000054'";
    assert_eq!(
        told("order_updates/create_filled"),
        [
            format!("Open 315452584853 {name} Buy 0.00/0.01 avg - Trade"),
            format!("Filled 315452584853 {name} Buy 0.01/0.01 avg - Trade"),
        ],
        "both in one frame"
    );
    assert!(told("order_updates/create_failure_min_notional")[0].starts_with("Refused 315435025155"));
    assert!(told("order_updates/create_failure_")[0].ends_with("perpMarginRejected"));
    let open = said(&hyperliquid.listed(&open_orders(), FRAMES, "get_open_orders_ack/simple"));
    assert!(open.len() == 2 && open.iter().all(|order| order.starts_with("Open ")), "{open:?}");
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn fills_have_names_of_their_own_and_say_whose_doing_they_are() {
    let hyperliquid = Recorded::of("hyperliquid");
    assert_eq!(
        said(&hyperliquid.told(FRAMES, "user/fills")),
        ["fill ETH/315449302232/343484124188045/1770524192528 Sell 0.01 at 2067.2 fee 0.00893 USDC taker Trade"]
    );
    assert_eq!(
        said(&hyperliquid.told("nautilus_ws_user_fill_liquidation.json", "")),
        ["fill BTC/55030848197/745210434703679/1781528065899 Sell 0.001 at 66653.0 fee 0.009997 USDC maker Trade"],
        "another was liquidated into an order of this account"
    );
    let listed = said(&hyperliquid.listed(&fills(0), FRAMES, "get_user_fills_ack/simple"));
    assert!(listed[0].ends_with("taker Liquidation"), "this account was liquidated: {}", listed[0]);
    assert!(listed[5].ends_with("Conversion"), "{}", listed[5]);
    let snapshot = said(&hyperliquid.told(FRAMES, "user_fills/simple"));
    assert!(listed.iter().all(|fill| snapshot.contains(fill)), "the same by push and by list: {snapshot:#?}");
    let dust = said(&hyperliquid.listed(&fills(0), "nautilus_http_user_fills_dust_conversion.json", ""));
    let mut unique = dust.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), dust.len(), "trades of number 0 are told apart");
    assert!(dust.iter().any(|fill| fill.ends_with("Conversion")));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn funding_positions_and_balances_are_read() {
    let hyperliquid = Recorded::of("hyperliquid");
    assert_eq!(said(&hyperliquid.told(FRAMES, "user/funding")), ["funding BTC/1770523200069 BTC 0.000021 USDC"]);
    let fundings = said(&hyperliquid.told(FRAMES, "user_fundings/simple"));
    assert_eq!(fundings[0], "funding BTC/1770069600099 BTC 0.000502 USDC", "a long receives a negative rate");
    assert_eq!(fundings[3], "funding xyz:SILVER/1770372000053 xyz:SILVER -0.000794 USDC");
    let state = "get_clearing_house_state_ack/simple";
    assert_eq!(said(&hyperliquid.listed(&Read::Positions, FRAMES, state)), ["position BTC 0.00061 at 82771.8"]);
    assert_eq!(
        said(&hyperliquid.listed(&Read::Balances, FRAMES, state)),
        ["balance USDC 181.835906 free 174.241191"],
        "the account's value without what is not realised"
    );
    let empty = "get_clearing_house_state_ack/empty";
    assert_eq!(hyperliquid.listed(&Read::Positions, FRAMES, empty), []);
    let negative =
        hyperliquid.listed(&Read::Balances, "nautilus_http_clearinghouse_state_negative_total_raw_usd.json", "");
    assert_eq!(said(&negative), ["balance USDC 1736.030875 free 772.232111"]);
    OTHER.iter().for_each(|name| assert!(hyperliquid.body(name, "").contains("balances"), "{name}"));
}

#[test]
#[cfg_attr(not(recordings), ignore = "there is no folder ../shared/recordings-orders")]
fn what_else_is_said_is_told() {
    let hyperliquid = Recorded::of("hyperliquid");
    assert_eq!(said(&hyperliquid.told(FRAMES, "notification/resting_filled")), ["fine"]);
    let error = said(&hyperliquid.told(FRAMES, "error/simple"));
    assert!(error[0].starts_with("error  Error parsing JSON into valid websocket request"), "{error:?}");
}
