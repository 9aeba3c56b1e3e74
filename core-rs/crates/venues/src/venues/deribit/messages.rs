//! What the venue sends, as it is read: notifications, answers, the book over REST, the rows of the market list.

use crossbook_codec::json::{Code, Decimal, Levels};
use crossbook_market::Level;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::fmt;

/// A notification (`method`, `params`) or an answer (`id`, `result` or `error`).
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    pub(super) method: Option<&'a str>,
    #[serde(borrow)]
    pub(super) params: Option<Params<'a>>,
    pub(super) id: Option<u64>,
    #[serde(borrow)]
    pub(super) result: Option<Outcome<'a>>,
    pub(super) error: Option<Refusal>,
}

/// `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"quote.BTC-PERPETUAL","data":{...}}}`, or
/// `{"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}}`
#[derive(Deserialize)]
pub(super) struct Params<'a> {
    pub(super) channel: Option<&'a str>,
    #[serde(rename = "type")]
    pub(super) kind: Option<&'a str>,
    #[serde(borrow)]
    pub(super) data: Option<Data<'a>>,
}

/// `{"type":"change","timestamp":1699999999500,"instrument_name":"BTC-PERPETUAL","change_id":123456790,
/// "prev_change_id":123456789,"bids":[["change",42500.0,950.0]],"asks":[["delete",42501.0,0.0]]}`, or
/// `{"timestamp":1765541767174,"instrument_name":"BTC-PERPETUAL","best_ask_price":92288.5,"best_bid_price":92288.0,
/// "best_ask_amount":99470.0,"best_bid_amount":133440.0}`, or
/// `{"timestamp":1553080940000,"state":"deactivated","instrument_name":"BTC-PERPETUAL"}`, or
/// `{"price_index":"btc_usdc","locked":true}`
#[derive(Deserialize)]
pub(super) struct Data<'a> {
    #[serde(rename = "type")]
    pub(super) kind: Option<&'a str>,
    pub(super) timestamp: Option<i64>,
    pub(super) change_id: Option<i64>,
    pub(super) prev_change_id: Option<i64>,
    #[serde(default)]
    pub(super) bids: Entries,
    #[serde(default)]
    pub(super) asks: Entries,
    pub(super) best_bid_price: Option<Decimal>,
    pub(super) best_bid_amount: Option<Decimal>,
    pub(super) best_ask_price: Option<Decimal>,
    pub(super) best_ask_amount: Option<Decimal>,
    pub(super) state: Option<&'a str>,
    pub(super) instrument_name: Option<&'a str>,
    pub(super) locked: Option<bool>,
    pub(super) price_index: Option<&'a str>,
}

/// `[["new",42500.0,1000.0],["delete",42499.5,0.0]]`
#[derive(Debug, Default)]
pub(super) struct Entries(pub(super) Vec<Level>);

/// `["quote.BTC-PERPETUAL"]` for a subscription, `"ok"` or an object for other calls.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Outcome<'a> {
    Channels(#[serde(borrow)] Vec<&'a str>),
    Other(IgnoredAny),
}

/// `{"code":10028,"message":"too_many_requests","data":null}`
#[derive(Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) code: Code,
    #[serde(default)]
    pub(super) message: String,
}

/// `{"jsonrpc":"2.0","result":{"timestamp":1766554855140,"change_id":133112427566,"bids":[[87002.5,199190.0]],"asks":[]}}`
#[derive(Deserialize)]
pub(super) struct Fetched {
    pub(super) result: FetchedBook,
}

#[derive(Deserialize)]
pub(super) struct FetchedBook {
    pub(super) timestamp: i64,
    pub(super) change_id: i64,
    pub(super) bids: Levels,
    pub(super) asks: Levels,
}

/// One row of the instruments' `result`.
#[derive(Deserialize)]
pub(super) struct Market {
    pub(super) instrument_name: String,
    pub(super) kind: String,
    pub(super) settlement_period: Option<String>,
    pub(super) is_active: bool,
    pub(super) instrument_type: Option<String>,
    pub(super) base_currency: String,
    pub(super) counter_currency: Option<String>,
    pub(super) settlement_currency: Option<String>,
    pub(super) tick_size: Decimal,
    pub(super) min_trade_amount: Decimal,
    pub(super) taker_commission: Option<Decimal>,
    pub(super) maker_commission: Option<Decimal>,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list of [action, price, amount]")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Entries, A::Error> {
                let mut levels = Vec::new();
                while let Some((action, price, amount)) = sequence.next_element::<(&str, Decimal, Decimal)>()? {
                    levels.push(Level { price: price.0, size: size(action, amount.0)? });
                }
                Ok(Entries(levels))
            }
        }
        deserializer.deserialize_seq(EntriesVisitor)
    }
}

/// Rule 3 (venues/deribit.rs).
fn size<E: serde::de::Error>(action: &str, amount: f64) -> Result<f64, E> {
    match action {
        "new" | "change" => Ok(amount),
        "delete" => Ok(0.0),
        _ => Err(E::custom("an action that is not new, change or delete")),
    }
}
