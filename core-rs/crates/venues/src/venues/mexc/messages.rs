//! What the venue sends, as it is read: pushes and answers, the book over REST, the rows of the market list.

use crossbook_codec::json::{Code, Decimal, Levels, Time};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// `{"symbol":"DOGE_USDT","data":{"cts":1789498405531,"asks":[[0.080100,2868,1]],"bids":[[0.07969,0,0]],"end":8752808003,
/// "begin":8752807948,"version":8752808003},"channel":"push.depth","ts":1789498405534}`, or
/// `{"channel":"push.contract","data":{"symbol":"CLO_USDT","state":0,...},"symbol":"CLO_USDT","ts":1760942212002}`, or
/// `{"channel":"rs.sub.depth","data":"success","ts":1789498321790}`, or
/// `{"channel":"rs.error","data":"Contract [NOPE_USDT] not exists","ts":1789498321790}`, or
/// `{"channel":"pong","data":1789498321790,"ts":1789498321790}`
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) channel: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) symbol: Cow<'a, str>,
    #[serde(default)]
    pub(super) data: Data,
    #[serde(default)]
    pub(super) ts: Time,
}

/// What `data` holds depends on the channel.
#[derive(Default)]
pub(super) enum Data {
    Book(Book),
    Text(String),
    #[default]
    Other,
}

/// Changes, the best levels, or a whole book; `{"asks":[[p,v,n]],"bids":[...],"version":n,"timestamp":ms,"cts":ms}` over REST.
#[derive(Deserialize)]
pub(super) struct Book {
    #[serde(default)]
    pub(super) asks: Levels,
    #[serde(default)]
    pub(super) bids: Levels,
    pub(super) version: Option<i64>,
    #[serde(default)]
    pub(super) begin: i64,
    #[serde(default)]
    pub(super) end: i64,
    #[serde(default)]
    pub(super) cts: Time,
    #[serde(default)]
    pub(super) timestamp: Time,
    /// Of the row of a contract.
    pub(super) state: Option<i64>,
}

/// `{"success":true,"code":0,"data":{...}}`
#[derive(Deserialize)]
pub(super) struct Answer {
    #[serde(default)]
    pub(super) code: Option<Code>,
    pub(super) data: Option<Book>,
}

/// One row of the contracts' `data`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Market {
    pub(super) symbol: String,
    pub(super) base_coin: String,
    pub(super) quote_coin: String,
    pub(super) settle_coin: String,
    pub(super) contract_size: Decimal,
    #[serde(default)]
    pub(super) price_unit: Decimal,
    #[serde(default)]
    pub(super) vol_unit: Decimal,
    pub(super) state: i64,
    #[serde(default = "perpetual")]
    pub(super) future_type: i64,
    #[serde(default)]
    pub(super) is_hidden: bool,
}

/// Lists of before there were dated contracts do not say.
fn perpetual() -> i64 {
    1
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DataVisitor;
        impl<'de> Visitor<'de> for DataVisitor {
            type Value = Data;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a book, a text, a number or a list")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Data, A::Error> {
                Book::deserialize(MapAccessDeserializer::new(map)).map(Data::Book)
            }
            fn visit_str<E>(self, text: &str) -> Result<Data, E> {
                Ok(Data::Text(text.to_string()))
            }
            fn visit_u64<E>(self, _number: u64) -> Result<Data, E> {
                Ok(Data::Other)
            }
            fn visit_unit<E>(self) -> Result<Data, E> {
                Ok(Data::Other)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Data, A::Error> {
                while rows.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Data::Other)
            }
        }
        deserializer.deserialize_any(DataVisitor)
    }
}
