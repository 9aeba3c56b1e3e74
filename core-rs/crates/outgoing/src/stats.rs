//! A feed's counters as its part of VenueStats of tracker.proto; the tracker adds what only it knows.

use crossbook_venues::FeedStats;
use prost::Message;
use prost::encoding::{bool, double, message, uint64};

/// When something happened, as google.protobuf.Timestamp.
#[derive(Clone, PartialEq, Message)]
struct Timestamp {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

/// The fields of VenueStats that the core knows, each under its number there.
pub fn encode_stats(stats: &FeedStats) -> Vec<u8> {
    let mut out = Vec::new();
    let is_connected = stats.wanted_connections > 0 && stats.open_connections == stats.wanted_connections;
    bool::encode(4, &is_connected, &mut out);
    for (number, count) in [
        (5, stats.instruments as u64),
        (6, stats.live_instruments as u64),
        (7, stats.frames),
        (8, stats.quotes),
        (10, stats.gaps),
        (11, stats.resyncs),
        (12, stats.parse_errors),
        (13, stats.reconnects),
        (17, stats.confirmed),
        (18, stats.frozen),
    ] {
        uint64::encode(number, &count, &mut out);
    }
    if stats.last_frame_ns > 0 {
        message::encode(9, &timestamp(stats.last_frame_ns), &mut out);
    }
    for (number, time_ns) in [(21, stats.clock_offset_ns), (22, stats.delay_ns)] {
        if let Some(time_ns) = time_ns {
            double::encode(number, &(time_ns as f64 / 1e6), &mut out);
        }
    }
    out
}

fn timestamp(time_ns: i64) -> Timestamp {
    Timestamp { seconds: time_ns / 1_000_000_000, nanos: (time_ns % 1_000_000_000) as i32 }
}
