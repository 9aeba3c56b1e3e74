//! One venue's stream into windows and into the hub.
//!
//! What is decided here, apart from the arithmetic:
//! 1. An instrument appears with its first row, not with its symbol number, and then has a row in every window until a
//!    stream says that it is gone: it left, or the stream has said that it has introduced all and it is not among them. Where
//!    batches are lost, what the stream has introduced has appeared: nobody knows whether a row of it was among them.
//! 2. A batch that has been received before is counted and ignored; a hole raises.
//! 3. Once quotes are known to be lost, or another stream takes over, no quote from before keeps its force: what stood
//!    since the last moment that is known is CLOSED until the instrument's next row.
//! 4. Windows are incomplete from that moment through the window of the next row.
//! 5. Rows of a stream from before it took over (or from before the last commit, if it is the committed one that comes
//!    again) never count twice: they set the quote in force, or nothing.
//! 6. A batch that does not decode is not asked for again: what it held is lost.
//! 7. A batch from beyond the receiver's clock changes nothing and is asked for again: one wrong clock would close windows
//!    that have not begun, and no quote of theirs could count any more.
//! 8. While a resumed stream repeats what it sent before, its quotes make windows but no latest quotes: the hub says CLOSED
//!    until the stream has caught up.
//! 9. Time in which nobody listened to the venue, by its stream's own word, is a loss: coverage 0, and incomplete.
//! 10. A silence of more than MAX_SILENT_WINDOWS leaves no windows behind.
//! 11. Instruments come from and go to another shard at the start of a window. One that left has no row from then on; the
//!     quote of one that comes takes force there without a tick. Windows up to it keep the position from before the batch that
//!     said so: whoever restarts from them is told again. The same holds of what a stream says to be all that it has, which
//!     it may say at any moment: the window of that moment has the last row of what is gone.

use super::checks::{check_batch, check_hello, check_restored};
use super::closed::{CarriedQuote, ClosedWindow, Position};
use super::closing::Closing;
use super::error::IngestError;
use super::instruments::Instruments;
use super::stream::Stream;
use super::table::WindowTable;
use crate::hub::QuoteHub;
use crossbook_market::{BookState, Quote};
use crossbook_wire::{
    Batch, Hello, IngestMessage, MAX_TIME_NS, SymbolEntry, WireError, decode_ingest_depth, decode_ingest_request,
};
use rustc_hash::FxHashSet;
use std::sync::Arc;

/// The open window of one venue, and the closed ones until they are taken.
pub struct VenueWindows {
    venue: Arc<str>,
    hub: Arc<QuoteHub>,
    table: WindowTable,
    instruments: Instruments,
    stream: Stream,
    /// Rows received before it do not count.
    counts_from_ns: i64,
    /// Rows received before it are part of the committed windows and are skipped.
    committed_until_ns: i64,
    watermark_ns: i64,
    closing: Closing,
    is_connected: bool,
    outgoing: Vec<Quote>,
    quotes: u64,
    duplicate_batches: u64,
}

impl VenueWindows {
    pub fn new(venue: &str, window_seconds: i64, hub: Arc<QuoteHub>) -> Result<Self, IngestError> {
        if window_seconds <= 0 || 60 % window_seconds != 0 {
            return Err(IngestError::WindowLength { seconds: window_seconds });
        }
        let venue: Arc<str> = Arc::from(venue);
        Ok(Self {
            closing: Closing::new(Arc::clone(&venue)),
            venue,
            hub,
            table: WindowTable::new(window_seconds * 1_000_000_000),
            instruments: Instruments::default(),
            stream: Stream::default(),
            counts_from_ns: 0,
            committed_until_ns: 0,
            watermark_ns: 0,
            is_connected: false,
            outgoing: Vec::new(),
            quotes: 0,
            duplicate_batches: 0,
        })
    }

    /// Continues after the last commit. If the window length has changed since, the first window begins at the first
    /// boundary of the new length.
    pub fn restore(
        &mut self,
        position: Position,
        committed_until_ns: i64,
        carried: &[CarriedQuote],
    ) -> Result<(), IngestError> {
        if !self.stream.is_fresh() {
            return Err(IngestError::LateRestore);
        }
        check_restored(&self.venue, &position, committed_until_ns, carried)?;
        self.stream.restore(position);
        let window_ns = self.table.window_ns();
        self.table.open_at(committed_until_ns + (window_ns - 1 - (committed_until_ns - 1).rem_euclid(window_ns)));
        self.committed_until_ns = committed_until_ns;
        self.counts_from_ns = self.table.start_ns();
        self.watermark_ns = committed_until_ns;
        for CarriedQuote { instrument, quote } in carried {
            let slot = self.instruments.place(Arc::clone(instrument), &mut self.table, &self.hub);
            self.table.take_late(slot, quote);
        }
        Ok(())
    }

    /// Takes an IngestQuotesRequest with a hello; returns the sequence to resume from.
    pub fn on_hello(&mut self, payload: &[u8]) -> Result<u64, IngestError> {
        let IngestMessage::Hello(mut hello) = decode_ingest_request(payload)? else {
            return Err(WireError::WrongContent { expected: "hello" }.into());
        };
        check_hello(&self.venue, &hello, &self.instruments, &self.stream)?;
        hello.oldest_sequence = hello.oldest_sequence.max(1);
        let is_same_stream = self.stream.is_same(&hello.stream_id);
        let is_first = self.stream.is_fresh();
        let is_lost = self.stream.open(&hello);
        if !is_same_stream {
            self.instruments.forget_stream();
            self.counts_from_ns = self.counts_from_ns.max(self.watermark_ns);
            self.committed_until_ns = 0;
            self.closing.forget_roster();
        }
        if is_lost && !is_first {
            self.table.break_off(self.watermark_ns);
        }
        if is_lost {
            self.closing.lose();
        }
        self.introduce(hello, is_lost);
        self.is_connected = true;
        if self.stream.is_catching_up() {
            self.publish_closed(self.watermark_ns);
        } else {
            self.publish_quotes_in_force();
        }
        Ok(self.stream.received() + 1)
    }

    /// Takes an IngestQuotesRequest with a batch; returns the number of windows that wait.
    pub fn on_batch(&mut self, payload: &[u8]) -> Result<usize, IngestError> {
        self.on_batch_until(payload, MAX_TIME_NS)
    }

    /// The same for a receiver with a clock: a batch that speaks of a time after `latest_ns` is refused as a whole.
    pub fn on_batch_until(&mut self, payload: &[u8], latest_ns: i64) -> Result<usize, IngestError> {
        let batch = match decode_ingest_request(payload) {
            Ok(IngestMessage::Batch(batch)) => batch,
            Ok(IngestMessage::Hello(_)) => return self.refuse(WireError::WrongContent { expected: "batch" }.into()),
            Err(error) => return self.refuse(error.into()),
        };
        if !self.stream.expects(&batch)? {
            self.duplicate_batches += 1;
            return Ok(self.closing.waiting());
        }
        let time_ns = batch.columns.time_range_ns().map_or(0, |(_, last)| last).max(batch.watermark_ns);
        if time_ns > latest_ns {
            return Err(IngestError::AheadOfClock { time_ns, latest_ns });
        }
        let window_ns = self.table.window_ns();
        if let Err(error) = check_batch(&self.venue, &batch, window_ns, &self.instruments, &self.stream) {
            return self.refuse(error);
        }
        self.apply(batch);
        Ok(self.closing.waiting())
    }

    /// Takes an IngestQuotesRequest with depth. It makes no windows, and numbers that are not known mean nothing.
    pub fn on_depth(&self, payload: &[u8]) -> Result<(), IngestError> {
        let rows = decode_ingest_depth(payload)?;
        if !self.stream.is_catching_up() {
            let known = rows.into_iter().filter(|row| self.instruments.is_known(row.symbol));
            self.hub.publish_depth(known.map(|row| (self.instruments.hub_id(row.symbol), row.depth)));
        }
        Ok(())
    }

    /// The tracker is gone: the hub shows its instruments as CLOSED until it resumes. Windows are not touched.
    pub fn on_disconnected(&mut self, now_ns: i64) {
        self.is_connected = false;
        self.publish_closed(now_ns);
    }

    /// Whether the last hello left a hole in its stream: the tracker should repeat what is in force.
    pub fn are_quotes_missing(&self) -> bool {
        self.stream.is_gapped()
    }

    /// How many windows are over and wait to be committed.
    pub fn waiting(&self) -> usize {
        self.closing.waiting()
    }

    /// The oldest window that is over, to be committed.
    pub fn take_closed(&mut self) -> Option<ClosedWindow> {
        self.closing.take()
    }

    /// Stream that is open, or was last; empty before the first.
    pub fn stream_id(&self) -> &str {
        self.stream.id()
    }

    pub fn received_sequence(&self) -> u64 {
        self.stream.received()
    }

    /// Everything before it has been received.
    pub fn watermark_ns(&self) -> i64 {
        self.watermark_ns
    }

    /// Rows taken.
    pub fn quotes(&self) -> u64 {
        self.quotes
    }

    /// Batches that came once more and were ignored.
    pub fn duplicate_batches(&self) -> u64 {
        self.duplicate_batches
    }

    /// Instruments that the present stream knows.
    pub fn instruments(&self) -> usize {
        self.instruments.slots().iter().filter(|slot| slot.is_in_stream).count()
    }

    /// Instruments whose latest quote is LIVE; none while the tracker is gone or its stream is catching up.
    pub fn live_instruments(&self) -> usize {
        let is_live = |slot: &usize| self.table.states()[*slot].book_state() == BookState::Live;
        let is_current = self.is_connected && !self.stream.is_catching_up();
        if is_current { self.present().map(|(slot, _)| slot).filter(is_live).count() } else { 0 }
    }

    /// The next batch of the stream is of no use.
    fn refuse<T>(&mut self, error: IngestError) -> Result<T, IngestError> {
        self.stream.next_is_broken();
        Err(error)
    }

    /// Who belongs to the stream is what its batches said, or the hello where those are lost or were another process's.
    fn introduce(&mut self, hello: Hello, is_lost: bool) {
        let is_news = |entry: &SymbolEntry| is_lost || !self.instruments.is_known(entry.index);
        let left: FxHashSet<u32> = hello.left_symbols.into_iter().collect();
        let (news, old): (Vec<_>, Vec<_>) = hello.symbols.into_iter().partition(is_news);
        let numbers: Vec<u32> = news.iter().map(|entry| entry.index).collect();
        self.instruments.introduce(old, &mut self.table, &self.hub);
        self.instruments.introduce(news, &mut self.table, &self.hub);
        let (gone, stay): (Vec<u32>, Vec<u32>) = numbers.into_iter().partition(|number| left.contains(number));
        for number in gone {
            if is_lost {
                self.instruments.lose(number, self.watermark_ns);
            } else {
                self.instruments.leave(number);
            }
        }
        for number in stay {
            let slot = self.instruments.join(number);
            if self.stream.is_gapped() {
                self.table.appear(slot, self.watermark_ns);
            }
        }
        if is_lost && (1..=self.stream.received()).contains(&hello.roster_sequence) {
            self.instruments.give_up_others(hello.roster_ns);
        }
    }

    fn apply(&mut self, mut batch: Batch) {
        self.instruments.introduce(std::mem::take(&mut batch.symbols), &mut self.table, &self.hub);
        self.note_unheard(&batch);
        self.resume_quotes(&batch);
        self.outgoing.clear();
        if batch.is_carried {
            self.take_carried(&batch)
        } else {
            self.take_rows(&batch)
        }
        let was_catching_up = self.stream.is_catching_up();
        self.stream.advance(&batch);
        let last_row_ns = self.outgoing.last().map_or(0, |quote| quote.receive_ns);
        self.watermark_ns = self.watermark_ns.max(batch.watermark_ns).max(last_row_ns);
        if self.table.end_ns() > 0 {
            let is_told_again = batch.is_hand_over() || batch.roster.is_some();
            let next = batch.sequence + u64::from(!is_told_again);
            self.close_until(self.watermark_ns, next);
        }
        if !was_catching_up {
            self.hub.publish(&self.outgoing, self.watermark_ns);
        } else if !self.stream.is_catching_up() {
            self.publish_quotes_in_force();
        }
        self.let_go(&batch);
        if let Some(roster) = &batch.roster {
            self.instruments.take_roster(roster, batch.watermark_ns);
            if self.table.end_ns() > 0 && batch.watermark_ns >= self.table.start_ns() {
                self.closing.keep_for_roster(batch.sequence);
            }
        }
    }

    fn take_rows(&mut self, batch: &Batch) {
        for mut quote in batch.columns.rows() {
            let slot = self.instruments.slot_of(quote.instrument);
            if quote.receive_ns < self.counts_from_ns {
                self.take_late(slot, &quote);
            } else {
                if quote.receive_ns >= self.table.end_ns() {
                    self.close_until(quote.receive_ns, batch.sequence);
                }
                self.table.take(slot, &quote);
            }
            quote.instrument = self.instruments.slots()[slot as usize].hub_id;
            self.outgoing.push(quote);
        }
        self.quotes += self.outgoing.len() as u64;
    }

    /// What was in force while another shard had the instruments takes force here, unless that moment is committed.
    fn take_carried(&mut self, batch: &Batch) {
        self.close_until(batch.watermark_ns, batch.sequence);
        for mut quote in batch.columns.rows() {
            let slot = self.instruments.join(quote.instrument);
            if batch.watermark_ns >= self.committed_until_ns {
                self.table.take_late(slot, &quote);
            }
            quote.instrument = self.instruments.slots()[slot as usize].hub_id;
            self.outgoing.push(quote);
        }
    }

    /// From the watermark on these are another shard's: the windows before it are closed.
    fn let_go(&mut self, batch: &Batch) {
        let mut moved = Vec::new();
        for &number in &batch.left_symbols {
            let slot = self.instruments.leave(number);
            if self.table.forget(slot) {
                moved.push(self.instruments.slots()[slot as usize].hub_id);
            }
        }
        self.hub.move_away(&moved, batch.watermark_ns.max(1));
    }

    /// Time in which nobody listened is a loss: what nobody heard is missing, and nothing from before it stands.
    fn note_unheard(&mut self, batch: &Batch) {
        if batch.unheard_from_ns == 0 {
            return;
        }
        if self.table.end_ns() > 0 {
            self.close_until(batch.unheard_from_ns, batch.sequence);
            self.table.break_off(batch.unheard_from_ns);
            self.closing.lose();
        }
        self.stream.lose_from(batch.sequence);
        if !self.stream.is_catching_up() {
            self.publish_closed(batch.watermark_ns);
        }
    }

    /// After a loss the windows up to the first row that counts keep the position from before it.
    fn resume_quotes(&mut self, batch: &Batch) {
        if !self.stream.is_missing_quotes() {
            return;
        }
        let happens_ns = |quote: Quote| if batch.is_carried { batch.watermark_ns } else { quote.receive_ns };
        let counts = |time_ns: &i64| *time_ns >= self.counts_from_ns;
        if let Some(time_ns) = batch.columns.rows().map(happens_ns).find(counts) {
            self.close_until(time_ns, batch.sequence);
            self.closing.lose();
            self.stream.quotes_are_back();
        }
    }

    fn take_late(&mut self, slot: u32, quote: &Quote) {
        if quote.receive_ns >= self.committed_until_ns {
            self.table.take_late(slot, quote);
        }
    }

    /// Closes every window that ends at `time_ns` or before; `next` is the first batch that concerns later ones.
    fn close_until(&mut self, time_ns: i64, next: u64) {
        self.closing.close_until(time_ns, next, &mut self.table, &self.instruments, &self.stream);
    }

    /// Slot and hub number of every instrument that has appeared.
    fn present(&self) -> impl Iterator<Item = (usize, u32)> {
        let slots = self.instruments.slots().iter().zip(self.table.states()).enumerate();
        slots.filter(|(_, (_, state))| state.is_present()).map(|(slot, (known, _))| (slot, known.hub_id))
    }

    fn publish_closed(&self, now_ns: i64) {
        let receive_ns = now_ns.clamp(1, MAX_TIME_NS - 1);
        let closed = |(_, hub_id)| Quote::without_prices(hub_id, BookState::Closed, receive_ns);
        let quotes: Vec<_> = self.present().map(closed).collect();
        self.hub.publish(&quotes, self.watermark_ns);
    }

    fn publish_quotes_in_force(&self) {
        let quotes: Vec<_> = self.present().map(|(slot, hub_id)| self.table.states()[slot].quote(hub_id)).collect();
        self.hub.publish(&quotes, self.watermark_ns);
    }
}
