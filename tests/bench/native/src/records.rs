//! Records of 200 bytes that say when they were due, and their sender.

use std::io::Write;
use std::net::TcpStream;

use serde::Serialize;

use crate::clock::{now_ns, sleep_until};
use crate::control::{Outcome, answer_orders, say};
use crate::schedule::{Pace, Schedule};

pub const RECORD_BYTES: usize = 200;
const STAMP_BYTES: usize = 8;
const LEAD_NS: u64 = 5_000_000; // from an order to its first record

#[derive(Serialize)]
struct Sent {
    counted: u64,
}

/// Sends to an intake at the pace of each order; a full socket makes it late, which counts: what was due stays due.
pub fn run(target: &str) -> Outcome {
    let mut socket = TcpStream::connect(target)?;
    socket.set_nodelay(true)?;
    say(&())?;
    answer_orders(|pace: Pace| send(&mut socket, &Schedule::new(&pace, now_ns() + LEAD_NS)))
}

fn send(socket: &mut TcpStream, schedule: &Schedule) -> Outcome<Sent> {
    let (mut item, mut counted) = (0, 0);
    let mut chunk = Vec::new();
    while item < schedule.total() {
        sleep_until(schedule.due_ns(item));
        let at_ns = now_ns();
        chunk.clear();
        while item < schedule.total() && schedule.due_ns(item) <= at_ns {
            let due_ns = schedule.due_ns(item);
            counted += u64::from(schedule.is_counted(due_ns));
            chunk.extend_from_slice(&record(due_ns, schedule.is_counted(due_ns)));
            item += 1;
        }
        socket.write_all(&chunk)?;
    }
    Ok(Sent { counted })
}

fn record(due_ns: u64, is_counted: bool) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[..STAMP_BYTES].copy_from_slice(&due_ns.to_le_bytes());
    record[STAMP_BYTES] = u8::from(is_counted);
    record
}

/// When a record was due; None for one that is not counted.
pub fn counted_due_ns(record: &[u8]) -> Option<u64> {
    let (stamp, rest) = record.split_first_chunk::<STAMP_BYTES>()?;
    (rest.first() == Some(&1)).then(|| u64::from_le_bytes(*stamp))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_says_when_it_was_due_and_whether_it_counts() {
        assert_eq!(counted_due_ns(&record(1_800_000_000_000_000_007, true)), Some(1_800_000_000_000_000_007));
        assert_eq!(counted_due_ns(&record(7, false)), None);
        assert_eq!(counted_due_ns(&[]), None);
    }
}
