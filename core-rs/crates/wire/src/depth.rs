//! Depth: rows of levels into DepthBatch and back, every value checked on the way in.

use crate::error::WireError;
use crate::limits::{MAX_BATCH_ROWS, MAX_MESSAGE_BYTES, MAX_SYMBOLS, MAX_TIME_NS};
use crossbook_market::{Depth, Level};
use prost::Message;

/// Field of IngestQuotesRequest.
const INGEST_TAG: u32 = 4;
/// Field of SubscribeQuoteBatchesResponse.
pub(crate) const SUBSCRIPTION_TAG: u32 = 3;
/// Most levels of one side of a row.
const MAX_SIDE: usize = 100;

/// One book's levels; the number is the stream's.
#[derive(Clone, Debug, PartialEq)]
pub struct DepthRow {
    pub symbol: u32,
    pub depth: Depth,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DepthBatch {
    #[prost(fixed32, repeated, tag = "1")]
    symbol_index: Vec<u32>,
    #[prost(sfixed64, repeated, tag = "2")]
    read_ns: Vec<i64>,
    #[prost(uint32, repeated, tag = "3")]
    bids: Vec<u32>,
    #[prost(uint32, repeated, tag = "4")]
    asks: Vec<u32>,
    #[prost(double, repeated, tag = "5")]
    price: Vec<f64>,
    #[prost(double, repeated, tag = "6")]
    size: Vec<f64>,
}

#[derive(Clone, PartialEq, Message)]
struct IngestDepth {
    #[prost(message, optional, tag = "4")]
    depth: Option<DepthBatch>,
}

/// An IngestQuotesRequest with the depth of these books.
pub fn encode_ingest_depth<'a>(rows: impl Iterator<Item = (u32, &'a Depth)>) -> Vec<u8> {
    let mut out = Vec::new();
    encode_depth(INGEST_TAG, rows, &mut out);
    out
}

/// Appends field `tag`.
pub(crate) fn encode_depth<'a>(tag: u32, rows: impl Iterator<Item = (u32, &'a Depth)>, out: &mut Vec<u8>) {
    let mut batch = DepthBatch::default();
    for (symbol, depth) in rows {
        batch.symbol_index.push(symbol);
        batch.read_ns.push(depth.read_ns);
        batch.bids.push(depth.bids.len() as u32);
        batch.asks.push(depth.asks.len() as u32);
        for level in depth.bids.iter().chain(&depth.asks) {
            batch.price.push(level.price);
            batch.size.push(level.size);
        }
    }
    prost::encoding::message::encode(tag, &batch, out);
}

/// Reads the depth of an IngestQuotesRequest.
pub fn decode_ingest_depth(payload: &[u8]) -> Result<Vec<DepthRow>, WireError> {
    if payload.len() > MAX_MESSAGE_BYTES {
        return Err(WireError::MessageTooLarge { bytes: payload.len() });
    }
    let batch = IngestDepth::decode(payload)?.depth;
    rows(batch.ok_or(WireError::WrongContent { expected: "depth" })?)
}

/// Reads the field itself.
pub(crate) fn decode_depth(body: &[u8]) -> Result<Vec<DepthRow>, WireError> {
    rows(DepthBatch::decode(body)?)
}

fn rows(batch: DepthBatch) -> Result<Vec<DepthRow>, WireError> {
    let count = batch.symbol_index.len();
    if count > MAX_BATCH_ROWS {
        return Err(WireError::TooManyRows { rows: count });
    }
    let levels = batch.bids.iter().chain(&batch.asks).fold(0_usize, |sum, side| sum.saturating_add(*side as usize));
    let lengths = [
        ("read_ns", batch.read_ns.len(), count),
        ("bids", batch.bids.len(), count),
        ("asks", batch.asks.len(), count),
        ("price", batch.price.len(), levels),
        ("size", batch.size.len(), levels),
    ];
    if let Some(&(column, found, expected)) = lengths.iter().find(|(_, found, expected)| found != expected) {
        return Err(WireError::DepthLength { column, found, expected });
    }
    let mut left = batch.price.iter().zip(&batch.size).map(|(price, size)| Level { price: *price, size: *size });
    let mut rows = Vec::with_capacity(count);
    for row in 0..count {
        let (bids, asks) = (batch.bids[row] as usize, batch.asks[row] as usize);
        let depth = Depth {
            read_ns: batch.read_ns[row],
            bids: left.by_ref().take(bids).collect(),
            asks: left.by_ref().take(asks).collect(),
        };
        check(row, batch.symbol_index[row], &depth)?;
        rows.push(DepthRow { symbol: batch.symbol_index[row], depth });
    }
    Ok(rows)
}

/// A book's own order, best first, with nothing on one side that the other would have traded with.
fn check(row: usize, symbol: u32, depth: &Depth) -> Result<(), WireError> {
    if symbol >= MAX_SYMBOLS {
        return Err(WireError::SymbolOutOfRange { index: symbol });
    }
    if !(1..MAX_TIME_NS).contains(&depth.read_ns) {
        return Err(WireError::BadTime { row, column: "read_ns", value: depth.read_ns });
    }
    let is_good = |level: &Level| level.is_valid() && level.size > 0.0;
    let is_book = [&depth.bids, &depth.asks].into_iter().all(|side| side.len() <= MAX_SIDE && side.iter().all(is_good))
        && depth.bids.windows(2).all(|pair| pair[0].price > pair[1].price)
        && depth.asks.windows(2).all(|pair| pair[0].price < pair[1].price)
        && depth.bids.first().zip(depth.asks.first()).is_none_or(|(bid, ask)| bid.price < ask.price);
    if is_book { Ok(()) } else { Err(WireError::BadDepth { row }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn depth(bids: &[(f64, f64)], asks: &[(f64, f64)]) -> Depth {
        let side = |levels: &[(f64, f64)]| levels.iter().map(|&(price, size)| Level { price, size }).collect();
        Depth { read_ns: 7, bids: side(bids), asks: side(asks) }
    }

    fn sent(rows: &[(u32, Depth)]) -> Result<Vec<DepthRow>, WireError> {
        decode_ingest_depth(&encode_ingest_depth(rows.iter().map(|(symbol, depth)| (*symbol, depth))))
    }

    #[test]
    fn rows_come_back_as_they_went() {
        let rows = [(3, depth(&[(10.0, 1.0), (9.0, 2.0)], &[(11.0, 3.0)])), (1, depth(&[], &[(5.0, 1.0), (6.0, 1.0)]))];
        let expected = rows.clone().map(|(symbol, depth)| DepthRow { symbol, depth });
        assert_eq!(sent(&rows).unwrap(), expected);
        assert_eq!(sent(&[]).unwrap(), []);
    }

    #[test]
    fn what_is_no_book_is_refused() {
        let none = Err(WireError::BadDepth { row: 0 });
        for wrong in [
            depth(&[(9.0, 1.0), (10.0, 1.0)], &[]),
            depth(&[], &[(9.0, 1.0), (9.0, 1.0)]),
            depth(&[(9.0, 0.0)], &[]),
            depth(&[(f64::NAN, 1.0)], &[]),
            depth(&[(9.0, 1.0)], &[(9.0, 1.0)]),
            depth(&[(9.0, f64::INFINITY)], &[]),
        ] {
            assert_eq!(sent(&[(0, wrong)]), none);
        }
        let early = Depth { read_ns: 0, ..Depth::default() };
        assert!(matches!(sent(&[(0, early)]), Err(WireError::BadTime { row: 0, .. })));
        assert!(matches!(sent(&[(MAX_SYMBOLS, depth(&[], &[]))]), Err(WireError::SymbolOutOfRange { .. })));
        assert!(matches!(decode_ingest_depth(&[]), Err(WireError::WrongContent { .. })));
    }

    #[test]
    fn columns_of_other_lengths_are_refused() {
        let batch = DepthBatch {
            symbol_index: vec![1],
            read_ns: vec![7],
            bids: vec![1],
            asks: vec![u32::MAX],
            ..Default::default()
        };
        let expected = WireError::DepthLength { column: "price", found: 0, expected: 1 + u32::MAX as usize };
        assert_eq!(rows(batch), Err(expected));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_ingest_depth(&bytes);
            let _ = decode_depth(&bytes);
        }
    }
}
