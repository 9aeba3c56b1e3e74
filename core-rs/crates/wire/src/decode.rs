//! Messages into quotes. Columns are not copied: a decoded batch reads them where they lie.

use crate::columns::Columns;
use crate::depth::{DepthRow, SUBSCRIPTION_TAG, decode_depth};
use crate::error::WireError;
use crate::instrument;
use crate::limits::{MAX_MESSAGE_BYTES, MAX_SYMBOLS, MAX_TIME_NS};
use crate::messages;
use crossbook_market::{BookState, Instrument};
use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use std::borrow::Cow;
use std::collections::HashSet;

/// A number of a stream and the instrument it stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct SymbolEntry {
    pub index: u32,
    pub instrument: Instrument,
}

/// Opens or resumes a stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hello {
    pub venue: String,
    pub stream_id: String,
    /// Empty when the sender does not say.
    pub shard: String,
    pub oldest_sequence: u64,
    /// Of the batch that comes next; 0 when the sender does not say.
    pub next_sequence: u64,
    /// Every number given out so far.
    pub symbols: Vec<SymbolEntry>,
    /// Those among them that belong to another shard at `oldest_sequence`.
    pub left_symbols: Vec<u32>,
    /// Of the last roster, and its watermark; 0 when there was none.
    pub roster_sequence: u64,
    pub roster_ns: i64,
}

/// A QuoteBatch whose values have been checked, apart from its symbol numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch<'a> {
    pub venue: &'a str,
    pub stream_id: &'a str,
    pub sequence: u64,
    pub watermark_ns: i64,
    pub symbols: Vec<SymbolEntry>,
    pub columns: Columns<'a>,
    /// Whether the rows were in force before the stream had their instruments; they are all received before the watermark.
    pub is_carried: bool,
    /// Numbers that belong to another shard from the watermark on.
    pub left_symbols: Vec<u32>,
    /// Nobody listened to the venue from then until the watermark; zero when somebody did all the time.
    pub unheard_from_ns: i64,
    /// Numbers of all that the stream has from the watermark on; None when the batch does not say.
    pub roster: Option<Vec<u32>>,
}

impl Batch<'_> {
    /// Whether instruments come from or go to another shard at the watermark.
    pub fn is_hand_over(&self) -> bool {
        self.is_carried || !self.left_symbols.is_empty()
    }

    /// Refuses symbol numbers that are neither known to the reader nor introduced by this batch.
    pub fn check_symbols(&self, is_known: impl Fn(u32) -> bool) -> Result<(), WireError> {
        let introduced: HashSet<u32> = self.symbols.iter().map(|entry| entry.index).collect();
        let is_unknown = |index: &u32| !is_known(*index) && !introduced.contains(index);
        if let Some(&index) =
            self.left_symbols.iter().chain(self.roster.iter().flatten()).find(|index| is_unknown(index))
        {
            return Err(WireError::UnknownListedSymbol { index });
        }
        match self.columns.symbol_indexes().enumerate().find(|(_, index)| is_unknown(index)) {
            Some((row, index)) => Err(WireError::UnknownSymbol { row, index }),
            None => Ok(()),
        }
    }
}

/// What an IngestQuotesRequest holds.
#[derive(Clone, Debug, PartialEq)]
pub enum IngestMessage<'a> {
    Hello(Hello),
    Batch(Batch<'a>),
}

/// What a SubscribeQuoteBatchesResponse holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SubscriptionBatch<'a> {
    pub batch: Batch<'a>,
    pub conflated_quotes: u64,
    /// Of books whose depth is news; it counts after the batch.
    pub depth: Vec<DepthRow>,
}

/// Reads an IngestQuotesRequest.
pub fn decode_ingest_request(payload: &[u8]) -> Result<IngestMessage<'_>, WireError> {
    let mut message = None;
    for_each_field(payload, |field| {
        let decoded = match field {
            Field::Bytes(1, body) => IngestMessage::Hello(decode_hello(body)?),
            Field::Bytes(2, body) => IngestMessage::Batch(decode_stream_batch(body)?),
            _ => return Ok(()),
        };
        match message.replace(decoded) {
            None => Ok(()),
            Some(_) => Err(WireError::WrongContent { expected: "hello or batch" }),
        }
    })?;
    message.ok_or(WireError::WrongContent { expected: "hello or batch" })
}

/// Reads a SubscribeQuoteBatchesResponse.
pub fn decode_subscription_response(payload: &[u8]) -> Result<SubscriptionBatch<'_>, WireError> {
    let (mut batch, mut conflated_quotes, mut depth) = (None, 0, Vec::new());
    for_each_field(payload, |field| {
        match field {
            Field::Bytes(1, _) if batch.is_some() => return Err(WireError::WrongContent { expected: "batch" }),
            Field::Bytes(1, body) => batch = Some(decode_batch(body, BookState::Moved)?),
            Field::Number(2, value) => conflated_quotes = value,
            Field::Bytes(SUBSCRIPTION_TAG, body) => depth.append(&mut decode_depth(body)?),
            _ => {}
        }
        Ok(())
    })?;
    let batch = batch.ok_or(WireError::WrongContent { expected: "batch" })?;
    Ok(SubscriptionBatch { batch, conflated_quotes, depth })
}

fn decode_hello(body: &[u8]) -> Result<Hello, WireError> {
    let messages::IngestHello {
        venue,
        stream_id,
        oldest_sequence,
        symbols,
        next_sequence,
        shard,
        left_symbols,
        roster_sequence,
        roster_ns,
    } = messages::IngestHello::decode(body)?;
    let symbols: Vec<SymbolEntry> = symbols.into_iter().map(check_entry).collect::<Result<_, _>>()?;
    let introduced: HashSet<u32> = symbols.iter().map(|entry| entry.index).collect();
    if let Some(&index) = left_symbols.iter().find(|index| !introduced.contains(index)) {
        return Err(WireError::UnknownListedSymbol { index });
    }
    Ok(Hello {
        venue,
        stream_id,
        shard,
        oldest_sequence,
        next_sequence,
        symbols,
        left_symbols,
        roster_sequence,
        roster_ns,
    })
}

/// A batch of one venue's stream.
fn decode_stream_batch(body: &[u8]) -> Result<Batch<'_>, WireError> {
    let batch = decode_batch(body, BookState::Closed)?;
    let words = [batch.is_carried, !batch.left_symbols.is_empty(), batch.roster.is_some()];
    if words.into_iter().filter(|is_said| *is_said).count() > 1 {
        return Err(WireError::CarriedAndLeft);
    }
    if batch.is_carried {
        batch.columns.check_received_before(batch.watermark_ns)?;
    } else {
        batch.columns.check_order()?;
    }
    Ok(batch)
}

/// `last_state` is the highest number of a book state that may occur.
fn decode_batch(body: &[u8], last_state: BookState) -> Result<Batch<'_>, WireError> {
    let mut batch = Batch::default();
    let mut is_unusual = false;
    for_each_field(body, |field| {
        match field {
            Field::Bytes(1, bytes) => batch.venue = text("venue", bytes)?,
            Field::Bytes(2, bytes) => batch.stream_id = text("stream_id", bytes)?,
            Field::Number(3, value) => batch.sequence = value,
            Field::Number(4, value) => batch.watermark_ns = value as i64,
            Field::Bytes(5, bytes) => batch.symbols.push(check_entry(messages::SymbolEntry::decode(bytes)?)?),
            Field::Bytes(tag @ 6..=12, bytes) => {
                let column = &mut batch.columns.fixed[tag as usize - 6];
                is_unusual |= !column.is_empty();
                *column = Cow::Borrowed(bytes);
            }
            Field::Bytes(13, bytes) => batch.columns.state = Cow::Borrowed(bytes),
            Field::Fixed(6..=12) => is_unusual = true,
            Field::Number(14, value) => batch.is_carried = value != 0,
            Field::Number(18, value) => batch.unheard_from_ns = value as i64,
            Field::Number(15, value) => push_number(&mut batch.left_symbols, value)?,
            Field::Bytes(15, packed) => push_numbers(&mut batch.left_symbols, packed)?,
            Field::Number(16, 1) => _ = batch.roster.get_or_insert_default(),
            Field::Number(17, value) => push_number(batch.roster.get_or_insert_default(), value)?,
            Field::Bytes(17, packed) => push_numbers(batch.roster.get_or_insert_default(), packed)?,
            _ => {}
        }
        Ok(())
    })?;
    if is_unusual {
        batch.columns = Columns::decode_unusual(body, batch.columns.state)?;
    }
    if !(0..MAX_TIME_NS).contains(&batch.watermark_ns) {
        return Err(WireError::BadWatermark { value: batch.watermark_ns });
    }
    if !(0..=batch.watermark_ns).contains(&batch.unheard_from_ns) {
        return Err(WireError::BadUnheard { from_ns: batch.unheard_from_ns, until_ns: batch.watermark_ns });
    }
    batch.columns.check(last_state)?;
    Ok(batch)
}

fn push_numbers(numbers: &mut Vec<u32>, mut packed: &[u8]) -> Result<(), WireError> {
    while !packed.is_empty() {
        push_number(numbers, decode_varint(&mut packed)?)?;
    }
    Ok(())
}

/// One more number of a list; as many as there can be symbols.
fn push_number(numbers: &mut Vec<u32>, value: u64) -> Result<(), WireError> {
    let index = u32::try_from(value).unwrap_or(u32::MAX);
    if index >= MAX_SYMBOLS {
        return Err(WireError::SymbolOutOfRange { index });
    }
    if numbers.len() >= MAX_SYMBOLS as usize {
        return Err(WireError::TooManyListedSymbols { symbols: numbers.len() + 1 });
    }
    numbers.push(index);
    Ok(())
}

fn check_entry(entry: messages::SymbolEntry) -> Result<SymbolEntry, WireError> {
    let index = entry.index;
    if index >= MAX_SYMBOLS {
        return Err(WireError::SymbolOutOfRange { index });
    }
    let problem = match entry.instrument.map(instrument::Instrument::check) {
        Some(Ok(instrument)) => return Ok(SymbolEntry { index, instrument }),
        Some(Err(problem)) => problem,
        None => "the instrument is missing",
    };
    Err(WireError::BadInstrument { index, problem })
}

fn text<'a>(field: &'static str, bytes: &'a [u8]) -> Result<&'a str, WireError> {
    std::str::from_utf8(bytes).map_err(|_| WireError::NotText { field })
}

enum Field<'a> {
    Number(u32, u64),
    Bytes(u32, &'a [u8]),
    /// A 32 or 64 bit value by itself.
    Fixed(u32),
    Other,
}

fn for_each_field<'a>(
    mut rest: &'a [u8],
    mut take: impl FnMut(Field<'a>) -> Result<(), WireError>,
) -> Result<(), WireError> {
    if rest.len() > MAX_MESSAGE_BYTES {
        return Err(WireError::MessageTooLarge { bytes: rest.len() });
    }
    while !rest.is_empty() {
        let (tag, wire_type) = decode_key(&mut rest)?;
        let field = match wire_type {
            WireType::Varint => Field::Number(tag, decode_varint(&mut rest)?),
            WireType::LengthDelimited => Field::Bytes(tag, split_body(&mut rest)?),
            fixed_or_group => {
                skip_field(fixed_or_group, tag, &mut rest, DecodeContext::default())?;
                let is_fixed = matches!(fixed_or_group, WireType::ThirtyTwoBit | WireType::SixtyFourBit);
                if is_fixed { Field::Fixed(tag) } else { Field::Other }
            }
        };
        take(field)?;
    }
    Ok(())
}

fn split_body<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], WireError> {
    let length = usize::try_from(decode_varint(rest)?).unwrap_or(usize::MAX);
    let Some((body, after)) = rest.split_at_checked(length) else { return Err(WireError::Truncated) };
    *rest = after;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{QuoteBatchColumns, QuoteBatchHeader};
    use crate::{
        encode_batch, encode_carried_batch, encode_hello, encode_left_batch, encode_roster,
        encode_subscription_response,
    };
    use crossbook_market::{AssetClass, BookState, Quote};
    use proptest::prelude::*;

    fn instrument(symbol: &str) -> Instrument {
        Instrument {
            venue: "venue".into(),
            symbol: symbol.into(),
            native_symbol: "N".into(),
            asset: "BTC".into(),
            quote_currency: "USDT".into(),
            settle_currency: "USDC".into(),
            contract_size: 0.01,
            tick_size: 0.1,
            taker_fee_percent: Some(0.05),
            ..Instrument::default()
        }
    }

    fn quote(receive_ns: i64) -> Quote {
        let (bid, bid_size, ask, ask_size) = (100.5, 1.0, 100.75, 2.0);
        let state = BookState::Live;
        Quote { instrument: 3, state, receive_ns, exchange_ns: 5, bid, bid_size, ask, ask_size }
    }

    fn batch_of(payload: &[u8]) -> Result<Batch<'_>, WireError> {
        match decode_ingest_request(payload)? {
            IngestMessage::Batch(batch) => Ok(batch),
            IngestMessage::Hello(_) => Err(WireError::WrongContent { expected: "batch" }),
        }
    }

    fn hello_with(index: u32, instrument: &Instrument) -> Vec<u8> {
        let symbols = vec![SymbolEntry { index, instrument: instrument.clone() }];
        encode_hello(&Hello { symbols, ..Hello::default() })
    }

    fn refusal_of(rows: &[Quote]) -> Option<WireError> {
        batch_of(&encode_batch("venue", "stream", 1, 0, &[], rows)).err()
    }

    fn any_quote() -> impl Strategy<Value = Quote> {
        let number = || prop_oneof![Just(0.0), 0.0..1e9];
        let values = (number(), number(), number(), number());
        (0..9u32, 1..5u8, 1..MAX_TIME_NS, 0..MAX_TIME_NS, values).prop_map(
            |(instrument, state, receive_ns, exchange_ns, (bid, bid_size, ask, ask_size))| {
                let state = BookState::from_number(state).unwrap();
                Quote { instrument, state, receive_ns, exchange_ns, bid, bid_size, ask, ask_size }
            },
        )
    }

    proptest! {
        #[test]
        fn a_batch_comes_back_as_it_was(mut quotes in prop::collection::vec(any_quote(), 0..40), sequence: u64) {
            quotes.sort_by_key(|quote| quote.receive_ns);
            let instrument = instrument("BTC/USDT:USDT");
            let payload = encode_batch("venue", "stream", sequence, 77, &[(3, &instrument)], &quotes);
            let batch = batch_of(&payload).unwrap();
            prop_assert_eq!((batch.venue, batch.stream_id, batch.sequence), ("venue", "stream", sequence));
            prop_assert_eq!(batch.watermark_ns, 77);
            prop_assert_eq!(&batch.symbols, &[SymbolEntry { index: 3, instrument }]);
            prop_assert_eq!(batch.columns.rows().collect::<Vec<_>>(), quotes);
        }

        #[test]
        fn hand_overs_come_back_as_they_were(quotes in prop::collection::vec(any_quote(), 0..40), left in prop::collection::vec(0..MAX_SYMBOLS, 1..40)) {
            let from_ns = MAX_TIME_NS - 1;
            let quotes: Vec<_> = quotes.into_iter().filter(|quote| quote.receive_ns < from_ns).collect();
            let payload = encode_carried_batch("venue", "stream", 5, from_ns, &[], &quotes);
            let batch = batch_of(&payload).unwrap();
            prop_assert_eq!((batch.is_carried, batch.watermark_ns, batch.sequence), (true, from_ns, 5));
            prop_assert_eq!(batch.columns.rows().collect::<Vec<_>>(), quotes);
            let payload = encode_left_batch("venue", "stream", 6, 7, &left);
            let batch = batch_of(&payload).unwrap();
            prop_assert_eq!((batch.left_symbols, batch.watermark_ns, batch.columns.len()), (left, 7, 0));
        }

        #[test]
        fn no_bytes_make_it_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode_ingest_request(&payload);
            let _ = decode_subscription_response(&payload);
        }

        #[test]
        fn a_truncated_batch_is_refused_and_never_shortened(cut in 1..300usize) {
            let payload = encode_batch("venue", "stream", 1, 1, &[], &[quote(1); 8]);
            let kept = payload.len().saturating_sub(cut);
            prop_assert!(batch_of(&payload[..kept]).is_err());
        }
    }

    #[test]
    fn a_hello_comes_back_as_it_was() {
        let instrument = instrument("BTC/USDT:USDT");
        let hello = Hello {
            venue: "venue".into(),
            stream_id: "stream".into(),
            shard: "a".into(),
            oldest_sequence: 9,
            next_sequence: 11,
            symbols: vec![SymbolEntry { index: 4, instrument }],
            left_symbols: vec![4],
            roster_sequence: 8,
            roster_ns: 7,
        };
        assert_eq!(decode_ingest_request(&encode_hello(&hello)), Ok(IngestMessage::Hello(hello)));
    }

    #[test]
    fn a_roster_comes_back_as_it_was_and_one_without_a_symbol_is_one_too() {
        let instrument = instrument("BTC/USDT:USDT");
        let payload = encode_roster("venue", "stream", 1, 7, &[(3, &instrument)], &[3]);
        let batch = batch_of(&payload).unwrap();
        assert_eq!((batch.roster.as_deref(), batch.watermark_ns, batch.is_hand_over()), (Some(&[3][..]), 7, false));
        assert_eq!(batch.check_symbols(|_| false), Ok(()));
        let payload = encode_roster("venue", "stream", 1, 7, &[], &[4]);
        let unknown = Err(WireError::UnknownListedSymbol { index: 4 });
        assert_eq!(batch_of(&payload).unwrap().check_symbols(|_| false), unknown);
        assert_eq!(batch_of(&encode_roster("venue", "stream", 1, 7, &[], &[])).unwrap().roster, Some(vec![]));
        assert_eq!(batch_of(&encode_batch("venue", "stream", 1, 7, &[], &[])).unwrap().roster, None);
    }

    #[test]
    fn a_subscription_response_may_mix_receive_times() {
        let payload = encode_subscription_response("s", 2, 8, &[], &[quote(9), quote(8)], 5);
        let decoded = decode_subscription_response(&payload).unwrap();
        assert_eq!((decoded.conflated_quotes, decoded.batch.sequence), (5, 2));
        assert_eq!(decoded.batch.columns.rows().collect::<Vec<_>>(), [quote(9), quote(8)]);
    }

    #[test]
    fn unpacked_and_split_columns_are_read_too() {
        let rows = [quote(1), quote(2)];
        let column = |value: fn(&Quote) -> f64| rows.iter().map(value).collect::<Vec<_>>();
        let columns = QuoteBatchColumns {
            symbol_index: vec![3, 3],
            receive_ns: vec![1, 2],
            exchange_ns: vec![5],
            bid: column(|quote| quote.bid),
            bid_size: column(|quote| quote.bid_size),
            ask: column(|quote| quote.ask),
            ask_size: column(|quote| quote.ask_size),
        };
        let mut body = QuoteBatchHeader { venue: "venue".into(), ..Default::default() }.encode_to_vec();
        columns.encode(&mut body).unwrap();
        prost::encoding::sfixed64::encode(8, &5, &mut body); // the second exchange time, by itself
        prost::encoding::bytes::encode(13, &vec![1u8, 1], &mut body);
        assert_eq!(decode_stream_batch(&body).unwrap().columns.rows().collect::<Vec<_>>(), rows);
    }

    #[test]
    fn every_bad_value_is_named_with_its_row() {
        let good = quote(10);
        let cases = [
            (Quote { bid: f64::NAN, ..good }, "row 1: bid "),
            (Quote { ask: -1.0, ..good }, "row 1: ask "),
            (Quote { ask_size: f64::INFINITY, ..good }, "row 1: ask_size "),
            (Quote { receive_ns: 9, ..good }, "row 1 was received before"),
            (Quote { receive_ns: 0, ..good }, "row 1: receive_ns 0"),
            (Quote { exchange_ns: -1, ..good }, "row 1: exchange_ns -1"),
            (Quote { receive_ns: MAX_TIME_NS, ..good }, "row 1: receive_ns"),
        ];
        for (bad, start) in cases {
            let message = refusal_of(&[good, bad]).unwrap().to_string();
            assert!(message.starts_with(start), "{message}");
        }
        assert_eq!(refusal_of(&[good, good]), None);
    }

    #[test]
    fn columns_of_unequal_length_and_unknown_states_are_refused() {
        let mut payload = encode_batch("venue", "stream", 1, 0, &[], &[quote(1)]);
        *payload.last_mut().unwrap() = 5;
        assert_eq!(batch_of(&payload), Err(WireError::UnknownState { row: 0, state: 5 }));
        let mut body = Vec::new();
        prost::encoding::bytes::encode(13, &vec![1u8, 1], &mut body);
        let expected = WireError::ColumnLength { column: "state", bytes: 2, expected: 0 };
        assert_eq!(decode_stream_batch(&body), Err(expected));
    }

    #[test]
    fn symbol_numbers_must_be_introduced_and_in_range() {
        let instrument = instrument("BTC/USDT:USDT");
        let payload = encode_batch("venue", "stream", 1, 0, &[], &[quote(1)]);
        let batch = batch_of(&payload).unwrap();
        assert_eq!(batch.check_symbols(|_| false), Err(WireError::UnknownSymbol { row: 0, index: 3 }));
        assert_eq!(batch.check_symbols(|index| index == 3), Ok(()));
        let payload = encode_batch("venue", "stream", 1, 0, &[(3, &instrument)], &[quote(1)]);
        assert_eq!(batch_of(&payload).unwrap().check_symbols(|_| false), Ok(()));
        let payload = hello_with(MAX_SYMBOLS, &instrument);
        assert_eq!(decode_ingest_request(&payload), Err(WireError::SymbolOutOfRange { index: MAX_SYMBOLS }));
    }

    #[test]
    fn hand_overs_that_contradict_themselves_are_refused() {
        let late = encode_carried_batch("venue", "stream", 1, 5, &[], &[quote(4), quote(5)]);
        let expected = WireError::CarriedTooLate { row: 1, receive_ns: 5, from_ns: 5 };
        assert_eq!(batch_of(&late), Err(expected));
        let mut both = Vec::new();
        prost::encoding::bool::encode(14, &true, &mut both);
        prost::encoding::uint32::encode_repeated(15, &[3], &mut both); // not packed
        assert_eq!(decode_stream_batch(&both), Err(WireError::CarriedAndLeft));
        let unknown = encode_left_batch("venue", "stream", 1, 5, &[3, 4]);
        let refused = batch_of(&unknown).unwrap().check_symbols(|index| index == 3);
        assert_eq!(refused, Err(WireError::UnknownListedSymbol { index: 4 }));
        let beyond = encode_left_batch("venue", "stream", 1, 5, &[u32::MAX]);
        assert_eq!(batch_of(&beyond), Err(WireError::SymbolOutOfRange { index: u32::MAX }));
        let endless = encode_left_batch("venue", "stream", 1, 5, &vec![0; MAX_SYMBOLS as usize + 1]);
        let symbols = MAX_SYMBOLS as usize + 1;
        assert_eq!(batch_of(&endless), Err(WireError::TooManyListedSymbols { symbols }));
        let hello = encode_hello(&Hello { left_symbols: vec![3], ..Hello::default() });
        assert_eq!(decode_ingest_request(&hello), Err(WireError::UnknownListedSymbol { index: 3 }));
    }

    #[test]
    fn only_a_hub_says_that_an_instrument_has_moved() {
        let moved = Quote::without_prices(3, BookState::Moved, 9);
        let payload = encode_subscription_response("s", 1, 8, &[], &[moved], 0);
        let decoded = decode_subscription_response(&payload).unwrap();
        assert_eq!(decoded.batch.columns.rows().collect::<Vec<_>>(), [moved]);
        assert_eq!(refusal_of(&[moved]), Some(WireError::UnknownState { row: 0, state: 5 }));
    }

    #[test]
    fn instruments_that_cannot_be_compared_are_refused() {
        let cases = [
            Instrument { asset_scale: 0.0, ..instrument("S") },
            Instrument { contract_size: f64::NAN, ..instrument("S") },
            Instrument { taker_fee_percent: Some(f64::NAN), ..instrument("S") },
            instrument(""),
            instrument("A\0/B"),
            instrument(&"A".repeat(101)),
            Instrument { native_symbol: "A\n".into(), ..instrument("S") },
            Instrument { asset_class: AssetClass::Share, ..instrument("S") },
            Instrument { asset: "share:META".into(), ..instrument("S") },
        ];
        for bad in &cases {
            let payload = hello_with(0, bad);
            assert!(matches!(decode_ingest_request(&payload), Err(WireError::BadInstrument { index: 0, .. })));
        }
    }
}
