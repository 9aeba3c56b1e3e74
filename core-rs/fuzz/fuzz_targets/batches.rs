//! Any hellos and batches, to a venue's windows and the hub behind them: no panic, what is refused changes nothing, time never
//! goes back, and what a subscriber is sent can be read.
//!
//! A piece is a hello, a batch, a loss of the connection, or the turn of the writer and a subscriber.

#![no_main]

use crossbook_engine::hub::{InstrumentFilter, QuoteHub, Subscription};
use crossbook_engine::windows::VenueWindows;
use crossbook_fuzz::pieces;
use crossbook_fuzz::stream::VENUE;
use crossbook_wire::decode_subscription_response;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const WINDOW_SECONDS: i64 = 15;

fuzz_target!(|data: &[u8]| {
    let hub = Arc::<QuoteHub>::default();
    let subscription = hub.subscribe(InstrumentFilter::default());
    let mut windows = VenueWindows::new(VENUE, WINDOW_SECONDS, Arc::clone(&hub)).expect("four a minute");
    let mut closed_until_ns = i64::MIN;
    for piece in pieces(data) {
        let before = state(&windows);
        let taken = match piece.kind % 4 {
            0 => windows.on_hello(piece.bytes).map(drop),
            1 => windows.on_batch(piece.bytes).map(drop),
            2 => {
                windows.on_disconnected(windows.watermark_ns());
                Ok(())
            }
            _ => {
                take(&mut windows, &subscription, &mut closed_until_ns);
                Ok(())
            }
        };
        assert!(taken.is_ok() || state(&windows) == before);
        assert!(windows.watermark_ns() >= before.2);
    }
    take(&mut windows, &subscription, &mut closed_until_ns);
});

fn state(windows: &VenueWindows) -> (u64, u64, i64, usize, usize) {
    let (sequence, quotes) = (windows.received_sequence(), windows.quotes());
    (sequence, quotes, windows.watermark_ns(), windows.instruments(), windows.waiting())
}

fn take(windows: &mut VenueWindows, subscription: &Subscription, closed_until_ns: &mut i64) {
    while let Some(closed) = windows.take_closed() {
        assert!(closed.start_ns >= *closed_until_ns && closed.start_ns < closed.end_ns);
        assert_eq!(closed.states.len(), closed.instruments.len());
        *closed_until_ns = closed.end_ns;
    }
    while let Some(batch) = subscription.take_batch() {
        decode_subscription_response(&batch).expect("it is ours");
    }
}
