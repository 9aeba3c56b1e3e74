//! Quotes to an aggregator as a tracker sends them, but each in a message of its own and when it is due: what a message
//! costs, whatever it carries.

use bytes::Bytes;
use prost::Message;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;

use crate::clock::{now_ns, sleep_until};
use crate::control::{Outcome, answer_orders, say, serve};
use crate::grpc::exchange;
use crate::hex::from_hex;
use crate::schedule::{Pace, Schedule};

const INGEST: &str = "/crossbook.v1.AggregatorService/IngestQuotes";
const LIVE: u8 = 1; // BOOK_STATE_LIVE
const SIZE: f64 = 10.0;
const LEAD_NS: u64 = 5_000_000; // from an order to its first quote

/// `tops`: bid and ask that every instrument shows one after the other; of the first `watched` it is told what was due.
#[derive(Deserialize)]
struct Order {
    venue: String,
    stream_id: String,
    instruments: u64,
    watched: u64,
    tops: Vec<(f64, f64)>,
    #[serde(flatten)]
    pace: Pace,
}

#[derive(Serialize)]
struct Sent {
    messages: u64,
    counted_from_ns: u64,
    moves: Vec<(u64, u64, usize)>, // due when, instrument, its top
}

/// As much of crossbook.v1.IngestQuotesRequest as a quote needs.
#[derive(Clone, PartialEq, Message)]
struct Ingest {
    #[prost(message, optional, tag = "2")]
    batch: Option<Batch>,
}

/// Of crossbook.v1.QuoteBatch.
#[derive(Clone, PartialEq, Message)]
struct Batch {
    #[prost(string, tag = "1")]
    venue: String,
    #[prost(string, tag = "2")]
    stream_id: String,
    #[prost(uint64, tag = "3")]
    sequence: u64,
    #[prost(int64, tag = "4")]
    watermark_ns: i64,
    #[prost(fixed32, repeated, tag = "6")]
    symbol_index: Vec<u32>,
    #[prost(sfixed64, repeated, tag = "7")]
    receive_ns: Vec<i64>,
    #[prost(sfixed64, repeated, tag = "8")]
    exchange_ns: Vec<i64>,
    #[prost(double, repeated, tag = "9")]
    bid: Vec<f64>,
    #[prost(double, repeated, tag = "10")]
    bid_size: Vec<f64>,
    #[prost(double, repeated, tag = "11")]
    ask: Vec<f64>,
    #[prost(double, repeated, tag = "12")]
    ask_size: Vec<f64>,
    #[prost(bytes = "bytes", tag = "13")]
    state: Bytes,
}

/// Says `null` when the aggregator has told where to start.
pub fn run(target: &str, hello: &str) -> Outcome {
    let (sender, receiver) = unbounded_channel();
    sender.send(from_hex(hello)?)?;
    let target = target.to_owned();
    serve(async move {
        let mut answers = exchange(&target, INGEST, UnboundedReceiverStream::new(receiver)).await?;
        answers.message().await?;
        say(&())?;
        while answers.message().await?.is_some() {}
        Err("the aggregator ended the stream".into())
    });
    let mut sequence = 0;
    answer_orders(|order: Order| send(&order, &mut sequence, &sender))
}

fn send(order: &Order, sequence: &mut u64, to: &UnboundedSender<Bytes>) -> Outcome<Sent> {
    let schedule = Schedule::new(&order.pace, now_ns() + LEAD_NS);
    let mut moves = Vec::new();
    for item in 0..schedule.total() {
        let due_ns = schedule.due_ns(item);
        sleep_until(due_ns);
        let (instrument, state) = (item % order.instruments, (item / order.instruments) as usize % order.tops.len());
        *sequence += 1;
        to.send(message(order, *sequence, instrument as u32, order.tops[state], now_ns() as i64))?;
        if instrument < order.watched {
            moves.push((due_ns, instrument, state));
        }
    }
    Ok(Sent { messages: schedule.total(), counted_from_ns: schedule.counted_from_ns(), moves })
}

fn message(order: &Order, sequence: u64, instrument: u32, (bid, ask): (f64, f64), at_ns: i64) -> Bytes {
    let batch = Batch {
        venue: order.venue.clone(),
        stream_id: order.stream_id.clone(),
        sequence,
        watermark_ns: at_ns,
        symbol_index: vec![instrument],
        receive_ns: vec![at_ns],
        exchange_ns: vec![0],
        bid: vec![bid],
        bid_size: vec![SIZE],
        ask: vec![ask],
        ask_size: vec![SIZE],
        state: Bytes::from_static(&[LIVE]),
    };
    Ingest { batch: Some(batch) }.encode_to_vec().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instrument_shows_one_top_after_the_other_in_messages_of_one_stream() {
        let pace = Pace { rate: 1e9, burst: 1, settle_s: 0.0, seconds: 7e-9 };
        let tops = vec![(1.0, 2.0), (3.0, 4.0)];
        let order = Order { venue: "v".into(), stream_id: "s".into(), instruments: 3, watched: 1, tops, pace };
        let (sender, mut receiver) = unbounded_channel();
        let mut sequence = 5;
        let sent = send(&order, &mut sequence, &sender).unwrap();
        assert_eq!(
            sent.moves.iter().map(|&(_, instrument, state)| (instrument, state)).collect::<Vec<_>>(),
            [(0, 0), (0, 1), (0, 0)]
        );
        let batches: Vec<Batch> = std::iter::from_fn(|| receiver.try_recv().ok())
            .map(|message| Ingest::decode(message).unwrap().batch.unwrap())
            .collect();
        assert_eq!(batches.iter().map(|batch| batch.sequence).collect::<Vec<_>>(), [6, 7, 8, 9, 10, 11, 12]);
        assert_eq!((batches[4].symbol_index[0], batches[4].bid[0], batches[4].ask[0]), (1, 3.0, 4.0));
        assert_eq!(batches[4].receive_ns[0], batches[4].watermark_ns);
    }
}
