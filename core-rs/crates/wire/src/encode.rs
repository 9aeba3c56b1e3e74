//! Quotes into messages: headers by prost, columns as the bytes they are.

use crate::decode::Hello;
use crate::depth::{SUBSCRIPTION_TAG, encode_depth};
use crate::messages::{IngestHello, QuoteBatchHeader, SymbolEntry};
use crossbook_market::{Depth, Instrument, Quote};
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint};

/// Bytes of one row: a symbol number, two times, four numbers and a state.
const ROW_BYTES: usize = 4 + 6 * 8 + 1;

/// An IngestQuotesRequest with a batch. At most MAX_BATCH_ROWS quotes.
pub fn encode_batch(
    venue: &str,
    stream_id: &str,
    sequence: u64,
    watermark_ns: i64,
    new_symbols: &[(u32, &Instrument)],
    quotes: &[Quote],
) -> Vec<u8> {
    let header = header(venue, stream_id, sequence, watermark_ns, new_symbols);
    wrap_batch(2, &header, quotes)
}

/// The same with quotes that were in force before the stream had their instruments, all received before `from_ns`.
pub fn encode_carried_batch(
    venue: &str,
    stream_id: &str,
    sequence: u64,
    from_ns: i64,
    new_symbols: &[(u32, &Instrument)],
    quotes: &[Quote],
) -> Vec<u8> {
    let header = header(venue, stream_id, sequence, from_ns, new_symbols);
    wrap_batch(2, &QuoteBatchHeader { is_carried: true, ..header }, quotes)
}

/// The same with no quotes but symbol numbers that belong to another shard from `from_ns` on.
pub fn encode_left_batch(venue: &str, stream_id: &str, sequence: u64, from_ns: i64, left_symbols: &[u32]) -> Vec<u8> {
    let header = header(venue, stream_id, sequence, from_ns, &[]);
    wrap_batch(2, &QuoteBatchHeader { left_symbols: left_symbols.to_vec(), ..header }, &[])
}

/// The same with no quotes: nobody listened to the venue from `from_ns` until `until_ns`.
pub fn encode_unheard_batch(venue: &str, stream_id: &str, sequence: u64, from_ns: i64, until_ns: i64) -> Vec<u8> {
    let header = header(venue, stream_id, sequence, until_ns, &[]);
    wrap_batch(2, &QuoteBatchHeader { unheard_from_ns: from_ns, ..header }, &[])
}

/// The same with no quotes but the symbol numbers of all that the stream has from `from_ns` on.
pub fn encode_roster(
    venue: &str,
    stream_id: &str,
    sequence: u64,
    from_ns: i64,
    new_symbols: &[(u32, &Instrument)],
    roster_symbols: &[u32],
) -> Vec<u8> {
    let header = header(venue, stream_id, sequence, from_ns, new_symbols);
    wrap_batch(2, &QuoteBatchHeader { is_roster: true, roster_symbols: roster_symbols.to_vec(), ..header }, &[])
}

/// An IngestQuotesRequest with a hello.
pub fn encode_hello(hello: &Hello) -> Vec<u8> {
    let known: Vec<_> = hello.symbols.iter().map(|entry| (entry.index, &entry.instrument)).collect();
    let message = IngestHello {
        venue: hello.venue.clone(),
        stream_id: hello.stream_id.clone(),
        oldest_sequence: hello.oldest_sequence,
        symbols: entries(&known),
        next_sequence: hello.next_sequence,
        shard: hello.shard.clone(),
        left_symbols: hello.left_symbols.clone(),
        roster_sequence: hello.roster_sequence,
        roster_ns: hello.roster_ns,
    };
    let mut out = Vec::with_capacity(message.encoded_len() + 8);
    prost::encoding::message::encode(1, &message, &mut out);
    out
}

/// A SubscribeQuoteBatchesResponse. At most MAX_BATCH_ROWS quotes.
pub fn encode_subscription_response(
    stream_id: &str,
    sequence: u64,
    watermark_ns: i64,
    new_symbols: &[(u32, &Instrument)],
    quotes: &[Quote],
    conflated_quotes: u64,
) -> Vec<u8> {
    let header = header("", stream_id, sequence, watermark_ns, new_symbols);
    let mut out = wrap_batch(1, &header, quotes);
    prost::encoding::uint64::encode(2, &conflated_quotes, &mut out);
    out
}

/// Adds depth to a SubscribeQuoteBatchesResponse; its numbers are the batch's.
pub fn append_subscription_depth<'a>(response: &mut Vec<u8>, rows: impl Iterator<Item = (u32, &'a Depth)>) {
    encode_depth(SUBSCRIPTION_TAG, rows, response);
}

/// What such a response, or any batch, says of one symbol: bytes for those who tell it often.
pub fn encode_symbol(index: u32, instrument: &Instrument) -> Vec<u8> {
    let mut out = Vec::new();
    prost::encoding::message::encode_repeated(5, &entries(&[(index, instrument)]), &mut out);
    out
}

/// A SubscribeQuoteBatchesResponse that goes to several readers, and so has no sequence; its symbols are encoded already.
pub fn encode_shared_response<'a>(
    stream_id: &str,
    watermark_ns: i64,
    symbols: impl Iterator<Item = &'a [u8]> + Clone,
    quotes: &[Quote],
) -> Vec<u8> {
    wrap_described_batch(1, &header("", stream_id, 0, watermark_ns, &[]), symbols, quotes)
}

fn header(
    venue: &str,
    stream_id: &str,
    sequence: u64,
    watermark_ns: i64,
    new_symbols: &[(u32, &Instrument)],
) -> QuoteBatchHeader {
    QuoteBatchHeader {
        venue: venue.to_owned(),
        stream_id: stream_id.to_owned(),
        sequence,
        watermark_ns,
        symbols: entries(new_symbols),
        ..QuoteBatchHeader::default()
    }
}

fn entries(symbols: &[(u32, &Instrument)]) -> Vec<SymbolEntry> {
    symbols
        .iter()
        .map(|(index, instrument)| SymbolEntry { index: *index, instrument: Some((*instrument).into()) })
        .collect()
}

/// A message whose field `tag` is the batch.
fn wrap_batch(tag: u32, header: &QuoteBatchHeader, quotes: &[Quote]) -> Vec<u8> {
    wrap_described_batch(tag, header, std::iter::empty(), quotes)
}

/// The same with further symbols.
fn wrap_described_batch<'a>(
    tag: u32,
    header: &QuoteBatchHeader,
    symbols: impl Iterator<Item = &'a [u8]> + Clone,
    quotes: &[Quote],
) -> Vec<u8> {
    let described = symbols.clone().map(<[u8]>::len).sum::<usize>();
    let length = header.encoded_len() + described + columns_len(quotes.len());
    let mut out = Vec::with_capacity(length + 24);
    encode_key(tag, WireType::LengthDelimited, &mut out);
    encode_varint(length as u64, &mut out);
    header.encode_raw(&mut out);
    symbols.for_each(|symbol| out.extend_from_slice(symbol));
    put_columns(&mut out, quotes);
    out
}

fn columns_len(rows: usize) -> usize {
    if rows == 0 {
        return 0;
    }
    let lengths = encoded_len_varint(rows as u64 * 4) + 6 * encoded_len_varint(rows as u64 * 8);
    8 + lengths + encoded_len_varint(rows as u64) + rows * ROW_BYTES
}

fn put_columns(out: &mut Vec<u8>, quotes: &[Quote]) {
    if quotes.is_empty() {
        return;
    }
    put_column(out, 6, quotes, |quote| quote.instrument.to_le_bytes());
    put_column(out, 7, quotes, |quote| quote.receive_ns.to_le_bytes());
    put_column(out, 8, quotes, |quote| quote.exchange_ns.to_le_bytes());
    put_column(out, 9, quotes, |quote| quote.bid.to_le_bytes());
    put_column(out, 10, quotes, |quote| quote.bid_size.to_le_bytes());
    put_column(out, 11, quotes, |quote| quote.ask.to_le_bytes());
    put_column(out, 12, quotes, |quote| quote.ask_size.to_le_bytes());
    put_column(out, 13, quotes, |quote| [quote.state as u8]);
}

fn put_column<const N: usize>(out: &mut Vec<u8>, tag: u32, quotes: &[Quote], bytes: impl Fn(&Quote) -> [u8; N]) {
    encode_key(tag, WireType::LengthDelimited, out);
    encode_varint((quotes.len() * N) as u64, out);
    let start = out.len();
    out.resize(start + quotes.len() * N, 0);
    for (slot, quote) in out[start..].chunks_exact_mut(N).zip(quotes) {
        slot.copy_from_slice(&bytes(quote));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::decode_subscription_response;
    use crossbook_market::BookState;

    #[test]
    fn what_is_told_often_reads_like_what_is_told_once() {
        let instrument = |symbol: &str| Instrument {
            venue: "a".into(),
            symbol: symbol.into(),
            native_symbol: symbol.into(),
            asset: symbol.into(),
            quote_currency: "USDT".into(),
            settle_currency: "USDT".into(),
            tick_size: 0.5,
            ..Instrument::default()
        };
        let (one, other) = (instrument("X"), instrument("Y"));
        let quotes = [7, 300].map(|number| Quote::without_prices(number, BookState::Stale, i64::from(number)));
        let symbols = [encode_symbol(7, &one), encode_symbol(300, &other)];
        let often = encode_shared_response("s", 9, symbols.iter().map(|symbol| &**symbol), &quotes);
        let once = encode_subscription_response("s", 0, 9, &[(7, &one), (300, &other)], &quotes, 0);
        let read = |payload: &[u8]| format!("{:?}", decode_subscription_response(payload).unwrap());
        assert_eq!(read(&often), read(&once));
    }
}
