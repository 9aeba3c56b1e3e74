//! What may be said to a venue's windows: refused as a whole before anything of it is applied.

use super::closed::{CarriedQuote, Position};
use super::error::{IngestError, MAX_SEQUENCE};
use super::instruments::Instruments;
use super::stream::Stream;
use crossbook_market::BookState;
use crossbook_wire::{Batch, Hello, MAX_TIME_NS};

/// Of what was committed: a time, a position, quotes of the venue's own instruments.
pub fn check_restored(
    venue: &str,
    position: &Position,
    committed_until_ns: i64,
    carried: &[CarriedQuote],
) -> Result<(), IngestError> {
    if !(1..MAX_TIME_NS).contains(&committed_until_ns) {
        return Err(IngestError::BadCommitTime { committed_until_ns });
    }
    check_sequence(position.sequence)?;
    carried.iter().try_for_each(|carried| check_carried(venue, carried))
}

/// Of a stream that opens: whose it is, and which numbers it gives to which instruments.
pub fn check_hello(venue: &str, hello: &Hello, instruments: &Instruments, stream: &Stream) -> Result<(), IngestError> {
    check_venue(venue, &hello.venue)?;
    if hello.stream_id.is_empty() {
        return Err(IngestError::NoStreamId);
    }
    check_sequence(hello.oldest_sequence)?;
    instruments.check(venue, &hello.symbols, stream.is_same(&hello.stream_id))
}

/// Of the next batch of the open stream: rows of known instruments, from no time that was promised to be over.
pub fn check_batch(
    venue: &str,
    batch: &Batch,
    window_ns: i64,
    instruments: &Instruments,
    stream: &Stream,
) -> Result<(), IngestError> {
    if *batch.venue != *venue {
        return Err(IngestError::BatchVenue { expected: venue.to_owned(), found: batch.venue.to_owned() });
    }
    let from_ns = batch.watermark_ns;
    if batch.is_hand_over() && from_ns % window_ns != 0 {
        return Err(IngestError::HandOverWithinWindow { from_ns, window_ns });
    }
    instruments.check(venue, &batch.symbols, true)?;
    batch.check_symbols(|index| instruments.is_known(index))?;
    stream.check_promise(batch)
}

fn check_carried(venue: &str, CarriedQuote { instrument, quote }: &CarriedQuote) -> Result<(), IngestError> {
    check_venue(venue, &instrument.venue)?;
    let is_number = |value: f64| (0.0..f64::INFINITY).contains(&value);
    let is_placed = (1..MAX_TIME_NS).contains(&quote.receive_ns) && quote.state != BookState::Moved;
    if is_placed && [quote.bid, quote.bid_size, quote.ask, quote.ask_size].into_iter().all(is_number) {
        return Ok(());
    }
    Err(IngestError::BadCarriedQuote { symbol: instrument.symbol.clone(), receive_ns: quote.receive_ns })
}

fn check_venue(expected: &str, found: &str) -> Result<(), IngestError> {
    if found == expected {
        return Ok(());
    }
    Err(IngestError::HelloVenue { expected: expected.to_owned(), found: found.to_owned() })
}

fn check_sequence(sequence: u64) -> Result<(), IngestError> {
    if sequence <= MAX_SEQUENCE { Ok(()) } else { Err(IngestError::SequenceTooLarge { sequence }) }
}
