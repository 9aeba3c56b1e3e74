//! Windows against a naive recomputation, and a killed process against one that was left alone.

use super::*;
use proptest::prelude::*;

/// One batch: its rows and its watermark.
type Sent = (Vec<Quote>, i64);

/// What a row says, with every number as its bits.
#[derive(Clone, Debug, PartialEq)]
struct Bits {
    window: (i64, i64, bool),
    symbol: String,
    figures: Vec<Option<u64>>,
    last: Quote,
}

fn bits_of(window: &ClosedWindow) -> Vec<Bits> {
    let mut rows: Vec<Bits> = window
        .instruments
        .iter()
        .zip(&window.states)
        .map(|(instrument, state)| {
            let figures = state.figures();
            let means = figures.tick_means.map(|means| {
                let bid = [means.avg_bid, means.min_bid, means.max_bid];
                [bid[0], bid[1], bid[2], means.avg_ask, means.min_ask, means.max_ask, means.avg_spread]
            });
            let mut values: Vec<Option<u64>> = (0..7).map(|value| means.map(|means| means[value].to_bits())).collect();
            values.push(figures.time_weighted.map(|(bid, _)| bid.to_bits()));
            values.push(figures.time_weighted.map(|(_, ask)| ask.to_bits()));
            values.extend([Some(figures.tick_count), Some(figures.live_ns as u64)]);
            Bits {
                window: (window.start_ns, window.end_ns, window.is_complete),
                symbol: instrument.symbol.clone(),
                figures: values,
                last: state.quote(0),
            }
        })
        .collect();
    rows.sort_by(|a, b| a.symbol.cmp(&b.symbol));
    rows
}

/// The brief's arithmetic, one instrument and one window at a time, from all rows.
fn naive_figures(rows: &[Quote], start: i64, end: i64) -> (Vec<Option<u64>>, Quote) {
    let mut carry: Option<Quote> = None;
    let (mut last, mut live, mut ticks) = (start, 0i64, 0u64);
    let (mut timed_bid, mut timed_ask, mut bid_sum, mut ask_sum, mut spread_sum) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut bids, mut asks) = (Vec::new(), Vec::new());
    for quote in rows.iter().filter(|quote| quote.receive_ns < end) {
        if quote.receive_ns >= start {
            if let Some(carry) = carry.filter(Quote::is_usable) {
                timed_bid += carry.bid * (quote.receive_ns - last) as f64;
                timed_ask += carry.ask * (quote.receive_ns - last) as f64;
                live += quote.receive_ns - last;
            }
            last = quote.receive_ns;
            if quote.is_usable() {
                bid_sum += quote.bid;
                ask_sum += quote.ask;
                spread_sum += quote.ask - quote.bid;
                ticks += 1;
                bids.push(quote.bid);
                asks.push(quote.ask);
            }
        }
        carry = Some(*quote);
    }
    let carry = carry.unwrap();
    if carry.is_usable() {
        timed_bid += carry.bid * (end - last) as f64;
        timed_ask += carry.ask * (end - last) as f64;
        live += end - last;
    }
    let least = |values: &[f64]| values.iter().copied().reduce(f64::min);
    let most = |values: &[f64]| values.iter().copied().reduce(f64::max);
    let mean = |sum: f64| (ticks > 0).then(|| sum / ticks as f64);
    let weighted = |sum: f64| (live > 0).then(|| sum / live as f64);
    let mut values = vec![mean(bid_sum), least(&bids), most(&bids), mean(ask_sum), least(&asks), most(&asks)];
    values.extend([mean(spread_sum), weighted(timed_bid), weighted(timed_ask)]);
    let mut bits: Vec<Option<u64>> = values.into_iter().map(|value| value.map(f64::to_bits)).collect();
    bits.extend([Some(ticks), Some(live as u64)]);
    (bits, Quote { instrument: 0, ..carry })
}

fn run(windows: &mut VenueWindows, sent: &[Sent], from: u64) {
    for (sequence, (quotes, watermark_ns)) in (1..).zip(sent).skip_while(|(sequence, _)| *sequence < from) {
        windows.on_batch(&batch("stream", sequence, *watermark_ns, quotes)).unwrap();
    }
}

fn undisturbed(sent: &[Sent], window_seconds: i64) -> Vec<ClosedWindow> {
    let mut windows = windows(window_seconds);
    assert_eq!(windows.on_hello(&hello("stream", 1, &[])), Ok(1));
    run(&mut windows, sent, 1);
    take_all(&mut windows)
}

fn any_quote() -> impl Strategy<Value = (u32, u8, f64, f64, i64)> {
    let price = || prop_oneof![9 => 0.001..1000.0, 1 => Just(0.0)];
    let step = prop_oneof![5 => 0..SECOND, 1 => Just(0), 1 => 0..20 * SECOND];
    (0..4u32, prop_oneof![6 => Just(1u8), 1 => 2..5u8], price(), price(), step)
}

/// A stream of batches; some are empty, some straddle several windows.
fn any_stream() -> impl Strategy<Value = Vec<Sent>> {
    let one_batch = (prop::collection::vec(any_quote(), 0..12), 0..3 * SECOND);
    prop::collection::vec(one_batch, 1..30).prop_map(|batches| {
        let (mut now_ns, mut promised) = (START + 7, 0);
        let mut sent = Vec::new();
        for (rows, watermark_step) in batches {
            let mut quotes = Vec::new();
            for (instrument, state, bid, ask, step) in rows {
                now_ns = promised.max(now_ns + step);
                let state = BookState::from_number(state).unwrap();
                let (bid_size, ask_size) = (bid / 3.0, ask / 7.0);
                let (receive_ns, exchange_ns) = (now_ns, now_ns - 5);
                quotes.push(Quote { instrument, state, receive_ns, exchange_ns, bid, bid_size, ask, ask_size });
            }
            promised = promised.max(now_ns + watermark_step);
            sent.push((quotes, promised));
        }
        sent
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_window_has_the_bits_of_a_naive_recomputation(sent in any_stream(), window_seconds in prop::sample::select(vec![1i64, 5, 15])) {
        let length = window_seconds * SECOND;
        let closed = undisturbed(&sent, window_seconds);
        let all: Vec<Quote> = sent.iter().flat_map(|(quotes, _)| quotes.clone()).collect();
        let watermark = sent.iter().filter(|_| !all.is_empty()).map(|(_, watermark)| *watermark).max().unwrap_or(0);
        let first = all.first().map_or(0, |quote| quote.receive_ns / length);
        let mut expected = Vec::new();
        for start in (first..).map(|number| number * length).take_while(|start| start + length <= watermark) {
            for (index, symbol) in (0..).zip(SYMBOLS) {
                let rows: Vec<Quote> = all.iter().filter(|quote| quote.instrument == index).copied().collect();
                if rows.first().is_some_and(|quote| quote.receive_ns < start + length) {
                    let (figures, last) = naive_figures(&rows, start, start + length);
                    expected.push((start, symbol.to_owned(), figures, last));
                }
            }
        }
        let found: Vec<_> = closed.iter().flat_map(bits_of).map(|bits| (bits.window.0, bits.symbol, bits.figures, bits.last)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_killed_process_writes_what_an_undisturbed_one_writes(
        mut sent in any_stream(), killed_after in 0..30usize, committed in 0..20usize, window_seconds in prop::sample::select(vec![1i64, 5, 15]),
    ) {
        // A watermark that came with a committed batch is only said again by a later one.
        sent.push((vec![], sent.last().unwrap().1));
        let rows_of = |closed: &[ClosedWindow]| -> Vec<Bits> { closed.iter().flat_map(bits_of).collect() };
        let expected = rows_of(&undisturbed(&sent, window_seconds));
        let killed_after = killed_after.min(sent.len());
        let mut first = windows(window_seconds);
        first.on_hello(&hello("stream", 1, &[])).unwrap();
        run(&mut first, &sent[..killed_after], 1);
        let kept: Vec<_> = take_all(&mut first).into_iter().take(committed).collect();
        prop_assume!(!kept.is_empty());
        let mut second = restored_after(kept.last().unwrap(), window_seconds);
        let resume = second.on_hello(&hello("stream", 1, &[0, 1, 2, 3])).unwrap();
        prop_assert_eq!(resume, kept.last().unwrap().position.sequence + 1);
        run(&mut second, &sent, resume);
        let found = [rows_of(&kept), rows_of(&take_all(&mut second))].concat();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn how_a_stream_is_cut_into_batches_changes_nothing(sent in any_stream()) {
        let all: Vec<Quote> = sent.iter().flat_map(|(quotes, _)| quotes.clone()).collect();
        let watermark = sent.last().unwrap().1;
        let one_by_one: Vec<Sent> = all.iter().map(|quote| (vec![*quote], 0)).chain([(vec![], watermark)]).collect();
        let rows_of = |sent: &[Sent]| undisturbed(sent, 5).iter().flat_map(bits_of).collect::<Vec<_>>();
        prop_assert_eq!(rows_of(&sent), rows_of(&one_by_one));
    }
}
