//! OKX v5, orders of linear perpetual swaps. <https://www.okx.com/docs-v5/en/#order-book-trading-trade>
//!
//! 1. A request is signed over time, method, path with query and body, in base64; the time is UTC to the millisecond.
//! 2. Sizes are contracts.
//! 3. `sCode` 0 means taken, neither standing nor filled; the outer `code` speaks for all rows, each `sCode` for its own.
//! 4. `expTime` bounds when the venue may still take an order: it is always sent.
//! 5. `pxAmendType` 0: the venue refuses a price beyond its limit and does not move it.
//! 6. A client id must differ from those of pending orders alone. 51016, a repeated one, therefore says that another order of
//!    this name stands: that is no refusal of ours, and its outcome is unknown until it is asked for.
//! 7. 50004, 50026, 51149 and all that is not listed: unknown.
//! 8. `fee` is negative where it is paid.
//! 9. `orders` pushes the last fill of an order with its sums. Liquidations and deleveraging may have a trade id of 0, which
//!    is none: such a fill is told by the list of fills.
//! 10. In one-way mode `pos` has a sign; in hedge mode `posSide` says which side it is.

mod messages;

use crate::error::TradingError;
use crate::event::{Answered, Event, Notice};
use crate::order::{MarginMode, NewOrder, OrderName, TimeInForce};
use crate::outcome::{Found, Outcome, Refusal, unread};
use crate::session::{Environment, Method, Session, SignedRequest};
use crate::signing;
use crate::venue::{Answer, Hosts, Listed, Read, TradingVenue};
use crate::word::parse;
use crossbook_codec::FrameError;
use messages::{AccountRow, Acknowledgement, BillRow, Envelope, FillRow, Message, OrderRow, PositionRow};
use serde::Serialize;

/// OKX.
pub struct Okx;

/// Rows of one answer.
const PAGE: usize = 100;

const REFUSALS: &[(&str, Refusal)] = &[
    ("50001", Refusal::Busy),
    ("50011", Refusal::Rate),
    ("50013", Refusal::Busy),
    ("50061", Refusal::Rate),
    ("54094", Refusal::Rate),
    ("60014", Refusal::Rate),
    ("50102", Refusal::Clock),
    ("50112", Refusal::Clock),
    ("50101", Refusal::Auth),
    ("50105", Refusal::Auth),
    ("50110", Refusal::Auth),
    ("50111", Refusal::Auth),
    ("50113", Refusal::Auth),
    ("50119", Refusal::Auth),
    ("51000", Refusal::Request),
    ("51001", Refusal::Instrument),
    ("51006", Refusal::Price),
    ("51008", Refusal::Funds),
    ("51010", Refusal::Mode),
    ("51020", Refusal::Size),
    ("51021", Refusal::Instrument),
    ("51022", Refusal::Instrument),
    ("51023", Refusal::NothingToReduce),
    ("51027", Refusal::Instrument),
    ("51028", Refusal::Instrument),
    ("51029", Refusal::Settling),
    ("51030", Refusal::Settling),
    ("51121", Refusal::Size),
    ("51137", Refusal::Price),
    ("51138", Refusal::Price),
    ("51169", Refusal::NothingToReduce),
    ("51174", Refusal::Limits),
];

/// Of a cancel: the order is done, or was never there.
const GONE: &[(&str, Refusal)] =
    &[("51400", Refusal::Gone), ("51401", Refusal::Gone), ("51402", Refusal::Gone), ("51603", Refusal::Gone)];

/// `{"instId":"BTC-USDT-SWAP","tdMode":"cross","clOrdId":"...","side":"buy","ordType":"ioc","sz":"1","px":"60000.1"}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placing<'a> {
    inst_id: &'a str,
    td_mode: &'static str,
    cl_ord_id: String,
    side: &'static str,
    ord_type: &'static str,
    sz: String,
    px: String,
    pos_side: &'static str,
    reduce_only: bool,
    px_amend_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cancelling<'a> {
    inst_id: &'a str,
    cl_ord_id: String,
}

impl TradingVenue for Okx {
    fn id(&self) -> &'static str {
        "okx"
    }

    fn hosts(&self, environment: Environment) -> Option<Hosts> {
        let socket = match environment {
            Environment::Live => "wss://ws.okx.com:8443/ws/v5/private",
            Environment::Demo => "wss://wspap.okx.com:8443/ws/v5/private",
        };
        Some(Hosts { rest: "https://www.okx.com", socket })
    }

    fn place(&self, order: &NewOrder, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let body = json(&Placing {
            inst_id: &order.native_symbol,
            td_mode: match order.margin_mode {
                MarginMode::Cross => "cross",
                MarginMode::Isolated => "isolated",
            },
            cl_ord_id: order.client_id.to_string(),
            side: order.side.word("buy", "sell"),
            ord_type: match order.time_in_force {
                TimeInForce::ImmediateOrCancel => "ioc",
                TimeInForce::GoodTillCancelled => "limit",
            },
            sz: order.size()?.to_string(),
            px: order.price()?.to_string(),
            pos_side: "net",
            reduce_only: order.is_reduce_only,
            px_amend_type: "0",
        });
        let mut request = signed(Method::Post, "/api/v5/trade/order".to_string(), Some(body), session)?;
        request.headers.push(("expTime", (session.now_ms + i64::from(order.valid_ms)).to_string()));
        Ok(request)
    }

    fn cancel(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let body = json(&Cancelling { inst_id: &order.native_symbol, cl_ord_id: order.client_id.to_string() });
        signed(Method::Post, "/api/v5/trade/cancel-order".to_string(), Some(body), session)
    }

    fn query(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let OrderName { client_id, native_symbol, .. } = order;
        let target = format!("/api/v5/trade/order?instId={native_symbol}&clOrdId={client_id}");
        signed(Method::Get, target, None, session)
    }

    fn read(&self, list: &Read, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let of = |path: &str, symbol: &str| format!("/api/v5/{path}?instType=SWAP&instId={symbol}&limit={PAGE}");
        let target = match list {
            Read::OpenOrders { native_symbol } => of("trade/orders-pending", native_symbol),
            Read::Fills { native_symbol, since_ms } => {
                format!("{}&begin={since_ms}", of("trade/fills", native_symbol))
            }
            Read::Positions => "/api/v5/account/positions?instType=SWAP".to_string(),
            Read::Balances => "/api/v5/account/balance".to_string(),
            Read::Funding { native_symbol, since_ms } => {
                format!("{}&type=8&begin={since_ms}", of("account/bills", native_symbol))
            }
        };
        signed(Method::Get, target, None, session)
    }

    fn placed(&self, answer: Answer<'_>) -> Outcome {
        acknowledged(answer, REFUSALS)
    }

    fn cancelled(&self, answer: Answer<'_>) -> Outcome {
        acknowledged(answer, &[GONE, REFUSALS].concat())
    }

    fn found(&self, answer: Answer<'_>) -> Found {
        let unknown = || Found::Unknown { text: unread(answer.status, answer.body) };
        let Ok(envelope) = parse::<Envelope<OrderRow>>(answer.body) else { return unknown() };
        match (envelope.code.text(), envelope.data.as_slice()) {
            ("0", [row]) => row.report().map_or_else(|_| unknown(), |report| Found::Order(Box::new(report))),
            ("51603", _) => Found::Nowhere,
            _ => unknown(),
        }
    }

    fn listed(&self, list: &Read, answer: Answer<'_>) -> Result<Listed, FrameError> {
        let body = answer.body;
        let (rows, events) = match list {
            Read::OpenOrders { .. } => {
                rows(body, |row: &OrderRow| row.report().map(|report| vec![Event::Order(report)]))
            }
            Read::Fills { .. } => rows(body, |row: &FillRow| row.fill().map(|fill| vec![Event::Fill(fill)])),
            Read::Positions => rows(body, |row: &PositionRow| row.position().map(|one| vec![Event::Position(one)])),
            Read::Balances => rows(body, AccountRow::balances),
            Read::Funding { .. } => rows(body, |row: &BillRow| Ok(row.funding()?.into_iter().collect())),
        }?;
        let is_paged = !matches!(list, Read::Positions | Read::Balances);
        Ok(Listed { events, is_whole: !is_paged || rows < PAGE })
    }

    /// The login's time is in seconds.
    fn opening(&self, session: &Session<'_>) -> Result<Vec<String>, TradingError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Login<'a> {
            api_key: &'a str,
            passphrase: &'a str,
            timestamp: &'a str,
            sign: String,
        }
        let credentials = session.credentials;
        let timestamp = &(session.now_ms / 1000).to_string();
        let sign = signing::sha256_base64(&credentials.secret, &format!("{timestamp}GET/users/self/verify"));
        let passphrase = secrecy::ExposeSecret::expose_secret(credentials.passphrase()?);
        let login = json(&Login { api_key: credentials.key(), passphrase, timestamp, sign });
        let channel = |name: &str| format!(r#"{{"channel":"{name}","instType":"SWAP"}}"#);
        let channels = [channel("orders"), channel("positions"), r#"{"channel":"account"}"#.to_string()].join(",");
        Ok(vec![
            format!(r#"{{"op":"login","args":[{login}]}}"#),
            format!(r#"{{"op":"subscribe","args":[{channels}]}}"#),
        ])
    }

    fn ping(&self) -> Option<&'static str> {
        Some("ping")
    }

    fn decode(&self, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
        if frame == b"pong" {
            return Ok(vec![Event::Notice(Notice::Fine)]);
        }
        let message: Message<'_> = parse(frame)?;
        match (message.op, message.arg.as_ref().map(|arg| arg.channel), message.event) {
            (Some(op), ..) => Ok(vec![Event::Answered(Answered {
                request_id: message.id.owned(),
                outcome: socket_outcome(op, frame)?,
            })]),
            (_, _, Some(event)) => Ok(vec![Event::Notice(message.notice(event, frame))]),
            (_, Some(channel), None) => messages::pushed(channel, frame),
            _ => Ok(vec![Event::unrecognised(frame)]),
        }
    }
}

/// Rule 3: of one order, over the socket.
fn socket_outcome(op: &str, frame: &[u8]) -> Result<Outcome, FrameError> {
    let refusals = if op == "cancel-order" { [GONE, REFUSALS].concat() } else { REFUSALS.to_vec() };
    Ok(parse::<Envelope<Acknowledgement>>(frame)?.outcome(&refusals))
}

fn acknowledged(answer: Answer<'_>, refusals: &[(&str, Refusal)]) -> Outcome {
    let Ok(envelope) = parse::<Envelope<Acknowledgement>>(answer.body) else {
        return Outcome::unread(answer.status, answer.body);
    };
    match envelope.outcome(refusals) {
        Outcome::Accepted { .. } if answer.status != 200 => Outcome::unread(answer.status, answer.body),
        outcome => outcome,
    }
}

/// How many rows there were, and what they say.
fn rows<T: for<'a> serde::Deserialize<'a>>(
    body: &[u8],
    read: impl Fn(&T) -> Result<Vec<Event>, FrameError>,
) -> Result<(usize, Vec<Event>), FrameError> {
    let envelope: Envelope<T> = parse(body)?;
    if !envelope.code.is("0") {
        return Err(FrameError::Invalid("an answer that is no list"));
    }
    let events: Vec<Vec<Event>> = envelope.data.iter().map(read).collect::<Result<_, _>>()?;
    Ok((envelope.data.len(), events.concat()))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON")
}

fn signed(
    method: Method,
    target: String,
    body: Option<String>,
    session: &Session<'_>,
) -> Result<SignedRequest, TradingError> {
    let credentials = session.credentials;
    let time = signing::utc(session.now_ms);
    let text = format!("{time}{}{target}{}", method.name(), body.as_deref().unwrap_or_default());
    let passphrase = secrecy::ExposeSecret::expose_secret(credentials.passphrase()?);
    let mut headers = vec![
        ("OK-ACCESS-KEY", credentials.key().to_string()),
        ("OK-ACCESS-SIGN", signing::sha256_base64(&credentials.secret, &text)),
        ("OK-ACCESS-TIMESTAMP", time),
        ("OK-ACCESS-PASSPHRASE", passphrase.to_string()),
    ];
    if session.environment == Environment::Demo {
        headers.push(("x-simulated-trading", "1".to_string()));
    }
    Ok(SignedRequest { method, target, headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::testing::{SENSELESS, answer, credentials, is_unknown, order, refusal, session};

    fn header<'a>(request: &'a SignedRequest, name: &str) -> &'a str {
        request.headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    #[test]
    fn an_order_is_asked_for_with_a_bound_a_deadline_and_a_signature_over_all_of_it() {
        let credentials = credentials();
        let request = Okx.place(&order(), &session(&credentials)).unwrap();
        let client_id = order().client_id;
        let body = format!(
            r#"{{"instId":"X-USD","tdMode":"cross","clOrdId":"{client_id}","side":"buy","ordType":"ioc","sz":"0.01","px":"60000.1","posSide":"net","reduceOnly":false,"pxAmendType":"0"}}"#
        );
        assert_eq!((request.method, request.target.as_str()), (Method::Post, "/api/v5/trade/order"));
        assert_eq!(request.body.as_deref(), Some(body.as_str()));
        let text = format!("2026-11-30T00:00:00.000ZPOST/api/v5/trade/order{body}");
        assert_eq!(header(&request, "OK-ACCESS-SIGN"), signing::sha256_base64(&credentials.secret, &text));
        assert_eq!(header(&request, "OK-ACCESS-TIMESTAMP"), "2026-11-30T00:00:00.000Z");
        assert_eq!((header(&request, "expTime"), header(&request, "x-simulated-trading")), ("1795996802000", ""));
    }

    #[test]
    fn a_session_on_demo_says_so_and_has_a_socket_of_its_own() {
        let credentials = credentials();
        let demo = Session { environment: Environment::Demo, ..session(&credentials) };
        let request = Okx.query(&order().name(), &demo).unwrap();
        assert_eq!(header(&request, "x-simulated-trading"), "1");
        assert_eq!(request.target, format!("/api/v5/trade/order?instId=X-USD&clOrdId={}", order().client_id));
        assert_ne!(Okx.hosts(Environment::Demo), Okx.hosts(Environment::Live));
    }

    #[test]
    fn the_socket_logs_in_by_the_second_and_then_subscribes() {
        let credentials = credentials();
        let frames = Okx.opening(&session(&credentials)).unwrap();
        let sign = signing::sha256_base64(&credentials.secret, "1795996800GET/users/self/verify");
        assert!(frames[0].contains(r#""timestamp":"1795996800""#) && frames[0].contains(&sign), "{}", frames[0]);
        assert!(frames[1].contains(r#"{"channel":"orders","instType":"SWAP"}"#), "{}", frames[1]);
    }

    #[test]
    fn only_listed_codes_refuse_whatever_the_status() {
        let row =
            |code: &str| format!(r#"{{"code":"1","msg":"","data":[{{"ordId":"","sCode":"{code}","sMsg":"no"}}]}}"#);
        for (code, reason) in REFUSALS {
            assert_eq!(refusal(&Okx.placed(answer(200, &row(code)))), Some(*reason), "{code}");
        }
        for code in ["50004", "50026", "51149", "51016", "99999", ""] {
            assert!(is_unknown(&Okx.placed(answer(200, &row(code)))), "{code}");
        }
        let limited = r#"{"code":"50011","msg":"Too Many Requests","data":[]}"#;
        assert_eq!(refusal(&Okx.placed(answer(429, limited))), Some(Refusal::Rate));
        assert_eq!(refusal(&Okx.cancelled(answer(200, &row("51400")))), Some(Refusal::Gone));
        assert!(is_unknown(&Okx.placed(answer(200, &row("51400")))), "it is no answer to an order");
    }

    #[test]
    fn success_counts_in_an_answer_that_is_one_alone() {
        let taken = r#"{"code":"0","msg":"","data":[{"ordId":"7","sCode":"0","sMsg":""}]}"#;
        let accepted = Outcome::Accepted { venue_order_id: "7".to_string(), report: None };
        assert_eq!(Okx.placed(answer(200, taken)), accepted);
        assert!(is_unknown(&Okx.placed(answer(503, taken))));
        let two = taken.replace("[{", r#"[{"ordId":"8","sCode":"0","sMsg":""},{"#);
        assert!(is_unknown(&Okx.placed(answer(200, &two))));
        for text in SENSELESS {
            assert!(
                is_unknown(&Okx.placed(answer(200, text))) && is_unknown(&Okx.cancelled(answer(500, text))),
                "{text}"
            );
            assert!(matches!(Okx.found(answer(200, text)), Found::Unknown { .. }), "{text}");
        }
    }

    #[test]
    fn an_order_that_is_not_there_is_nowhere_and_one_of_an_unknown_state_is_in_doubt() {
        let absent = r#"{"code":"51603","msg":"Order does not exist","data":[]}"#;
        assert_eq!(Okx.found(answer(200, absent)), Found::Nowhere);
        let strange = r#"{"code":"0","data":[{"instId":"X","ordId":"7","state":"paused","accFillSz":"0"}]}"#;
        let Found::Order(report) = Okx.found(answer(200, strange)) else { panic!() };
        assert_eq!(report.state, crate::report::OrderState::Unknown("paused".to_string()));
    }

    #[test]
    fn a_list_that_is_refused_or_full_is_not_taken_for_all() {
        let list = Read::Fills { native_symbol: "X".to_string(), since_ms: 0 };
        assert!(Okx.listed(&list, answer(200, r#"{"code":"50011","msg":"","data":[]}"#)).is_err());
        let row = r#"{"instId":"X","ordId":"1","tradeId":"2","fillPx":"3","fillSz":"4"}"#;
        let full = format!(r#"{{"code":"0","data":[{}]}}"#, [row; PAGE].join(","));
        assert!(!Okx.listed(&list, answer(200, &full)).unwrap().is_whole);
    }

    #[test]
    fn funding_is_what_the_balance_and_the_position_s_own_moved_by() {
        let bill = r#"{"code":"0","data":[{"billId":"9","type":"8","subType":"173","balChg":"-0.5","posBalChg":"0","ccy":"USDT","instId":"X"}]}"#;
        let list = Read::Funding { native_symbol: "X".to_string(), since_ms: 0 };
        let Event::Funding(funding) = &Okx.listed(&list, answer(200, bill)).unwrap().events[0] else { panic!() };
        assert_eq!((funding.amount.to_string(), funding.funding_id.as_str()), ("-0.5".to_string(), "9"));
    }

    #[test]
    fn a_short_side_is_negative_and_a_fill_without_a_number_is_left_to_the_list() {
        let push = |channel: &str, row: &str| {
            Okx.decode(format!(r#"{{"arg":{{"channel":"{channel}"}},"data":[{row}]}}"#).as_bytes())
        };
        let events = push("positions", r#"{"instId":"X","posSide":"short","pos":"3","avgPx":"5"}"#).unwrap();
        let Event::Position(position) = &events[0] else { panic!() };
        assert_eq!((position.size.to_string(), position.is_hedge_mode), ("-3".to_string(), true));
        assert!(push("positions", r#"{"instId":"X","posSide":"both","pos":"3"}"#).is_err());
        let row =
            r#"{"instId":"X","ordId":"1","state":"filled","accFillSz":"1","fillSz":"1","fillPx":"2","tradeId":"0"}"#;
        assert_eq!(push("orders", row).unwrap().len(), 1);
        assert!(push("orders", r#"{"instId":"X","ordId":"1","state":"live","accFillSz":"x"}"#).is_err());
        assert!(matches!(push("grid", "{}").unwrap()[0], Event::Notice(Notice::Unrecognised { .. })));
    }

    #[test]
    fn the_session_s_own_frames_are_told() {
        let told = |text: &str| Okx.decode(text.as_bytes()).unwrap().remove(0);
        assert_eq!(told("pong"), Event::Notice(Notice::Fine));
        assert_eq!(told(r#"{"event":"login","code":"0","msg":"","connId":"a"}"#), Event::Notice(Notice::Fine));
        let error = Notice::Error { code: "60009".to_string(), text: "Login failed".to_string() };
        assert_eq!(told(r#"{"event":"login","code":"60009","msg":"Login failed"}"#), Event::Notice(error));
        assert!(matches!(told(r#"{"event":"party"}"#), Event::Notice(Notice::Unrecognised { .. })));
        assert!(Okx.decode(b"{").is_err());
    }
}
