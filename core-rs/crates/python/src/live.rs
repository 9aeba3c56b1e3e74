//! The live scan as Python holds it: it may be shared with other threads, and its lock is taken without the GIL.
//!
//! Python's watchers are woken by number: those that have been since the last time are what a feeding call returns. So one
//! call of Python feeds a batch, whatever came of it, and asyncio's events are set once for many of the core's.

use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Poll, Wake, Waker};

use crossbook_engine::life::HORIZONS;
use crossbook_engine::live as engine;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::answers::{Asked, ScannerAnswers, all_into, lock};
use crate::choice::{EventFilter, EventSelection};
use crate::errors::{Failure, without_gil};
use crate::identity::{IdentityFinding, IdentityPair, known_pairs};
use crate::life::{LifeModel, in_force};
use crate::live_events::{LoggedEvent, ResumeToken};
use crate::opportunities::OpportunityEvent;
use crate::scanner::Scanner;

/// The number by which the process itself is woken; watchers' begin at 1.
const NEWS: u64 = 0;

type Record<'py> = (u8, i64, u16, Bound<'py, PyBytes>);

/// Who has been woken and was not told yet.
type Woken = Arc<Mutex<Vec<u64>>>;

struct Bell {
    number: u64,
    woken: Woken,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        lock(&self.woken).push(self.number);
    }
}

fn bell(number: u64, woken: &Woken) -> Waker {
    Waker::from(Arc::new(Bell { number, woken: Arc::clone(woken) }))
}

/// The scanner with its event log and all that listens to it.
#[pyclass(module = "crossbook._core", extends = ScannerAnswers, frozen)]
pub struct SharedScan {
    pub live: engine::SharedScan,
    woken: Woken,
    /// What NEWS rings, and its bell's number; it is told with the woken where there is none.
    news: OnceLock<(u64, Waker)>,
}

impl SharedScan {
    /// From the next `await_news` on NEWS rings the bell; the number of the first one that was given.
    pub fn ring(&self, make: impl FnOnce() -> (u64, Waker)) -> u64 {
        self.news.get_or_init(make).0
    }

    fn with<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut engine::LiveScan) -> T + Send) -> T {
        without_gil(py, || work(&mut engine::lock(&self.live)))
    }

    fn told(&self, events: usize) -> (usize, Vec<u64>) {
        (events, std::mem::take(&mut lock(&self.woken)))
    }

    fn watching(&self, watching: engine::Watching) -> OpportunityWatching {
        OpportunityWatching { waker: bell(watching.number(), &self.woken), watching: Arc::new(watching) }
    }
}

#[pymethods]
impl SharedScan {
    #[new]
    #[pyo3(signature = (scanner, log_id, *, unwritten_limit=None, record_bytes=0, capacity=engine::CAPACITY),
        text_signature = "(scanner, log_id, *, unwritten_limit=None, record_bytes=0, capacity=10000)")]
    fn new(
        scanner: &Scanner,
        log_id: String,
        unwritten_limit: Option<usize>,
        record_bytes: usize,
        capacity: usize,
    ) -> Result<PyClassInitializer<Self>, Failure> {
        let scanner = crossbook_engine::arbitrage::Scanner::new(scanner.settings())
            .map_err(|error| Failure::InvalidSetting(error.to_string()))?;
        let limits = engine::Limits { capacity, unwritten: unwritten_limit, record_bytes };
        let live = Arc::new(Mutex::new(engine::LiveScan::new(scanner, log_id, limits)));
        let answers = ScannerAnswers { asked: Asked::Live(Arc::clone(&live)) };
        Ok(PyClassInitializer::from(answers).add_subclass(Self {
            live,
            woken: Woken::default(),
            news: OnceLock::new(),
        }))
    }

    #[pyo3(signature = (payload, now_ns, source=0))]
    fn on_batch(&self, py: Python<'_>, payload: &[u8], now_ns: i64, source: u16) -> Result<(usize, Vec<u64>), Failure> {
        Ok(self.told(self.with(py, |live| live.on_batch(payload, now_ns, source))?))
    }

    fn on_facts(&self, py: Python<'_>, payload: &[u8], now_ns: i64) -> Result<(usize, Vec<u64>), Failure> {
        let told = self.with(py, |live| live.on_facts(payload, now_ns));
        Ok(self.told(told.map_err(|error| Failure::Payload(error.to_string()))?))
    }

    fn on_timer(&self, py: Python<'_>, now_ns: i64) -> (usize, Vec<u64>) {
        self.told(self.with(py, |live| live.on_timer(now_ns)))
    }

    #[pyo3(signature = (now_ns, source=0))]
    fn on_disconnected(&self, py: Python<'_>, now_ns: i64, source: u16) -> (usize, Vec<u64>) {
        self.told(self.with(py, |live| live.on_disconnected(now_ns, source)))
    }

    fn set_identities(
        &self,
        py: Python<'_>,
        identities: Vec<(PyRef<'_, IdentityPair>, u8)>,
        record: Vec<u8>,
        now_ns: i64,
    ) -> Result<(usize, Vec<u64>), Failure> {
        let known = known_pairs(&identities)?;
        Ok(self.told(self.with(py, |live| live.set_identities(known, record, now_ns))))
    }

    #[pyo3(signature = (model, record, now_ns, *, name="", used=[false; HORIZONS], reason=""),
        text_signature = "($self, model, record, now_ns, *, name='', used=(), reason='')")]
    #[allow(clippy::too_many_arguments)] // keyword-only in Python, where each is named
    fn set_life_model(
        &self,
        py: Python<'_>,
        model: Option<&LifeModel>,
        record: Vec<u8>,
        now_ns: i64,
        name: &str,
        used: [bool; HORIZONS],
        reason: &str,
    ) {
        let life = in_force(model, name, used, reason);
        self.with(py, |live| live.set_life_model(life, record, now_ns));
    }

    fn clock_error_ns(&self, py: Python<'_>, now_ns: i64) -> i64 {
        self.with(py, |live| live.scanner().clock_error_ns(now_ns))
    }

    fn on_published(&self, py: Python<'_>, now_ns: i64) {
        self.with(py, |live| live.on_published(now_ns));
    }

    fn close(&self, py: Python<'_>) -> (usize, Vec<u64>) {
        self.with(py, engine::LiveScan::close);
        self.told(0)
    }

    #[pyo3(signature = (wanted, token, now_ns, limit=engine::QUEUE_LIMIT),
        text_signature = "($self, wanted, token, now_ns, limit=1000)")]
    fn subscribe(
        &self,
        py: Python<'_>,
        wanted: &EventFilter,
        token: Option<&ResumeToken>,
        now_ns: i64,
        limit: usize,
    ) -> Option<OpportunityWatching> {
        let (wanted, token) = (wanted.filter.clone(), token.map(|token| &token.token));
        without_gil(py, || engine::subscribe(&self.live, wanted, token, limit, now_ns)).map(|one| self.watching(one))
    }

    #[pyo3(signature = (wanted, number, told, now_ns, limit=engine::QUEUE_LIMIT),
        text_signature = "($self, wanted, number, told, now_ns, limit=1000)")]
    fn subscribe_after_log(
        &self,
        py: Python<'_>,
        wanted: &EventSelection,
        number: i64,
        told: Vec<String>,
        now_ns: i64,
        limit: usize,
    ) -> Option<(OpportunityWatching, Vec<String>)> {
        let (wanted, log) = (wanted.copy(), engine::AfterLog { number, told });
        let begun = without_gil(py, || engine::subscribe_after_log(&self.live, wanted, log, limit, now_ns));
        begun.map(|(watching, ended)| (self.watching(watching), ended))
    }

    fn await_news(&self, py: Python<'_>) {
        let waker = self.news.get().map_or_else(|| bell(NEWS, &self.woken), |(_, waker)| waker.clone());
        self.with(py, |live| live.await_news(waker));
    }

    fn take_changes(&self, py: Python<'_>) -> (Vec<OpportunityEvent>, u64) {
        let (events, lost) = self.with(py, engine::LiveScan::take_changes);
        (all_into(events), lost)
    }

    fn take_records<'py>(&self, py: Python<'py>) -> (Vec<Record<'py>>, bool) {
        let (records, is_cut) = self.with(py, engine::LiveScan::take_records);
        let record = |one: engine::Record| (one.kind as u8, one.time_ns, one.source, PyBytes::new(py, &one.payload));
        (records.into_iter().map(record).collect(), is_cut)
    }

    fn stop_recording(&self, py: Python<'_>) {
        self.with(py, engine::LiveScan::stop_recording);
    }

    fn unwritten(&self, py: Python<'_>, limit: usize) -> Vec<LoggedEvent> {
        all_into(self.with(py, |live| live.unwritten(limit)))
    }

    fn on_written(&self, py: Python<'_>, number: i64) {
        self.with(py, |live| live.on_written(number));
    }

    fn writing(&self, py: Python<'_>) -> (usize, u64, i64) {
        self.with(py, |live| live.writing())
    }

    fn watching_now(&self, py: Python<'_>) -> (usize, u64) {
        self.with(py, |live| live.watching())
    }

    #[getter]
    fn log_id(&self, py: Python<'_>) -> String {
        self.with(py, |live| live.log_id().to_owned())
    }

    fn frame_to_opportunity_us(&self, py: Python<'_>, share: f64) -> f64 {
        self.with(py, |live| live.frame_to_opportunity_us(share))
    }

    #[getter]
    fn measured(&self, py: Python<'_>) -> u64 {
        self.with(py, |live| live.measured())
    }

    fn take_findings(&self, py: Python<'_>) -> Vec<IdentityFinding> {
        all_into(self.with(py, engine::LiveScan::take_findings))
    }
}

/// One call of WatchOpportunities.
#[pyclass(module = "crossbook._core", frozen)]
pub struct OpportunityWatching {
    pub watching: Arc<engine::Watching>,
    waker: Waker,
}

#[pymethods]
impl OpportunityWatching {
    #[getter]
    fn number(&self) -> u64 {
        self.watching.number()
    }

    fn take(&self, py: Python<'_>) -> Option<Py<PyBytes>> {
        match without_gil(py, || self.watching.poll_next(&self.waker)) {
            Poll::Ready(Some(message)) => Some(PyBytes::new(py, &message).unbind()),
            Poll::Ready(None) => Some(PyBytes::new(py, b"").unbind()),
            Poll::Pending => None,
        }
    }

    fn close(&self, py: Python<'_>) {
        without_gil(py, || self.watching.close());
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("NEWS", NEWS)?;
    module.add("REPLICA_OVERLAP_NS", engine::OVERLAP_NS)?;
    module.add("EVENT_LOG_CAPACITY", engine::CAPACITY)?;
    module.add("WATCHER_QUEUE_LIMIT", engine::QUEUE_LIMIT)?;
    module.add("UNWRITTEN_LIMIT", engine::UNWRITTEN_LIMIT)?;
    module.add_class::<SharedScan>()?;
    module.add_class::<OpportunityWatching>()
}
