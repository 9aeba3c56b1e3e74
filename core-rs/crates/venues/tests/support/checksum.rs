//! The CRC32 that older frames of several venues carry: of the 25 best levels a side in their original text, which proves how
//! levels are applied, removed and ordered.

use crossbook_market::{Level, OrderBook};
use serde_json::Value;
use std::collections::HashMap;

/// Original text of price and size by the price's bits.
type Texts = HashMap<u64, (String, String)>;

/// The texts of one instrument's levels so far.
#[derive(Default)]
pub struct Spelled {
    bids: Texts,
    asks: Texts,
}

impl Spelled {
    /// Keeps the spelling of `{"bids":[["9.5","1"]],"asks":[...]}`.
    pub fn remember(&mut self, frame: &Value) {
        for (texts, side) in [(&mut self.bids, &frame["bids"]), (&mut self.asks, &frame["asks"])] {
            for level in side.as_array().unwrap() {
                let text = |index: usize| level[index].as_str().unwrap().to_string();
                texts.insert(text(0).parse::<f64>().unwrap().to_bits(), (text(0), text(1)));
            }
        }
    }

    /// `bid:ask` interleaved, `price:size` each; when one side runs out the other goes on.
    pub fn checksum(&self, book: &OrderBook) -> i32 {
        let (bids, asks) = (texts(book.bids().collect(), &self.bids), texts(book.asks().collect(), &self.asks));
        let longest = bids.len().max(asks.len());
        let parts = (0..longest).flat_map(|index| [bids.get(index), asks.get(index)]).flatten();
        crc32fast::hash(parts.cloned().collect::<Vec<_>>().join(":").as_bytes()) as i32
    }
}

fn texts(levels: Vec<Level>, texts: &Texts) -> Vec<String> {
    let text = |level: &Level| {
        let (price, size) = &texts[&level.price.to_bits()];
        assert_eq!(size.parse::<f64>().unwrap(), level.size);
        format!("{price}:{size}")
    };
    levels.iter().take(25).map(text).collect()
}
