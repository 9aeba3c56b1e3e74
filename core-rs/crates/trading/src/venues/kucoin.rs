//! KuCoin futures, orders by the classic API. <https://www.kucoin.com/docs-new/rest/futures-trading/orders/add-order>
//!
//! 1. A request is signed over time, method, path with query and body, in base64; the passphrase is signed likewise. The time
//!    must be within 5 s: there is no other deadline.
//! 2. Sizes are whole lots.
//! 3. Code 200000 means taken, neither standing nor filled.
//! 4. `marginMode` is isolated unless it is said; an isolated order needs a leverage, of which nothing is known here.
//! 5. 300018, a repeated client id, stands for an order of that name: unknown until it is asked for. 408000, 500000 and all
//!    that is not listed: unknown.
//! 6. 100001 is said of wrong parameters and of an order that does not exist: only its words tell which.
//! 7. A full fill is told by `match` and then by `filled`; what is cancelled by `canceled`. Pushes of fills tell no fee: the
//!    list does, where it is positive if paid.
//! 8. A settlement's push and the list of fundings do not agree on the sign: only the list is believed, where what was received is
//!    positive.
//! 9. Push times of orders are nanoseconds.

mod messages;

use crate::error::TradingError;
use crate::event::{Answered, Event, Notice};
use crate::order::{MarginMode, NewOrder, OrderName, TimeInForce};
use crate::outcome::{Found, Outcome, Refusal, unread};
use crate::session::{Environment, Method, Session, SignedRequest};
use crate::signing;
use crate::venue::{Answer, Hosts, Listed, Read, TradingVenue};
use crate::word::{Word, parse};
use crossbook_codec::FrameError;
use messages::{Envelope, FillRow, FundingRow, Items, OrderRow, OverviewRow, PositionRow, Taken};
use serde::{Deserialize, Serialize};

/// KuCoin.
pub struct Kucoin;

/// Rows of one answer.
const PAGE: usize = 1000;
/// Of one page of fundings.
const FUNDING_PAGE: usize = 100;

const REFUSALS: &[(&str, Refusal)] = &[
    ("100001", Refusal::Request),
    ("100003", Refusal::Instrument),
    ("200002", Refusal::Rate),
    ("300000", Refusal::Request),
    ("300001", Refusal::Limits),
    ("300002", Refusal::Instrument),
    ("300003", Refusal::Funds),
    ("300005", Refusal::Limits),
    ("300006", Refusal::Price),
    ("300007", Refusal::Price),
    ("300009", Refusal::NothingToReduce),
    ("300011", Refusal::Price),
    ("300012", Refusal::Price),
    ("300014", Refusal::Instrument),
    ("300015", Refusal::Settling),
    ("300016", Refusal::Mode),
    ("330005", Refusal::Mode),
    ("330008", Refusal::Funds),
    ("330011", Refusal::Mode),
    ("330012", Refusal::Mode),
    ("400001", Refusal::Auth),
    ("400002", Refusal::Clock),
    ("400003", Refusal::Auth),
    ("400004", Refusal::Auth),
    ("400005", Refusal::Auth),
    ("400006", Refusal::Auth),
    ("400007", Refusal::Auth),
    ("400008", Refusal::Auth),
    ("429000", Refusal::Rate),
];

/// Of a cancel: the order is done, or was never there.
const GONE: (&str, Refusal) = ("100004", Refusal::Gone);

/// `{"clientOid":"...","side":"buy","symbol":"XBTUSDTM","type":"limit","price":"60000.1","size":1,"timeInForce":"IOC",...}`
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Placing<'a> {
    client_oid: String,
    side: &'static str,
    symbol: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    price: String,
    size: i64,
    time_in_force: &'static str,
    margin_mode: &'static str,
    reduce_only: bool,
}

impl TradingVenue for Kucoin {
    fn id(&self) -> &'static str {
        "kucoin"
    }

    /// There is no demo; where the private socket is, its ticket says.
    fn hosts(&self, environment: Environment) -> Option<Hosts> {
        match environment {
            Environment::Live => Some(Hosts { rest: "https://api-futures.kucoin.com", socket: "" }),
            Environment::Demo => None,
        }
    }

    fn place(&self, order: &NewOrder, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        if order.margin_mode == MarginMode::Isolated && !order.is_reduce_only {
            return Err(TradingError::Unsendable(
                "an isolated order needs a leverage: trade this venue on cross margin",
            ));
        }
        let lots =
            i64::try_from(order.size()?).ok().filter(|lots| order.size().is_ok_and(|size| size == (*lots).into()));
        let body = json(&Placing {
            client_oid: order.client_id.to_string(),
            side: order.side.word("buy", "sell"),
            symbol: &order.native_symbol,
            kind: "limit",
            price: order.price()?.to_string(),
            size: lots.ok_or(TradingError::Unsendable("sizes of this venue are whole lots"))?,
            time_in_force: match order.time_in_force {
                TimeInForce::ImmediateOrCancel => "IOC",
                TimeInForce::GoodTillCancelled => "GTC",
            },
            margin_mode: match order.margin_mode {
                MarginMode::Cross => "CROSS",
                MarginMode::Isolated => "ISOLATED",
            },
            reduce_only: order.is_reduce_only,
        });
        signed(Method::Post, "/api/v1/orders".to_string(), Some(body), session)
    }

    fn cancel(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let OrderName { client_id, native_symbol, .. } = order;
        let target = format!("/api/v1/orders/client-order/{client_id}?symbol={native_symbol}");
        signed(Method::Delete, target, None, session)
    }

    fn query(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        signed(Method::Get, format!("/api/v1/orders/byClientOid?clientOid={}", order.client_id), None, session)
    }

    /// Fills are those of the last 24 hours, the only ones that are told at once.
    fn read(&self, list: &Read, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let target = match list {
            Read::OpenOrders { native_symbol } => {
                format!("/api/v1/orders?status=active&symbol={native_symbol}&pageSize={PAGE}")
            }
            Read::Fills { native_symbol, .. } => format!("/api/v1/recentFills?symbol={native_symbol}"),
            Read::Positions => "/api/v1/positions".to_string(),
            Read::Balances => "/api/v1/account-overview?currency=USDT".to_string(),
            Read::Funding { native_symbol, since_ms } => {
                format!("/api/v1/funding-history?symbol={native_symbol}&startAt={since_ms}&maxCount={FUNDING_PAGE}")
            }
        };
        signed(Method::Get, target, None, session)
    }

    fn placed(&self, answer: Answer<'_>) -> Outcome {
        taken(answer, REFUSALS)
    }

    fn cancelled(&self, answer: Answer<'_>) -> Outcome {
        taken(answer, &[&[GONE], REFUSALS].concat())
    }

    fn found(&self, answer: Answer<'_>) -> Found {
        let unknown = || Found::Unknown { text: unread(answer.status, answer.body) };
        let Ok(envelope) = parse::<Envelope<OrderRow>>(answer.body) else { return unknown() };
        match (envelope.code.text(), envelope.data) {
            ("200000", Some(row)) => row.report().map_or_else(|_| unknown(), |report| Found::Order(Box::new(report))),
            ("100001", None) if is_absence(envelope.msg.text()) => Found::Nowhere,
            _ => unknown(),
        }
    }

    fn listed(&self, list: &Read, answer: Answer<'_>) -> Result<Listed, FrameError> {
        let body = answer.body;
        let (events, is_whole) = match list {
            Read::OpenOrders { .. } => rows(body, |row: &OrderRow| row.report().map(Event::Order)),
            Read::Fills { .. } => rows(body, |row: &FillRow| row.fill().map(Event::Fill)),
            Read::Positions => rows(body, |row: &PositionRow| row.position().map(Event::Position)),
            Read::Balances => rows(body, |row: &OverviewRow| row.balance().map(Event::Balance)),
            Read::Funding { .. } => rows(body, |row: &FundingRow| row.funding().map(Event::Funding)),
        }?;
        Ok(Listed { is_whole: is_whole && events.len() < PAGE, events })
    }

    fn ticket(&self, session: &Session<'_>) -> Result<Option<SignedRequest>, TradingError> {
        signed(Method::Post, "/api/v1/bullet-private".to_string(), None, session).map(Some)
    }

    fn socket_url(&self, _hosts: &Hosts, ticket: &[u8]) -> Result<String, FrameError> {
        let envelope: Envelope<messages::Ticket> = parse(ticket)?;
        envelope.data.and_then(|ticket| ticket.url()).ok_or(FrameError::Missing("the ticket's token or server"))
    }

    fn opening(&self, _session: &Session<'_>) -> Result<Vec<String>, TradingError> {
        let topics = ["/contractMarket/tradeOrders", "/contract/positionAll", "/contractAccount/wallet"];
        let subscribe = |(id, topic): (usize, &&str)| {
            format!(r#"{{"id":"{id}","type":"subscribe","topic":"{topic}","privateChannel":true,"response":true}}"#)
        };
        Ok(topics.iter().enumerate().map(subscribe).collect())
    }

    fn ping(&self) -> Option<&'static str> {
        Some(r#"{"id":"ping","type":"ping"}"#)
    }

    fn decode(&self, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
        let message: Message<'_> = parse(frame)?;
        match (message.op, message.subject, message.kind) {
            (Some(op), ..) if op.starts_with("futures.") => Ok(vec![message.answered(frame, op)?]),
            (_, Some(subject), _) => messages::pushed(subject, frame),
            (.., Some("welcome" | "ack" | "pong")) => Ok(vec![Event::Notice(Notice::Fine)]),
            (.., Some("error")) => {
                let (code, text) = (message.code.owned(), message.data.map(|data| data.get()).unwrap_or_default());
                Ok(vec![Event::Notice(Notice::Error { code, text: text.to_string() })])
            }
            _ => Ok(vec![Event::unrecognised(frame)]),
        }
    }
}

/// `{"type":"message","topic":"/contractMarket/tradeOrders","subject":"orderChange","data":{...}}`, `{"id":"1","type":"ack"}`,
/// or `{"id":"1","op":"futures.order","code":"200000","data":{...},"inTime":1768984391308,"outTime":1768984391377}`
#[derive(Deserialize)]
struct Message<'a> {
    #[serde(default)]
    id: Word,
    op: Option<&'a str>,
    subject: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Option<&'a str>,
    #[serde(default)]
    code: Word,
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
}

impl Message<'_> {
    fn answered(&self, frame: &[u8], op: &str) -> Result<Event, FrameError> {
        let refusals = if op == "futures.cancel" { [&[GONE], REFUSALS].concat() } else { REFUSALS.to_vec() };
        let outcome = outcome(parse(frame)?, &refusals);
        Ok(Event::Answered(Answered { request_id: self.id.owned(), outcome }))
    }
}

/// Rule 6.
fn is_absence(words: &str) -> bool {
    let words = words.to_ascii_lowercase();
    words.contains("notexist") || words.contains("not exist")
}

fn outcome(envelope: Envelope<Taken>, refusals: &[(&str, Refusal)]) -> Outcome {
    match (envelope.code.text(), envelope.data) {
        ("200000", Some(data)) if data.names_an_order() => {
            Outcome::Accepted { venue_order_id: data.order_id(), report: None }
        }
        (code, _) => Outcome::by_code(refusals, code, envelope.msg.text()),
    }
}

fn taken(answer: Answer<'_>, refusals: &[(&str, Refusal)]) -> Outcome {
    match parse(answer.body).map(|envelope| outcome(envelope, refusals)) {
        Ok(Outcome::Accepted { .. }) if answer.status != 200 => Outcome::unread(answer.status, answer.body),
        Ok(outcome) => outcome,
        Err(_) => Outcome::unread(answer.status, answer.body),
    }
}

/// What the rows say, and whether there are no more.
fn rows<T: for<'a> Deserialize<'a>>(
    body: &[u8],
    read: impl Fn(&T) -> Result<Event, FrameError>,
) -> Result<(Vec<Event>, bool), FrameError> {
    let envelope: Envelope<&serde_json::value::RawValue> = parse(body)?;
    let data = envelope.data.filter(|_| envelope.code.is("200000"));
    let items = Items::<T>::of(data.ok_or(FrameError::Invalid("an answer that is no list"))?)?;
    Ok((items.rows.iter().map(read).collect::<Result<_, _>>()?, !items.has_more))
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("texts and numbers are JSON")
}

/// Rule 1.
fn signed(
    method: Method,
    target: String,
    body: Option<String>,
    session: &Session<'_>,
) -> Result<SignedRequest, TradingError> {
    let (credentials, time) = (session.credentials, session.now_ms.to_string());
    let text = format!("{time}{}{target}{}", method.name(), body.as_deref().unwrap_or_default());
    let passphrase = secrecy::ExposeSecret::expose_secret(credentials.passphrase()?);
    let headers = vec![
        ("KC-API-KEY", credentials.key().to_string()),
        ("KC-API-SIGN", signing::sha256_base64(&credentials.secret, &text)),
        ("KC-API-TIMESTAMP", time),
        ("KC-API-PASSPHRASE", signing::sha256_base64(&credentials.secret, passphrase)),
        ("KC-API-KEY-VERSION", "3".to_string()),
    ];
    Ok(SignedRequest { method, target, headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::venues::testing::{SENSELESS, answer, credentials, is_unknown, order, refusal, session, step};

    fn lots() -> NewOrder {
        NewOrder { size: 3, size_step: step("1"), ..order() }
    }

    #[test]
    fn an_order_is_asked_for_in_whole_lots_with_a_signature_over_all_of_it() {
        let credentials = credentials();
        let request = Kucoin.place(&lots(), &session(&credentials)).unwrap();
        let body = format!(
            r#"{{"clientOid":"{}","side":"buy","symbol":"X-USD","type":"limit","price":"60000.1","size":3,"timeInForce":"IOC","marginMode":"CROSS","reduceOnly":false}}"#,
            order().client_id
        );
        let sign = signing::sha256_base64(&credentials.secret, &format!("1795996800000POST/api/v1/orders{body}"));
        let passphrase = signing::sha256_base64(&credentials.secret, "the passphrase");
        assert_eq!((request.method, request.target.as_str()), (Method::Post, "/api/v1/orders"));
        assert_eq!(request.body, Some(body));
        assert!(request.headers.contains(&("KC-API-SIGN", sign)));
        assert!(request.headers.contains(&("KC-API-PASSPHRASE", passphrase)));
    }

    #[test]
    fn what_the_venue_would_not_take_is_not_sent() {
        let credentials = credentials();
        let place = |order: NewOrder| Kucoin.place(&order, &session(&credentials)).map(|request| request.method);
        assert!(matches!(place(order()), Err(TradingError::Unsendable(_))), "a hundredth of a lot");
        let isolated = NewOrder { margin_mode: MarginMode::Isolated, ..lots() };
        assert!(matches!(place(isolated.clone()), Err(TradingError::Unsendable(_))));
        assert_eq!(place(NewOrder { is_reduce_only: true, ..isolated }), Ok(Method::Post));
        assert_eq!(Kucoin.hosts(Environment::Demo), None);
    }

    #[test]
    fn a_cancel_bears_its_parameters_in_the_query() {
        let credentials = credentials();
        let request = Kucoin.cancel(&order().name(), &session(&credentials)).unwrap();
        let target = format!("/api/v1/orders/client-order/{}?symbol=X-USD", order().client_id);
        let sign = signing::sha256_base64(&credentials.secret, &format!("1795996800000DELETE{target}"));
        assert_eq!((request.method, request.body), (Method::Delete, None));
        assert!(request.target == target && request.headers.contains(&("KC-API-SIGN", sign)));
    }

    #[test]
    fn the_ticket_says_where_the_socket_is() {
        let hosts = Kucoin.hosts(Environment::Live).unwrap();
        let ticket = br#"{"code":"200000","data":{"token":"abc","instanceServers":[{"endpoint":"wss://x/","pingInterval":18000}]}}"#;
        assert_eq!(Kucoin.socket_url(&hosts, ticket).unwrap(), "wss://x/?token=abc");
        for answer in
            [r#"{"code":"400003","msg":"no"}"#, r#"{"code":"200000","data":{"token":"abc","instanceServers":[]}}"#]
        {
            assert!(Kucoin.socket_url(&hosts, answer.as_bytes()).is_err(), "{answer}");
        }
        let frames = Kucoin.opening(&session(&credentials())).unwrap();
        assert!(
            frames.len() == 3 && frames[0].contains(r#""topic":"/contractMarket/tradeOrders","privateChannel":true"#)
        );
    }

    #[test]
    fn only_listed_codes_refuse() {
        let error = |code: &str| format!(r#"{{"code":"{code}","msg":"no"}}"#);
        for (code, reason) in REFUSALS {
            assert_eq!(refusal(&Kucoin.placed(answer(200, &error(code)))), Some(*reason), "{code}");
        }
        for code in ["408000", "500000", "300018", "100004", "999999", "200000"] {
            assert!(is_unknown(&Kucoin.placed(answer(200, &error(code)))), "{code}");
        }
        assert_eq!(refusal(&Kucoin.cancelled(answer(200, &error("100004")))), Some(Refusal::Gone));
        let taken = r#"{"code":"200000","data":{"orderId":"7"}}"#;
        assert!(is_unknown(&Kucoin.placed(answer(503, taken))));
        for text in SENSELESS {
            assert!(
                is_unknown(&Kucoin.placed(answer(200, text))) && is_unknown(&Kucoin.cancelled(answer(502, text))),
                "{text}"
            );
            assert!(matches!(Kucoin.found(answer(200, text)), Found::Unknown { .. }), "{text}");
        }
    }

    #[test]
    fn only_words_tell_an_absent_order_from_a_wrong_question() {
        let found = |msg: &str| Kucoin.found(answer(200, &format!(r#"{{"code":"100001","msg":"{msg}"}}"#)));
        assert_eq!(
            (found("error.getOrder.orderNotExist"), found("The order does not exist.")),
            (Found::Nowhere, Found::Nowhere)
        );
        assert!(matches!(found("clientOid is too long"), Found::Unknown { .. }));
    }

    #[test]
    fn a_state_is_of_the_kind_and_the_status_together() {
        let state = |kind: &str, status: &str| {
            let frame = format!(
                r#"{{"subject":"orderChange","data":{{"symbol":"X","orderId":"1","type":"{kind}","status":"{status}","filledSize":"0"}}}}"#
            );
            let Event::Order(report) = Kucoin.decode(frame.as_bytes()).unwrap().remove(0) else { panic!() };
            report.state
        };
        use crate::report::OrderState::{Cancelled, Filled, Open, Unknown};
        assert_eq!(
            (state("filled", "done"), state("canceled", "done"), state("update", "open")),
            (Filled, Cancelled, Open)
        );
        assert_eq!(state("paused", "open"), Unknown("paused open".to_string()));
        assert_eq!(state("match", "done"), Unknown("match done".to_string()), "its end is told apart");
    }

    #[test]
    fn a_moved_mark_price_is_no_position_and_a_list_that_is_refused_no_list() {
        let frame = br#"{"subject":"position.change","data":{"symbol":"X","markPrice":1.5}}"#;
        assert_eq!(Kucoin.decode(frame).unwrap(), []);
        let refused = answer(200, r#"{"code":"429000","msg":"too many","data":[]}"#);
        assert!(Kucoin.listed(&Read::Positions, refused).is_err());
    }

    #[test]
    fn the_session_s_own_frames_are_told() {
        let told = |text: &str| Kucoin.decode(text.as_bytes()).unwrap().remove(0);
        assert_eq!(told(r#"{"id":"1","type":"welcome"}"#), Event::Notice(Notice::Fine));
        let error = Notice::Error { code: "404".to_string(), text: r#""topic is not found""#.to_string() };
        assert_eq!(told(r#"{"id":"1","type":"error","code":404,"data":"topic is not found"}"#), Event::Notice(error));
        assert!(matches!(told(r#"{"type":"party"}"#), Event::Notice(Notice::Unrecognised { .. })));
    }
}
