//! Bybit v5 linear, orders. <https://bybit-exchange.github.io/docs/v5/order/create-order>
//!
//! 1. A request is signed over time, key, window and query or body, hexadecimal; the time must be less than a second ahead.
//! 2. Sizes are coins.
//! 3. `retCode` 0 means taken: `order` brings whether it stands. The window of the signature is all there is of a deadline.
//! 4. `orderLinkId` is refused for ever once it was used (110072). We use none twice, so one that is refused stands for an
//!    order of that name: unknown until it is asked for.
//! 5. 10000 and 10016 (the server's own time-out and failure) and all that is not listed: unknown.
//! 6. Unless the account is set otherwise, a price beyond the limit is moved to it: what an order's report says counts.
//! 7. A cancel that loses to a fill may have `Filled` told twice; a state `Rejected` may come with fills.
//! 8. `execFee` is positive where it is paid; in the account's log `funding` is positive where it is received. A fee without a
//!    currency is in the coin that the contract settles in, which its symbol ends with (PERP: USDC).

mod messages;

use crate::error::TradingError;
use crate::event::{Answered, Event, Notice};
use crate::order::{NewOrder, OrderName, TimeInForce};
use crate::outcome::{Found, Outcome, Refusal, unread};
use crate::session::{Environment, Method, Session, SignedRequest};
use crate::signing;
use crate::venue::{Answer, Hosts, Listed, Read, TradingVenue};
use crate::word::{Word, parse};
use crossbook_codec::FrameError;
use messages::{ExecutionRow, List, LogRow, OrderRow, PositionRow, Taken, WalletRow};
use serde::{Deserialize, Serialize};

/// Bybit.
pub struct Bybit;

const PLACE: &str = "/v5/order/create";
const CANCEL: &str = "/v5/order/cancel";
/// How long a question may be under way.
const WINDOW_MS: u32 = 5000;
/// How long a login is good for.
const LOGIN_MS: i64 = 5000;

const REFUSALS: &[(&str, Refusal)] = &[
    ("10001", Refusal::Request),
    ("10002", Refusal::Clock),
    ("10003", Refusal::Auth),
    ("10004", Refusal::Auth),
    ("10005", Refusal::Auth),
    ("10006", Refusal::Rate),
    ("10010", Refusal::Auth),
    ("10019", Refusal::Busy),
    ("10024", Refusal::Auth),
    ("10027", Refusal::Auth),
    ("10028", Refusal::Auth),
    ("10403", Refusal::Rate),
    ("10404", Refusal::Request),
    ("10429", Refusal::Rate),
    ("110003", Refusal::Price),
    ("110004", Refusal::Funds),
    ("110006", Refusal::Funds),
    ("110007", Refusal::Funds),
    ("110012", Refusal::Funds),
    ("110017", Refusal::NothingToReduce),
    ("110020", Refusal::Limits),
    ("110021", Refusal::Limits),
    ("110023", Refusal::Locked),
    ("110024", Refusal::Mode),
    ("110025", Refusal::Mode),
    ("110028", Refusal::Mode),
    ("110074", Refusal::Instrument),
    ("110094", Refusal::Size),
    ("110121", Refusal::Price),
];

/// Of a cancel: the order is done, or was never there.
const GONE: &[(&str, Refusal)] = &[("110001", Refusal::Gone), ("110008", Refusal::Gone), ("110010", Refusal::Gone)];

/// `{"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.01","price":"60000.1",...}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placing<'a> {
    category: &'static str,
    symbol: &'a str,
    side: &'static str,
    order_type: &'static str,
    qty: String,
    price: String,
    time_in_force: &'static str,
    position_idx: u8,
    order_link_id: String,
    reduce_only: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelling<'a> {
    category: &'static str,
    symbol: &'a str,
    order_link_id: String,
}

impl TradingVenue for Bybit {
    fn id(&self) -> &'static str {
        "bybit"
    }

    fn hosts(&self, environment: Environment) -> Option<Hosts> {
        Some(match environment {
            Environment::Live => Hosts { rest: "https://api.bybit.com", socket: "wss://stream.bybit.com/v5/private" },
            Environment::Demo => {
                Hosts { rest: "https://api-demo.bybit.com", socket: "wss://stream-demo.bybit.com/v5/private" }
            }
        })
    }

    /// The margin mode is the account's.
    fn place(&self, order: &NewOrder, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let body = json(&Placing {
            category: "linear",
            symbol: &order.native_symbol,
            side: order.side.word("Buy", "Sell"),
            order_type: "Limit",
            qty: order.size()?.to_string(),
            price: order.price()?.to_string(),
            time_in_force: match order.time_in_force {
                TimeInForce::ImmediateOrCancel => "IOC",
                TimeInForce::GoodTillCancelled => "GTC",
            },
            position_idx: 0,
            order_link_id: order.client_id.to_string(),
            reduce_only: order.is_reduce_only,
        });
        Ok(posted(PLACE, body, order.valid_ms, session))
    }

    fn cancel(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let OrderName { client_id, native_symbol: symbol, .. } = order;
        let body = json(&Cancelling { category: "linear", symbol, order_link_id: client_id.to_string() });
        Ok(posted(CANCEL, body, WINDOW_MS, session))
    }

    fn query(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let OrderName { client_id, native_symbol, .. } = order;
        let query = format!("category=linear&symbol={native_symbol}&orderLinkId={client_id}");
        Ok(asked("/v5/order/realtime", query, session))
    }

    fn read(&self, list: &Read, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let page = page(list);
        let (path, query) = match list {
            Read::OpenOrders { native_symbol } => {
                ("/v5/order/realtime", format!("category=linear&symbol={native_symbol}&openOnly=0&limit={page}"))
            }
            Read::Fills { native_symbol, since_ms } => (
                "/v5/execution/list",
                format!("category=linear&symbol={native_symbol}&startTime={since_ms}&limit={page}"),
            ),
            Read::Positions => ("/v5/position/list", format!("category=linear&settleCoin=USDT&limit={page}")),
            Read::Balances => ("/v5/account/wallet-balance", "accountType=UNIFIED".to_string()),
            Read::Funding { since_ms, .. } => (
                "/v5/account/transaction-log",
                format!("accountType=UNIFIED&category=linear&type=SETTLEMENT&startTime={since_ms}&limit={page}"),
            ),
        };
        Ok(asked(path, query, session))
    }

    fn placed(&self, answer: Answer<'_>) -> Outcome {
        taken(answer, REFUSALS)
    }

    fn cancelled(&self, answer: Answer<'_>) -> Outcome {
        taken(answer, &[GONE, REFUSALS].concat())
    }

    /// Nowhere is said of what is neither open nor among the last 500; fills tell the rest.
    fn found(&self, answer: Answer<'_>) -> Found {
        let unknown = || Found::Unknown { text: unread(answer.status, answer.body) };
        let Ok(list) = parse::<List<OrderRow>>(answer.body) else { return unknown() };
        match (list.ret_code.text(), list.rows()) {
            ("0", Ok([])) => Found::Nowhere,
            ("0", Ok([row])) => row.report().map_or_else(|_| unknown(), |report| Found::Order(Box::new(report))),
            _ => unknown(),
        }
    }

    fn listed(&self, list: &Read, answer: Answer<'_>) -> Result<Listed, FrameError> {
        let body = answer.body;
        let (rows, events) = match list {
            Read::OpenOrders { .. } => rows(body, |row: &OrderRow| Ok(vec![Event::Order(row.report()?)])),
            Read::Fills { .. } => rows(body, |row: &ExecutionRow| Ok(vec![row.event()?])),
            Read::Positions => rows(body, |row: &PositionRow| Ok(vec![Event::Position(row.position()?)])),
            Read::Balances => rows(body, WalletRow::balances),
            Read::Funding { .. } => rows(body, |row: &LogRow| Ok(vec![Event::Funding(row.funding()?)])),
        }?;
        Ok(Listed { events, is_whole: rows < page(list) })
    }

    fn opening(&self, session: &Session<'_>) -> Result<Vec<String>, TradingError> {
        let expires = session.now_ms + LOGIN_MS;
        let sign = signing::sha256_hex(&session.credentials.secret, &format!("GET/realtime{expires}"));
        let login = json(&(session.credentials.key(), expires, sign));
        Ok(vec![
            format!(r#"{{"req_id":"login","op":"auth","args":{login}}}"#),
            r#"{"req_id":"private","op":"subscribe","args":["order","execution","position","wallet"]}"#.to_string(),
        ])
    }

    fn ping(&self) -> Option<&'static str> {
        Some(r#"{"op":"ping"}"#)
    }

    fn decode(&self, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
        let message: Message<'_> = parse(frame)?;
        match (message.topic, message.op) {
            (Some(topic), _) => messages::pushed(topic, frame),
            (None, Some("order.create" | "order.amend")) => Ok(vec![message.answered(frame, REFUSALS)?]),
            (None, Some("order.cancel")) => Ok(vec![message.answered(frame, &[GONE, REFUSALS].concat())?]),
            (None, Some("auth" | "subscribe" | "ping" | "pong")) => Ok(vec![Event::Notice(message.notice())]),
            _ => Ok(vec![Event::unrecognised(frame)]),
        }
    }
}

/// `{"topic":"order","data":[...],...}`, `{"success":true,"ret_msg":"","op":"auth",...}`, or
/// `{"reqId":"1","retCode":0,"retMsg":"OK","op":"order.create","data":{...},...}`
#[derive(Deserialize)]
struct Message<'a> {
    topic: Option<&'a str>,
    op: Option<&'a str>,
    #[serde(rename = "reqId", default)]
    request_id: Word,
    #[serde(default)]
    success: Word,
    #[serde(default)]
    ret_msg: Word,
    #[serde(rename = "retCode", default)]
    ret_code: Word,
}

impl Message<'_> {
    fn answered(&self, frame: &[u8], refusals: &[(&str, Refusal)]) -> Result<Event, FrameError> {
        let outcome = parse::<Taken>(frame)?.outcome(refusals);
        Ok(Event::Answered(Answered { request_id: self.request_id.owned(), outcome }))
    }

    fn notice(&self) -> Notice {
        let is_fine = !self.success.is("false") && matches!(self.ret_code.text(), "" | "0");
        let error = || Notice::Error { code: self.ret_code.owned(), text: self.ret_msg.owned() };
        if is_fine { Notice::Fine } else { error() }
    }
}

fn taken(answer: Answer<'_>, refusals: &[(&str, Refusal)]) -> Outcome {
    let outcome = parse::<Taken>(answer.body).map(|taken| taken.outcome(refusals));
    match outcome {
        Ok(Outcome::Accepted { .. }) if answer.status != 200 => Outcome::unread(answer.status, answer.body),
        Ok(outcome) => outcome,
        Err(_) => Outcome::unread(answer.status, answer.body),
    }
}

/// Rows of one answer.
fn page(list: &Read) -> usize {
    match list {
        Read::Fills { .. } => 100,
        Read::Positions => 200,
        _ => 50,
    }
}

fn rows<T: for<'a> Deserialize<'a>>(
    body: &[u8],
    read: impl Fn(&T) -> Result<Vec<Event>, FrameError>,
) -> Result<(usize, Vec<Event>), FrameError> {
    let list: List<T> = parse(body)?;
    let rows = list.rows()?;
    let events: Vec<Vec<Event>> = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok((rows.len(), events.concat()))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON")
}

fn posted(path: &str, body: String, window_ms: u32, session: &Session<'_>) -> SignedRequest {
    let headers = headers(&body, window_ms, session);
    SignedRequest { method: Method::Post, target: path.to_string(), headers, body: Some(body) }
}

fn asked(path: &str, query: String, session: &Session<'_>) -> SignedRequest {
    let headers = headers(&query, WINDOW_MS, session);
    SignedRequest { method: Method::Get, target: format!("{path}?{query}"), headers, body: None }
}

/// Rule 1.
fn headers(signed: &str, window_ms: u32, session: &Session<'_>) -> Vec<(&'static str, String)> {
    let (key, now_ms) = (session.credentials.key(), session.now_ms);
    let sign = signing::sha256_hex(&session.credentials.secret, &format!("{now_ms}{key}{window_ms}{signed}"));
    vec![
        ("X-BAPI-API-KEY", key.to_string()),
        ("X-BAPI-TIMESTAMP", now_ms.to_string()),
        ("X-BAPI-RECV-WINDOW", window_ms.to_string()),
        ("X-BAPI-SIGN", sign),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::testing::{SENSELESS, answer, credentials, is_unknown, order, refusal, session};

    #[test]
    fn an_order_is_asked_for_with_a_bound_a_window_and_a_signature_over_all_of_it() {
        let credentials = credentials();
        let request = Bybit.place(&order(), &session(&credentials)).unwrap();
        let body = format!(
            r#"{{"category":"linear","symbol":"X-USD","side":"Buy","orderType":"Limit","qty":"0.01","price":"60000.1","timeInForce":"IOC","positionIdx":0,"orderLinkId":"{}","reduceOnly":false}}"#,
            order().client_id
        );
        let sign = signing::sha256_hex(&credentials.secret, &format!("1795996800000the key2000{body}"));
        assert_eq!((request.method, request.target.as_str()), (Method::Post, "/v5/order/create"));
        assert_eq!(request.body, Some(body));
        assert!(
            request.headers.contains(&("X-BAPI-SIGN", sign))
                && request.headers.contains(&("X-BAPI-RECV-WINDOW", "2000".to_string()))
        );
    }

    #[test]
    fn questions_are_signed_over_their_query() {
        let credentials = credentials();
        let request = Bybit.query(&order().name(), &session(&credentials)).unwrap();
        let query = format!("category=linear&symbol=X-USD&orderLinkId={}", order().client_id);
        let sign = signing::sha256_hex(&credentials.secret, &format!("1795996800000the key5000{query}"));
        assert_eq!(request.target, format!("/v5/order/realtime?{query}"));
        assert!(request.headers.contains(&("X-BAPI-SIGN", sign)));
        let login = &Bybit.opening(&session(&credentials)).unwrap()[0];
        let sign = signing::sha256_hex(&credentials.secret, "GET/realtime1795996805000");
        assert!(login.contains(&format!(r#""args":["the key",1795996805000,"{sign}"]"#)), "{login}");
    }

    #[test]
    fn only_listed_codes_refuse() {
        let error = |code: &str| format!(r#"{{"retCode":{code},"retMsg":"no","result":{{}}}}"#);
        for (code, reason) in REFUSALS {
            assert_eq!(refusal(&Bybit.placed(answer(200, &error(code)))), Some(*reason), "{code}");
        }
        for code in ["10000", "10016", "110072", "110001", "110079", "999999", "0"] {
            assert!(is_unknown(&Bybit.placed(answer(200, &error(code)))), "{code}");
        }
        for (code, reason) in GONE {
            assert_eq!(refusal(&Bybit.cancelled(answer(200, &error(code)))), Some(*reason), "{code}");
        }
        assert!(is_unknown(&Bybit.cancelled(answer(200, &error("110079")))), "it is being done");
        for text in SENSELESS {
            assert!(
                is_unknown(&Bybit.placed(answer(200, text))) && is_unknown(&Bybit.cancelled(answer(502, text))),
                "{text}"
            );
            assert!(matches!(Bybit.found(answer(200, text)), Found::Unknown { .. }), "{text}");
        }
    }

    #[test]
    fn success_names_the_order() {
        let taken = r#"{"retCode":0,"retMsg":"OK","result":{"orderId":"7","orderLinkId":"c"}}"#;
        let accepted = Outcome::Accepted { venue_order_id: "7".to_string(), report: None };
        assert_eq!(Bybit.placed(answer(200, taken)), accepted);
        assert!(is_unknown(&Bybit.placed(answer(503, taken))));
    }

    #[test]
    fn an_order_is_found_or_nowhere_and_an_error_says_neither() {
        let list = |rows: &str| format!(r#"{{"retCode":0,"retMsg":"OK","result":{{"list":[{rows}]}}}}"#);
        assert_eq!(Bybit.found(answer(200, &list(""))), Found::Nowhere);
        let row = r#"{"symbol":"X","orderId":"7","orderStatus":"Paused","cumExecQty":"0"}"#;
        let Found::Order(report) = Bybit.found(answer(200, &list(row))) else { panic!() };
        assert_eq!(report.state, crate::report::OrderState::Unknown("Paused".to_string()));
        let limited = r#"{"retCode":10006,"retMsg":"too many","result":{"list":[]}}"#;
        assert!(matches!(Bybit.found(answer(200, limited)), Found::Unknown { .. }));
        assert!(Bybit.listed(&Read::Positions, answer(200, limited)).is_err());
    }

    #[test]
    fn funding_is_positive_where_it_is_received_in_both_places() {
        let list = Read::Funding { native_symbol: "X".to_string(), since_ms: 0 };
        let log =
            r#"{"retCode":0,"result":{"list":[{"id":"9","symbol":"XUSDT","funding":"-0.0037","currency":"USDT"}]}}"#;
        let Event::Funding(logged) = Bybit.listed(&list, answer(200, log)).unwrap().events.remove(0) else { panic!() };
        let push = r#"{"topic":"execution","data":[{"symbol":"XUSDT","execType":"Funding","execFee":"0.0037"}]}"#;
        let Event::Funding(pushed) = Bybit.decode(push.as_bytes()).unwrap().remove(0) else { panic!() };
        assert_eq!((logged.amount, &logged.currency), (pushed.amount, &pushed.currency));
        assert_eq!((logged.amount.to_string(), logged.funding_id.as_str()), ("-0.0037".to_string(), "9"));
    }

    #[test]
    fn an_execution_of_a_kind_that_is_not_known_is_no_fill() {
        let push = |kind: &str| {
            let row = format!(
                r#"{{"symbol":"XPERP","execId":"1","orderId":"2","execType":"{kind}","execPrice":"3","execQty":"4","execFee":"5"}}"#
            );
            Bybit.decode(format!(r#"{{"topic":"execution.linear","data":[{row}]}}"#).as_bytes())
        };
        assert!(push("Party").is_err());
        let Event::Fill(fill) = push("BustTrade").unwrap().remove(0) else { panic!() };
        assert_eq!((fill.origin, fill.fee.unwrap().currency), (crate::report::Origin::Liquidation, "USDC".to_string()));
    }

    #[test]
    fn a_refused_login_and_what_is_not_known_are_told() {
        let told = |text: &str| Bybit.decode(text.as_bytes()).unwrap().remove(0);
        assert_eq!(told(r#"{"success":true,"ret_msg":"","op":"auth"}"#), Event::Notice(Notice::Fine));
        let refused = told(r#"{"success":false,"ret_msg":"Params Error","op":"auth"}"#);
        assert!(
            matches!(refused, Event::Notice(Notice::Error { ref text, .. }) if text == "Params Error"),
            "{refused:?}"
        );
        for frame in ["{}", r#"{"topic":"greeks","data":[]}"#, r#"{"op":"party"}"#] {
            assert!(matches!(told(frame), Event::Notice(Notice::Unrecognised { .. })), "{frame}");
        }
    }
}
