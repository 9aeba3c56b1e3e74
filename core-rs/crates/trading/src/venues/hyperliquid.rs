//! Hyperliquid perpetuals, orders. <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/api/exchange-endpoint>
//!
//! 1. An action is signed by an agent's key (`signature`); accounts are asked about by the master's address, which is the
//!    `key` of the credentials. Asked by the agent's address the venue answers with nothing, not with an error.
//! 2. Numbers are texts without trailing zeros. Sizes are coins; a price has at most 5 significant digits and 6 less the
//!    size's decimals, or is whole.
//! 3. Assets are numbers by their place in the market list: it has to be read anew with the list.
//! 4. `expiresAfter` is the deadline: it is always sent. A nonce is used once.
//! 5. The answer comes after matching: what is `filled` at once is final, `resting` stands.
//! 6. There are no codes. Errors are known by how their text begins, as the venue lists them; another text leaves the order in
//!    doubt. A wrong signature makes another address, of which the venue says that it does not exist.
//! 7. There is no order at any price and no hedge mode.
//! 8. An order's `sz` is what is left of it.
//! 9. A fee is positive where it is paid, funding where it is received. A fill is named by asset, order, trade and time: dust
//!    conversions all have trade 0.
//! 10. Both sides of a liquidation bear its mark. The side that is liquidated crosses the book.

mod messages;
mod signature;

use crate::error::TradingError;
use crate::event::{Answered, Event, Notice};
use crate::exact::Decimal;
use crate::order::{NewOrder, OrderName, TimeInForce};
use crate::outcome::{Found, Outcome, Refusal, unread};
use crate::session::{Environment, Method, Session, SignedRequest};
use crate::venue::{Answer, Hosts, Listed, Read, TradingVenue};
use crate::word::{Word, parse, words};
use crossbook_codec::FrameError;
use messages::{OpenOrder, Statuses, UserFill};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use signature::{Signature, sign};

/// Hyperliquid.
pub struct Hyperliquid;

const SIGNIFICANT_DIGITS: u32 = 5;
const PRICE_DECIMALS: u32 = 6;
/// Fills of one answer, and fundings.
const FILLS: usize = 2000;
const FUNDINGS: usize = 500;

/// By the beginning of the text.
const REFUSALS: &[(&str, Refusal)] = &[
    ("Price must be divisible by tick size", Refusal::Price),
    ("Order must have minimum value of", Refusal::Size),
    ("Order value too large", Refusal::Size),
    ("Insufficient margin to place order", Refusal::Funds),
    ("Reduce only order would increase position", Refusal::NothingToReduce),
    ("Post only order would have immediately matched", Refusal::WouldTake),
    ("Order could not immediately match against any resting orders", Refusal::NothingMatched),
    ("No liquidity available for market order", Refusal::NothingMatched),
    ("Order would increase open interest", Refusal::Limits),
    ("Order rejected due to price more aggressive than oracle", Refusal::Limits),
    ("Order would cause position to exceed margin tier limit", Refusal::Limits),
    ("Order price too far from oracle", Refusal::Price),
    ("Order price cannot be more than", Refusal::Price),
    ("User or API Wallet", Refusal::Auth),
];
const GONE: &[(&str, Refusal)] = &[("Order was never placed, already canceled, or filled", Refusal::Gone)];

/// `{"type":"order","orders":[{"a":0,"b":true,"p":"43250.5","s":"0.01","r":false,"t":{"limit":{"tif":"Ioc"}},"c":"0x..."}],
/// "grouping":"na"}`: the order of the keys is part of what is signed.
#[derive(Serialize)]
struct OrderAction {
    #[serde(rename = "type")]
    kind: &'static str,
    orders: [Placing; 1],
    grouping: &'static str,
}

#[derive(Serialize)]
struct Placing {
    a: u32,
    b: bool,
    p: String,
    s: String,
    r: bool,
    t: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    c: Option<String>,
}

#[derive(Serialize)]
struct Kind {
    limit: Limit,
}

#[derive(Serialize)]
struct Limit {
    tif: &'static str,
}

/// `{"type":"cancelByCloid","cancels":[{"asset":0,"cloid":"0x..."}]}`
#[derive(Serialize)]
struct CancelAction {
    #[serde(rename = "type")]
    kind: &'static str,
    cancels: [Cancelling; 1],
}

#[derive(Serialize)]
struct Cancelling {
    asset: u32,
    cloid: String,
}

impl TradingVenue for Hyperliquid {
    fn id(&self) -> &'static str {
        "hyperliquid"
    }

    fn hosts(&self, environment: Environment) -> Option<Hosts> {
        Some(match environment {
            Environment::Live => Hosts { rest: "https://api.hyperliquid.xyz", socket: "wss://api.hyperliquid.xyz/ws" },
            Environment::Demo => {
                Hosts { rest: "https://api.hyperliquid-testnet.xyz", socket: "wss://api.hyperliquid-testnet.xyz/ws" }
            }
        })
    }

    /// The margin mode is the asset's.
    fn place(&self, order: &NewOrder, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let price = order.price()?;
        if !is_price(price, order.size_step.value().scale()) {
            return Err(TradingError::Unsendable(
                "a price of this venue has 5 significant digits at most, or is whole",
            ));
        }
        let placing = Placing {
            a: asset(order.instrument_code)?,
            b: order.side.word("b", "s") == "b",
            p: price.to_string(),
            s: order.size()?.to_string(),
            r: order.is_reduce_only,
            t: Kind {
                limit: Limit {
                    tif: match order.time_in_force {
                        TimeInForce::ImmediateOrCancel => "Ioc",
                        TimeInForce::GoodTillCancelled => "Gtc",
                    },
                },
            },
            c: Some(order.client_id.hexadecimal()),
        };
        let action = OrderAction { kind: "order", orders: [placing], grouping: "na" };
        exchange(&action, Some(session.now_ms + i64::from(order.valid_ms)), session)
    }

    fn cancel(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let cancel = Cancelling { asset: asset(order.instrument_code)?, cloid: order.client_id.hexadecimal() };
        exchange(&CancelAction { kind: "cancelByCloid", cancels: [cancel] }, None, session)
    }

    fn query(&self, order: &OrderName, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        let rest = format!(r#","oid":"{}""#, order.client_id.hexadecimal());
        Ok(info("orderStatus", &rest, session))
    }

    fn read(&self, list: &Read, session: &Session<'_>) -> Result<SignedRequest, TradingError> {
        Ok(match list {
            Read::OpenOrders { .. } => info("openOrders", "", session),
            Read::Fills { since_ms, .. } => {
                info("userFillsByTime", &format!(r#","startTime":{since_ms},"aggregateByTime":false"#), session)
            }
            Read::Positions | Read::Balances => info("clearinghouseState", "", session),
            Read::Funding { since_ms, .. } => info("userFunding", &format!(r#","startTime":{since_ms}"#), session),
        })
    }

    fn placed(&self, answer: Answer<'_>) -> Outcome {
        taken(answer, REFUSALS)
    }

    fn cancelled(&self, answer: Answer<'_>) -> Outcome {
        taken(answer, &[GONE, REFUSALS].concat())
    }

    fn found(&self, answer: Answer<'_>) -> Found {
        let unknown = || Found::Unknown { text: unread(answer.status, answer.body) };
        let Ok(status) = parse::<messages::Status>(answer.body) else { return unknown() };
        match (status.status.text(), status.order) {
            ("unknownOid", None) => Found::Nowhere,
            ("order", Some(order)) => {
                order.report().map_or_else(|_| unknown(), |report| Found::Order(Box::new(report)))
            }
            _ => unknown(),
        }
    }

    fn listed(&self, list: &Read, answer: Answer<'_>) -> Result<Listed, FrameError> {
        let body = answer.body;
        let (events, most) = match list {
            Read::OpenOrders { .. } => {
                (rows(body, |row: &OpenOrder| row.report("open", 0).map(Event::Order))?, usize::MAX)
            }
            Read::Fills { .. } => (rows(body, |row: &UserFill| row.fill().map(Event::Fill))?, FILLS),
            Read::Funding { .. } => {
                (rows(body, |row: &messages::FundingRow| row.funding().map(Event::Funding))?, FUNDINGS)
            }
            Read::Positions => (parse::<messages::Clearinghouse>(body)?.positions()?, usize::MAX),
            Read::Balances => (vec![Event::Balance(parse::<messages::Clearinghouse>(body)?.balance()?)], usize::MAX),
        };
        Ok(Listed { is_whole: events.len() < most, events })
    }

    /// Anybody may listen to an address.
    fn opening(&self, session: &Session<'_>) -> Result<Vec<String>, TradingError> {
        let user = session.credentials.key();
        let streams = ["orderUpdates", "userFills", "userFundings"];
        let subscribe =
            |stream: &&str| format!(r#"{{"method":"subscribe","subscription":{{"type":"{stream}","user":"{user}"}}}}"#);
        Ok(streams.iter().map(subscribe).collect())
    }

    fn ping(&self) -> Option<&'static str> {
        Some(r#"{"method":"ping"}"#)
    }

    fn decode(&self, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
        let message: Message<'_> = parse(frame)?;
        let data = message.data.map_or("null", RawValue::get).as_bytes();
        match message.channel {
            "orderUpdates" => rows(data, |row: &messages::Update| row.report().map(Event::Order)),
            "userFills" | "user" | "userFundings" => messages::user_events(data, frame),
            "post" => Ok(vec![Event::Answered(posted(data)?)]),
            "subscriptionResponse" | "pong" | "notification" => Ok(vec![Event::Notice(Notice::Fine)]),
            "error" => {
                let text = parse::<Word>(data).map_or_else(|_| words(data), |text| text.owned());
                Ok(vec![Event::Notice(Notice::Error { code: String::new(), text })])
            }
            _ => Ok(vec![Event::unrecognised(frame)]),
        }
    }
}

/// `{"channel":"orderUpdates","data":[...]}`
#[derive(Deserialize)]
struct Message<'a> {
    channel: &'a str,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Rule 2.
fn is_price(price: Decimal, size_decimals: u32) -> bool {
    let digits = price.mantissa().unsigned_abs().to_string().len() as u32;
    let is_short = digits <= SIGNIFICANT_DIGITS && price.scale() <= PRICE_DECIMALS.saturating_sub(size_decimals);
    is_short || price.scale() == 0
}

fn asset(code: Option<u32>) -> Result<u32, TradingError> {
    code.ok_or(TradingError::Missing("the asset's number in the market list"))
}

/// `{"id":3000002,"response":{"type":"action","payload":{"status":"ok","response":{...}}}}`
fn posted(data: &[u8]) -> Result<Answered, FrameError> {
    #[derive(Deserialize)]
    struct Posted<'a> {
        id: Word,
        #[serde(borrow)]
        response: Response<'a>,
    }
    #[derive(Deserialize)]
    struct Response<'a> {
        #[serde(borrow)]
        payload: &'a RawValue,
    }
    let posted: Posted<'_> = parse(data)?;
    let answer = Answer { status: 200, body: posted.response.payload.get().as_bytes() };
    Ok(Answered { request_id: posted.id.owned(), outcome: taken(answer, &[GONE, REFUSALS].concat()) })
}

fn taken(answer: Answer<'_>, refusals: &[(&str, Refusal)]) -> Outcome {
    let outcome = parse::<Statuses<'_>>(answer.body).and_then(|statuses| statuses.outcome(refusals));
    match outcome {
        Ok(Outcome::Accepted { .. }) if answer.status != 200 => Outcome::unread(answer.status, answer.body),
        Ok(outcome) => outcome,
        Err(_) => Outcome::unread(answer.status, answer.body),
    }
}

fn rows<T: for<'a> Deserialize<'a>>(
    body: &[u8],
    read: impl Fn(&T) -> Result<Event, FrameError>,
) -> Result<Vec<Event>, FrameError> {
    parse::<Vec<T>>(body)?.iter().map(read).collect()
}

/// A signed action, rules 1 and 4.
fn exchange(
    action: &impl Serialize,
    expires_after: Option<i64>,
    session: &Session<'_>,
) -> Result<SignedRequest, TradingError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Body<'a, A> {
        action: &'a A,
        nonce: u64,
        signature: Signature,
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_after: Option<i64>,
    }
    let is_main = session.environment == Environment::Live;
    let nonce = session.nonce;
    let signature = sign(action, nonce, expires_after, is_main, &session.credentials.secret)?;
    let body = serde_json::to_string(&Body { action, nonce, signature, expires_after });
    Ok(posting("/exchange", body.expect("texts and numbers are JSON")))
}

/// A question about the account.
fn info(kind: &str, rest: &str, session: &Session<'_>) -> SignedRequest {
    posting("/info", format!(r#"{{"type":"{kind}","user":"{}"{rest}}}"#, session.credentials.key()))
}

fn posting(target: &str, body: String) -> SignedRequest {
    SignedRequest { method: Method::Post, target: target.to_string(), headers: Vec::new(), body: Some(body) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::OrderState;
    use crate::session::Credentials;
    use crate::venues::testing::{SENSELESS, answer, is_unknown, order, refusal, session, step};

    fn credentials() -> Credentials {
        let secret = "0x0123456789012345678901234567890123456789012345678901234567890123";
        Credentials { key: "0xabc".into(), secret: secret.into(), passphrase: None }
    }

    fn priced() -> NewOrder {
        NewOrder { price: 60_000, price_step: step("1"), ..order() }
    }

    #[test]
    fn an_order_is_asked_for_with_a_bound_a_deadline_and_a_signature() {
        let credentials = credentials();
        let request = Hyperliquid.place(&priced(), &session(&credentials)).unwrap();
        let body = request.body.unwrap();
        let client_id = order().client_id.hexadecimal();
        let action = format!(
            r#"{{"action":{{"type":"order","orders":[{{"a":7,"b":true,"p":"60000","s":"0.01","r":false,"t":{{"limit":{{"tif":"Ioc"}}}},"c":"{client_id}"}}],"grouping":"na"}},"nonce":1795996800000,"signature":{{"r":"0x"#
        );
        assert!(body.starts_with(&action), "{body}");
        assert!(body.ends_with(r#","expiresAfter":1795996802000}"#), "{body}");
        assert_eq!((request.method, request.target.as_str()), (Method::Post, "/exchange"));
    }

    #[test]
    fn what_the_venue_would_not_take_is_not_sent() {
        let credentials = credentials();
        let place = |order: NewOrder| Hyperliquid.place(&order, &session(&credentials));
        assert!(matches!(place(order()), Err(TradingError::Unsendable(_))), "60000.1 has six digits");
        assert!(matches!(place(NewOrder { instrument_code: None, ..priced() }), Err(TradingError::Missing(_))));
        for (price, decimals, is_good) in [
            ("123456", 2, true),
            ("1234.5", 2, true),
            ("0.00012345", 0, false),
            ("0.0001", 2, true),
            ("0.00001", 2, false),
        ] {
            assert_eq!(is_price(crate::exact::read(price).unwrap(), decimals), is_good, "{price}");
        }
    }

    #[test]
    fn accounts_are_asked_about_by_the_master_s_address() {
        let credentials = credentials();
        let request = Hyperliquid.query(&order().name(), &session(&credentials)).unwrap();
        let expected =
            format!(r#"{{"type":"orderStatus","user":"0xabc","oid":"{}"}}"#, order().client_id.hexadecimal());
        assert_eq!((request.target.as_str(), request.body), ("/info", Some(expected)));
        let list = Read::Fills { native_symbol: "ETH".to_string(), since_ms: 5 };
        let request = Hyperliquid.read(&list, &session(&credentials)).unwrap();
        let expected = r#"{"type":"userFillsByTime","user":"0xabc","startTime":5,"aggregateByTime":false}"#;
        assert_eq!(request.body.as_deref(), Some(expected));
        assert!(Hyperliquid.opening(&session(&credentials)).unwrap()[0].contains(r#""user":"0xabc""#));
    }

    #[test]
    fn only_listed_texts_refuse() {
        let error = |text: &str| {
            format!(
                r#"{{"status":"ok","response":{{"type":"order","data":{{"statuses":[{{"error":"{text} asset=5"}}]}}}}}}"#
            )
        };
        for (text, reason) in REFUSALS {
            assert_eq!(refusal(&Hyperliquid.placed(answer(200, &error(text)))), Some(*reason), "{text}");
        }
        assert!(is_unknown(&Hyperliquid.placed(answer(200, &error("Something new.")))));
        assert!(is_unknown(&Hyperliquid.placed(answer(200, &error("Not so: Insufficient margin to place order")))));
        assert_eq!(refusal(&Hyperliquid.cancelled(answer(200, &error(GONE[0].0)))), Some(Refusal::Gone));
        assert!(is_unknown(&Hyperliquid.placed(answer(200, &error(GONE[0].0)))), "it is no answer to an order");
        assert!(is_unknown(
            &Hyperliquid.placed(answer(200, r#"{"status":"err","response":"Too many cumulative requests"}"#))
        ));
        for text in SENSELESS {
            assert!(
                is_unknown(&Hyperliquid.placed(answer(200, text)))
                    && is_unknown(&Hyperliquid.cancelled(answer(502, text))),
                "{text}"
            );
            assert!(matches!(Hyperliquid.found(answer(200, text)), Found::Unknown { .. }), "{text}");
        }
    }

    #[test]
    fn success_counts_in_an_answer_to_one_order_alone() {
        let taken = |statuses: &str| {
            format!(r#"{{"status":"ok","response":{{"type":"order","data":{{"statuses":[{statuses}]}}}}}}"#)
        };
        let one = r#"{"resting":{"oid":7}}"#;
        let accepted = Outcome::Accepted { venue_order_id: "7".to_string(), report: None };
        assert_eq!(Hyperliquid.placed(answer(200, &taken(one))), accepted);
        assert!(is_unknown(&Hyperliquid.placed(answer(500, &taken(one)))));
        for statuses in ["", "{}", r#""waitingForFill""#, &format!("{one},{one}"), r#"{"resting":{}}"#] {
            assert!(is_unknown(&Hyperliquid.placed(answer(200, &taken(statuses)))), "{statuses}");
        }
    }

    #[test]
    fn an_order_is_found_in_whatever_state_or_nowhere() {
        assert_eq!(Hyperliquid.found(answer(200, r#"{"status":"unknownOid"}"#)), Found::Nowhere);
        let state = |word: &str| {
            let order = r#"{"coin":"ETH","side":"B","limitPx":"5","sz":"0.25","oid":7,"timestamp":1,"origSz":"1.0"}"#;
            let body =
                format!(r#"{{"status":"order","order":{{"order":{order},"status":"{word}","statusTimestamp":2}}}}"#);
            let Found::Order(report) = Hyperliquid.found(answer(200, &body)) else { panic!() };
            assert_eq!((report.filled.to_string(), report.time_ms), ("0.75".to_string(), 2));
            report.state
        };
        assert_eq!(
            (state("open"), state("filled"), state("scheduledCancel")),
            (OrderState::Open, OrderState::Filled, OrderState::Cancelled)
        );
        assert_eq!(
            (state("siblingFilledCanceled"), state("oracleRejected")),
            (OrderState::Cancelled, OrderState::Refused)
        );
        assert_eq!(state("paused"), OrderState::Unknown("paused".to_string()));
    }

    #[test]
    fn a_list_of_fundings_names_them_as_the_pushes_do() {
        let list = Read::Funding { native_symbol: "ETH".to_string(), since_ms: 0 };
        let body =
            r#"[{"time":9,"hash":"0x","delta":{"type":"funding","coin":"ETH","usdc":"-3.625312","szi":"49.1"}}]"#;
        let listed = Hyperliquid.listed(&list, answer(200, body)).unwrap();
        let pushed = r#"{"channel":"user","data":{"funding":{"time":9,"coin":"ETH","usdc":"-3.625312"}}}"#;
        assert_eq!(Hyperliquid.decode(pushed.as_bytes()).unwrap(), listed.events);
        assert!(Hyperliquid.listed(&list, answer(200, r#"{"error":"no"}"#)).is_err());
    }

    #[test]
    fn what_is_not_known_is_told() {
        let told = |text: &str| Hyperliquid.decode(text.as_bytes()).unwrap().remove(0);
        assert_eq!(told(r#"{"channel":"pong"}"#), Event::Notice(Notice::Fine));
        for frame in [r#"{"channel":"party","data":{}}"#, r#"{"channel":"user","data":{"nonUserCancel":[]}}"#] {
            assert!(matches!(told(frame), Event::Notice(Notice::Unrecognised { .. })), "{frame}");
        }
        assert!(
            Hyperliquid.decode(b"{}").is_err()
                && Hyperliquid.decode(br#"{"channel":"orderUpdates","data":[{}]}"#).is_err()
        );
    }
}
