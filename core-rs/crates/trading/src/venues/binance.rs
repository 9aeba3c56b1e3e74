//! Binance USD-M futures, orders. <https://developers.binance.com/docs/derivatives/usds-margined-futures>
//!
//! 1. All parameters stand in the query, percent-encoded before they are signed; the signature, hexadecimal, is the last.
//! 2. Sizes are coins.
//! 3. `recvWindow` is the deadline: the matching engine looks at it once more (-5028).
//! 4. `newOrderRespType=RESULT`: the answer to an order that does not rest holds its final state.
//! 5. HTTP 503 means three things: `Unknown error...` may have been carried out; `Service Unavailable.` and -1008 were not.
//!    -1006 and -1007 are unknown.
//! 6. A client id must differ from those of open orders alone. -4116, a repeated one, says that another order of this name
//!    stands: unknown until it is asked for.
//! 7. -2013 (query) and -2011 (cancel): no such order, or none any more.
//! 8. A fill may be told twice: in TRADE_LITE, sooner and without its fee, and in ORDER_TRADE_UPDATE.
//! 9. Orders of the venue's own have client ids of its own: autoclose-, adl_autoclose, settlement_autoclose-,
//!    delivery_autoclose-. Their status NEW_ADL or NEW_INSURANCE says whose book they came from, not how far they are.
//! 10. A commission is positive where it is paid; funding is positive where it is received.

mod account;
mod orders;

use crate::error::TradingError;
use crate::event::{Answered, Event, Notice};
use crate::order::{NewOrder, OrderName, TimeInForce};
use crate::outcome::{Found, Outcome, Refusal, unread};
use crate::session::{Environment, Method, Session, SignedRequest};
use crate::signing;
use crate::venue::{Answer, Hosts, Listed, Read, TradingVenue};
use crate::word::{Word, parse, words};
use account::{BalanceRow, IncomeRow, PositionRow};
use crossbook_codec::FrameError;
use crossbook_codec::urls::query_value;
use orders::{ErrorAnswer, Order, TradeRow};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Binance.
pub struct Binance;

/// Rows of one answer.
const PAGE: usize = 1000;
/// How long a question may be under way.
const WINDOW_MS: u32 = 5000;

const REFUSALS: &[(&str, Refusal)] = &[
    ("-1003", Refusal::Rate),
    ("-1008", Refusal::Busy),
    ("-1015", Refusal::Rate),
    ("-1021", Refusal::Clock),
    ("-1022", Refusal::Auth),
    ("-1111", Refusal::Size),
    ("-1121", Refusal::Instrument),
    ("-2014", Refusal::Auth),
    ("-2015", Refusal::Auth),
    ("-2018", Refusal::Funds),
    ("-2019", Refusal::Funds),
    ("-2021", Refusal::Price),
    ("-2022", Refusal::NothingToReduce),
    ("-2024", Refusal::NothingToReduce),
    ("-2027", Refusal::Limits),
    ("-4003", Refusal::Size),
    ("-4004", Refusal::Size),
    ("-4005", Refusal::Size),
    ("-4014", Refusal::Price),
    ("-4016", Refusal::Price),
    ("-4023", Refusal::Size),
    ("-4024", Refusal::Price),
    ("-4061", Refusal::Mode),
    ("-4109", Refusal::Auth),
    ("-4131", Refusal::Price),
    ("-4140", Refusal::Instrument),
    ("-4141", Refusal::Instrument),
    ("-4164", Refusal::Size),
    ("-4192", Refusal::Locked),
    ("-4400", Refusal::Locked),
    ("-4401", Refusal::Locked),
    ("-5021", Refusal::NothingMatched),
    ("-5022", Refusal::WouldTake),
    ("-5028", Refusal::Clock),
];

/// Of a cancel, rule 7.
const GONE: (&str, Refusal) = ("-2011", Refusal::Gone);

impl TradingVenue for Binance {
    fn id(&self) -> &'static str {
        "binance"
    }

    fn hosts(&self, environment: Environment) -> Option<Hosts> {
        Some(match environment {
            Environment::Live => {
                Hosts { rest: "https://fapi.binance.com", socket: "wss://fstream.binance.com/private/ws" }
            }
            Environment::Demo => {
                Hosts { rest: "https://demo-fapi.binance.com", socket: "wss://fstream.binancefuture.com/private/ws" }
            }
        })
    }

    fn place(&self, order: &NewOrder, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let time_in_force = match order.time_in_force {
            TimeInForce::ImmediateOrCancel => "IOC",
            TimeInForce::GoodTillCancelled => "GTC",
        };
        let mut query = Query::of("symbol", &order.native_symbol)
            .and("side", order.side.word("BUY", "SELL"))
            .and("positionSide", "BOTH")
            .and("type", "LIMIT")
            .and("timeInForce", time_in_force)
            .and("quantity", &order.size()?.to_string())
            .and("price", &order.price()?.to_string())
            .and("newClientOrderId", &order.client_id.to_string())
            .and("newOrderRespType", "RESULT");
        if order.is_reduce_only {
            query = query.and("reduceOnly", "true");
        }
        Ok(query.signed(Method::Post, "/fapi/v1/order", order.valid_ms, session))
    }

    fn cancel(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        Ok(named(order).signed(Method::Delete, "/fapi/v1/order", WINDOW_MS, session))
    }

    fn query(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        Ok(named(order).signed(Method::Get, "/fapi/v1/order", WINDOW_MS, session))
    }

    fn read(&self, list: &Read, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let since = |symbol: &str, since_ms: i64| {
            Query::of("symbol", symbol).and("startTime", &since_ms.to_string()).and("limit", &PAGE.to_string())
        };
        let (path, query) = match list {
            Read::OpenOrders { native_symbol } => ("/fapi/v1/openOrders", Query::of("symbol", native_symbol)),
            Read::Fills { native_symbol, since_ms } => ("/fapi/v1/userTrades", since(native_symbol, *since_ms)),
            Read::Positions => ("/fapi/v3/positionRisk", Query::default()),
            Read::Balances => ("/fapi/v3/balance", Query::default()),
            Read::Funding { native_symbol, since_ms } => {
                ("/fapi/v1/income", since(native_symbol, *since_ms).and("incomeType", "FUNDING_FEE"))
            }
        };
        Ok(query.signed(Method::Get, path, WINDOW_MS, session))
    }

    fn placed(&self, answer: Answer<'_>) -> Outcome {
        outcome(answer.status, answer.body, REFUSALS)
    }

    fn cancelled(&self, answer: Answer<'_>) -> Outcome {
        outcome(answer.status, answer.body, &[&[GONE], REFUSALS].concat())
    }

    fn found(&self, answer: Answer<'_>) -> Found {
        let unknown = || Found::Unknown { text: unread(answer.status, answer.body) };
        if let Ok(error) = parse::<ErrorAnswer>(answer.body) {
            return if error.code.is("-2013") { Found::Nowhere } else { unknown() };
        }
        let report = parse::<Order>(answer.body).and_then(|order| order.report());
        report.map_or_else(|_| unknown(), |report| Found::Order(Box::new(report)))
    }

    fn listed(&self, list: &Read, answer: Answer<'_>) -> Result<Listed, FrameError> {
        let body = answer.body;
        let events = match list {
            Read::OpenOrders { .. } => rows(body, |row: &Order| row.report().map(Event::Order)),
            Read::Fills { .. } => rows(body, |row: &TradeRow| row.fill().map(Event::Fill)),
            Read::Positions => rows(body, |row: &PositionRow| row.position().map(Event::Position)),
            Read::Balances => rows(body, |row: &BalanceRow| row.balance().map(Event::Balance)),
            Read::Funding { .. } => rows(body, |row: &IncomeRow| row.funding().map(Event::Funding)),
        }?;
        let is_paged = matches!(list, Read::Fills { .. } | Read::Funding { .. });
        Ok(Listed { is_whole: !is_paged || events.len() < PAGE, events })
    }

    /// The key of the stream, good for an hour; asked for once more it lives longer. It is not signed.
    fn ticket(&self, session: &Session<'_>) -> Result<Option<SignedRequest>, TradingError> {
        let headers = vec![("X-MBX-APIKEY", session.credentials.key().to_string())];
        let target = "/fapi/v1/listenKey".to_string();
        Ok(Some(SignedRequest { method: Method::Post, target, headers, body: None }))
    }

    fn socket_url(&self, hosts: &Hosts, ticket: &[u8]) -> Result<String, FrameError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Key {
            listen_key: Word,
        }
        match parse::<Key>(ticket)?.listen_key.text() {
            "" => Err(FrameError::Missing("listenKey")),
            key => Ok(format!("{}/{key}", hosts.socket)),
        }
    }

    /// The address says which stream it is.
    fn opening(&self, _session: &Session<'_>) -> Result<Vec<String>, TradingError> {
        Ok(Vec::new())
    }

    /// The venue pings by frames of the protocol.
    fn ping(&self) -> Option<&'static str> {
        None
    }

    fn decode(&self, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
        let outer: Outer<'_> = parse(frame)?;
        match (outer.data, outer.status.text(), outer.event) {
            (Some(data), ..) => self.decode(data.get().as_bytes()),
            (None, "", Some(event)) => told(event, frame),
            (None, "", None) if !outer.id.is_empty() => Ok(vec![Event::Notice(Notice::Fine)]),
            (None, "", None) => Ok(vec![Event::unrecognised(frame)]),
            (None, status, _) => {
                let body = outer.result.or(outer.error).map_or("", RawValue::get).as_bytes();
                let status = status.parse().map_err(|_| FrameError::Invalid("status"))?;
                let refusals = [&[GONE], REFUSALS].concat();
                let (request_id, outcome) = (outer.id.owned(), outcome(status, body, &refusals));
                Ok(vec![Event::Answered(Answered { request_id, outcome })])
            }
        }
    }
}

/// `{"stream":"...","data":{...}}` around an event, or the event; or `{"id":"1","status":200,"result":{...}}`.
#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(rename = "e")]
    event: Option<&'a str>,
    #[serde(default)]
    id: Word,
    #[serde(default)]
    status: Word,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// An event of the user's stream.
fn told(event: &str, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    let text = || words(frame);
    let notice = match event {
        "ORDER_TRADE_UPDATE" => return orders::pushed(frame),
        "TRADE_LITE" => return orders::pushed_early(frame),
        "ACCOUNT_UPDATE" => return account::pushed(frame),
        "MARGIN_CALL" => Notice::MarginWarning { text: text() },
        "ACCOUNT_CONFIG_UPDATE" => Notice::SettingsChanged { text: text() },
        "listenKeyExpired" => Notice::Ending { text: text() },
        "ALGO_UPDATE" | "CONDITIONAL_ORDER_TRIGGER_REJECT" => Notice::Conditional { text: text() },
        _ => Notice::Unrecognised { text: text() },
    };
    Ok(vec![Event::Notice(notice)])
}

/// Rule 5.
fn outcome(status: u16, body: &[u8], refusals: &[(&str, Refusal)]) -> Outcome {
    if let Ok(error) = parse::<ErrorAnswer>(body) {
        if status == 503 && error.msg.is("Service Unavailable.") {
            return Outcome::Refused { reason: Refusal::Busy, code: "503".to_string(), text: error.msg.owned() };
        }
        return Outcome::by_code(refusals, error.code.text(), error.msg.text());
    }
    match parse::<Order>(body).and_then(|order| order.report()) {
        Ok(report) if status == 200 => {
            Outcome::Accepted { venue_order_id: report.venue_order_id.clone(), report: Some(Box::new(report)) }
        }
        _ => Outcome::unread(status, body),
    }
}

fn rows<T: for<'a> Deserialize<'a>>(
    body: &[u8],
    read: impl Fn(&T) -> Result<Event, FrameError>,
) -> Result<Vec<Event>, FrameError> {
    parse::<Vec<T>>(body)?.iter().map(read).collect()
}

fn named(order: &OrderName) -> Query {
    Query::of("symbol", &order.native_symbol).and("origClientOrderId", &order.client_id.to_string())
}

/// Rule 1.
#[derive(Default)]
struct Query(String);

impl Query {
    fn of(name: &str, value: &str) -> Self {
        Self::default().and(name, value)
    }

    fn and(mut self, name: &str, value: &str) -> Self {
        let separator = if self.0.is_empty() { "" } else { "&" };
        self.0 += &format!("{separator}{name}={}", query_value(value));
        self
    }

    fn signed(self, method: Method, path: &str, window_ms: u32, session: &Session<'_>) -> SignedRequest {
        let query = self.and("recvWindow", &window_ms.to_string()).and("timestamp", &session.now_ms.to_string()).0;
        let signature = signing::sha256_hex(&session.credentials.secret, &query);
        let headers = vec![("X-MBX-APIKEY", session.credentials.key().to_string())];
        SignedRequest { method, target: format!("{path}?{query}&signature={signature}"), headers, body: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::testing::{SENSELESS, answer, credentials, is_unknown, order, refusal, session};

    const ORDER: &str = r#"{"orderId":7,"symbol":"X","status":"EXPIRED","clientOrderId":"c","executedQty":"0.003","origQty":"0.010","side":"BUY","price":"5"}"#;

    #[test]
    fn an_order_is_asked_for_with_a_bound_a_deadline_and_a_signature_over_all_of_it() {
        let credentials = credentials();
        let request = Binance.place(&order(), &session(&credentials)).unwrap();
        let (signed, signature) = request.target.split_once("&signature=").unwrap();
        let query = signed.strip_prefix("/fapi/v1/order?").unwrap();
        let expected = format!(
            "symbol=X-USD&side=BUY&positionSide=BOTH&type=LIMIT&timeInForce=IOC&quantity=0.01&price=60000.1&newClientOrderId={}&newOrderRespType=RESULT&recvWindow=2000&timestamp=1795996800000",
            order().client_id
        );
        assert_eq!((request.method, query), (Method::Post, expected.as_str()));
        assert_eq!(signature, signing::sha256_hex(&credentials.secret, query));
        assert_eq!((request.headers, request.body), (vec![("X-MBX-APIKEY", "the key".to_string())], None));
        let closing = NewOrder { is_reduce_only: true, ..order() };
        assert!(Binance.place(&closing, &session(&credentials)).unwrap().target.contains("&reduceOnly=true&"));
    }

    #[test]
    fn a_symbol_is_escaped_before_it_is_signed() {
        let credentials = credentials();
        let name = OrderName { native_symbol: "测试USDT".to_string(), ..order().name() };
        let request = Binance.cancel(&name, &session(&credentials)).unwrap();
        let (signed, signature) = request.target.split_once("&signature=").unwrap();
        let query = signed.strip_prefix("/fapi/v1/order?").unwrap();
        assert!(query.starts_with("symbol=%E6%B5%8B%E8%AF%95USDT&origClientOrderId="), "{query}");
        assert_eq!(
            (request.method, signature),
            (Method::Delete, signing::sha256_hex(&credentials.secret, query).as_str())
        );
    }

    #[test]
    fn the_stream_s_key_is_asked_for_and_stands_in_its_address() {
        let credentials = credentials();
        let request = Binance.ticket(&session(&credentials)).unwrap().unwrap();
        assert_eq!((request.method, request.target.as_str()), (Method::Post, "/fapi/v1/listenKey"));
        let hosts = Binance.hosts(Environment::Live).unwrap();
        let url = Binance.socket_url(&hosts, br#"{"listenKey":"pqia"}"#).unwrap();
        assert_eq!(url, "wss://fstream.binance.com/private/ws/pqia");
        assert!(Binance.socket_url(&hosts, br#"{"code":-2015,"msg":"no"}"#).is_err());
        assert_eq!(Binance.opening(&session(&credentials)), Ok(Vec::new()));
    }

    #[test]
    fn an_answer_that_holds_the_order_accepts_it_as_it_stands() {
        let Outcome::Accepted { venue_order_id, report } = Binance.placed(answer(200, ORDER)) else { panic!() };
        let report = report.unwrap();
        assert_eq!((venue_order_id.as_str(), report.state), ("7", crate::report::OrderState::Cancelled));
        assert_eq!((report.filled.to_string(), report.average_price), ("0.003".to_string(), None));
        assert!(is_unknown(&Binance.placed(answer(503, ORDER))));
    }

    #[test]
    fn only_listed_codes_refuse_and_503_means_three_things() {
        let error = |code: &str, msg: &str| format!(r#"{{"code":{code},"msg":"{msg}"}}"#);
        for (code, reason) in REFUSALS {
            assert_eq!(refusal(&Binance.placed(answer(400, &error(code, "no")))), Some(*reason), "{code}");
        }
        for code in ["-1006", "-1007", "-4116", "-2011", "-1", "0"] {
            assert!(is_unknown(&Binance.placed(answer(400, &error(code, "no")))), "{code}");
        }
        let unknown = "Unknown error, please check your request or try again later.";
        assert!(is_unknown(&Binance.placed(answer(503, &error("-1000", unknown)))));
        assert_eq!(refusal(&Binance.placed(answer(503, &error("0", "Service Unavailable.")))), Some(Refusal::Busy));
        assert_eq!(refusal(&Binance.placed(answer(503, &error("-1008", "overloaded")))), Some(Refusal::Busy));
        assert_eq!(
            refusal(&Binance.cancelled(answer(400, &error("-2011", "Unknown order sent.")))),
            Some(Refusal::Gone)
        );
        for text in SENSELESS {
            assert!(
                is_unknown(&Binance.placed(answer(200, text))) && is_unknown(&Binance.cancelled(answer(502, text))),
                "{text}"
            );
            assert!(matches!(Binance.found(answer(200, text)), Found::Unknown { .. }), "{text}");
        }
    }

    #[test]
    fn an_order_that_is_not_there_is_nowhere() {
        assert_eq!(Binance.found(answer(400, r#"{"code":-2013,"msg":"Order does not exist."}"#)), Found::Nowhere);
        let refused = Binance.found(answer(400, r#"{"code":-1021,"msg":"late"}"#));
        assert!(matches!(refused, Found::Unknown { .. }), "that says nothing of the order");
        assert!(matches!(Binance.found(answer(200, ORDER)), Found::Order(_)));
    }

    #[test]
    fn answers_over_the_socket_are_classified_by_their_own_status() {
        let frame = r#"{"id":"9","status":400,"error":{"code":-2019,"msg":"Margin is insufficient."}}"#;
        let events = Binance.decode(frame.as_bytes()).unwrap();
        let Event::Answered(answered) = &events[0] else { panic!() };
        assert_eq!((answered.request_id.as_str(), refusal(&answered.outcome)), ("9", Some(Refusal::Funds)));
        let events = Binance.decode(br#"{"id":"9","status":500}"#).unwrap();
        let Event::Answered(answered) = &events[0] else { panic!() };
        assert!(is_unknown(&answered.outcome));
    }

    #[test]
    fn lists_are_read_to_the_last_row_and_an_error_is_none() {
        let since = || Read::Fills { native_symbol: "X".to_string(), since_ms: 5 };
        let trade = r#"{"symbol":"X","id":1,"orderId":2,"side":"SELL","price":"7819.01","qty":"0.002","commission":"-0.06","commissionAsset":"BNB","maker":true,"time":3}"#;
        let listed = Binance.listed(&since(), answer(200, &format!("[{trade}]"))).unwrap();
        let Event::Fill(fill) = &listed.events[0] else { panic!() };
        assert_eq!((fill.fill_id.as_str(), fill.is_maker, listed.is_whole), ("X/2/1", Some(true), true));
        assert_eq!(fill.fee.as_ref().unwrap().amount.to_string(), "-0.06");
        let full = format!("[{}]", vec![trade; PAGE].join(","));
        assert!(!Binance.listed(&since(), answer(200, &full)).unwrap().is_whole);
        assert!(Binance.listed(&since(), answer(400, r#"{"code":-1003,"msg":""}"#)).is_err());
        let income =
            r#"[{"symbol":"X","incomeType":"FUNDING_FEE","income":"-0.375","asset":"USDT","time":1,"tranId":9}]"#;
        let funding = Read::Funding { native_symbol: "X".to_string(), since_ms: 0 };
        let Event::Funding(funding) = Binance.listed(&funding, answer(200, income)).unwrap().events.remove(0) else {
            panic!()
        };
        assert_eq!((funding.amount.to_string(), funding.funding_id.as_str()), ("-0.375".to_string(), "9"));
    }

    #[test]
    fn funding_of_a_cross_position_is_told_by_the_balance_alone() {
        let frame = r#"{"e":"ACCOUNT_UPDATE","T":1,"a":{"m":"FUNDING_FEE","B":[{"a":"USDT","wb":"9","cw":"9","bc":"-0.5"}],"P":[]}}"#;
        let events = Binance.decode(frame.as_bytes()).unwrap();
        let Event::Funding(funding) = &events[0] else { panic!() };
        assert_eq!(
            (funding.amount.to_string(), funding.native_symbol.as_str(), events.len()),
            ("-0.5".to_string(), "", 2)
        );
    }

    #[test]
    fn a_stream_that_ends_and_what_is_not_known_are_told() {
        let told = |text: &str| Binance.decode(text.as_bytes()).unwrap().remove(0);
        assert!(matches!(
            told(r#"{"e":"listenKeyExpired","E":1,"listenKey":"x"}"#),
            Event::Notice(Notice::Ending { .. })
        ));
        assert!(matches!(told(r#"{"e":"PARTY","E":1}"#), Event::Notice(Notice::Unrecognised { .. })));
        assert!(matches!(told("{}"), Event::Notice(Notice::Unrecognised { .. })));
        assert_eq!(told(r#"{"result":null,"id":1}"#), Event::Notice(Notice::Fine));
        assert!(Binance.decode(b"{").is_err() && Binance.decode(br#"{"e":"ORDER_TRADE_UPDATE","o":{}}"#).is_err());
    }
}
