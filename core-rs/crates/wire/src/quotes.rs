//! One quote as a row: the message of clients that want no columns.

use crate::opportunities::Time;
use crossbook_market::{Instrument, Quote};
use prost::Message;

/// Quote of market.proto.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(string, tag = "1")]
    venue: String,
    #[prost(string, tag = "2")]
    symbol: String,
    #[prost(string, tag = "3")]
    asset: String,
    #[prost(double, tag = "4")]
    bid: f64,
    #[prost(double, tag = "5")]
    bid_size: f64,
    #[prost(double, tag = "6")]
    ask: f64,
    #[prost(double, tag = "7")]
    ask_size: f64,
    #[prost(int32, tag = "8")]
    state: i32,
    #[prost(message, optional, tag = "9")]
    exchange_time: Option<Time>,
    #[prost(message, optional, tag = "10")]
    receive_time: Option<Time>,
    #[prost(int32, tag = "11")]
    asset_class: i32,
}

/// A WatchQuotesResponse.
pub fn encode_quote_response(instrument: &Instrument, quote: &Quote, conflated_quotes: u64) -> Vec<u8> {
    let row = Row {
        venue: instrument.venue.clone(),
        symbol: instrument.symbol.clone(),
        asset: instrument.asset.clone(),
        bid: quote.bid,
        bid_size: quote.bid_size,
        ask: quote.ask,
        ask_size: quote.ask_size,
        state: quote.state as i32,
        exchange_time: Time::known(quote.exchange_ns),
        receive_time: Some(Time::from_ns(quote.receive_ns)),
        asset_class: instrument.asset_class as i32,
    };
    let mut out = Vec::with_capacity(row.encoded_len() + 16);
    prost::encoding::message::encode(1, &row, &mut out);
    if conflated_quotes > 0 {
        prost::encoding::uint64::encode(2, &conflated_quotes, &mut out);
    }
    out
}
