//! What a lane sends with as Python sees it. The locks are held for moments only, and never while Python is called: whoever has
//! one never waits for the GIL.

use crossbook_outgoing::{Batcher, Journal, JournaledOutbox, Outbox, Pace, Resumed, TakenBatch, Uplink, p50_us};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::{Arc, Mutex, MutexGuard};

/// A batch on its way out.
#[pyclass(module = "crossbook._core", frozen)]
pub struct OutgoingBatch {
    pub inner: TakenBatch,
}

#[pymethods]
impl OutgoingBatch {
    #[new]
    fn new(sequence: u64, rows: usize, payload: &[u8]) -> Self {
        Self { inner: TakenBatch { sequence, rows, payload: payload.to_vec().into() } }
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.inner.sequence
    }

    #[getter]
    fn rows(&self) -> usize {
        self.inner.rows
    }

    #[getter]
    fn payload<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.inner.payload)
    }
}

/// Python's journal, where there is one.
struct PyJournal(Option<Py<PyAny>>);

impl Journal for PyJournal {
    type Error = PyErr;

    fn append(&self, batch: &TakenBatch) -> PyResult<()> {
        let Some(journal) = &self.0 else { return Ok(()) };
        Python::attach(|py| {
            journal.call_method1(py, "append", (batch.sequence, PyBytes::new(py, &batch.payload))).map(drop)
        })
    }

    fn acknowledge(&self, sequence: u64) -> PyResult<()> {
        let Some(journal) = &self.0 else { return Ok(()) };
        Python::attach(|py| journal.call_method1(py, "acknowledge", (sequence,)).map(drop))
    }
}

/// Batches that are not acknowledged yet, bounded by bytes.
#[pyclass(name = "Outbox", module = "crossbook._core", frozen)]
pub struct PyOutbox {
    inner: JournaledOutbox<PyJournal>,
}

impl PyOutbox {
    /// The sender's end.
    pub fn share(&self) -> Arc<Mutex<Outbox>> {
        self.inner.share()
    }
}

#[pymethods]
impl PyOutbox {
    #[new]
    #[pyo3(signature = (max_bytes, journal=None, *, first_sequence=1))]
    fn new(max_bytes: usize, journal: Option<Py<PyAny>>, first_sequence: u64) -> Self {
        Self { inner: JournaledOutbox::new(Outbox::new(max_bytes, first_sequence), PyJournal(journal)) }
    }

    fn __len__(&self) -> usize {
        self.inner.lock().len()
    }

    #[getter]
    fn bytes(&self) -> usize {
        self.inner.lock().bytes()
    }

    #[getter]
    fn oldest_sequence(&self) -> u64 {
        self.inner.lock().oldest_sequence()
    }

    #[getter]
    fn next_sequence(&self) -> u64 {
        self.inner.lock().next_sequence()
    }

    #[getter]
    fn dropped_batches(&self) -> u64 {
        self.inner.lock().dropped_batches()
    }

    #[getter]
    fn dropped_rows(&self) -> u64 {
        self.inner.lock().dropped_rows()
    }

    fn get(&self, sequence: u64) -> Option<OutgoingBatch> {
        self.inner.lock().get(sequence).map(|batch| OutgoingBatch { inner: batch.clone() })
    }

    fn append(&self, batch: &OutgoingBatch) -> PyResult<()> {
        self.inner.append(batch.inner.clone())
    }

    fn settle(&self) -> PyResult<()> {
        self.inner.settle()
    }

    /// The journal leads back to its owner, and the owner to this outbox.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.inner.journal().0)
    }
}

/// The allowance of messages that all lanes of a process share.
#[pyclass(name = "Pace", module = "crossbook._core", frozen)]
pub struct PyPace {
    inner: Mutex<Pace>,
}

#[pymethods]
impl PyPace {
    #[new]
    fn new() -> Self {
        Self { inner: Mutex::default() }
    }
}

/// When a lane's pending rows become a batch.
#[pyclass(name = "Batcher", module = "crossbook._core", frozen)]
pub struct PyBatcher {
    inner: Mutex<Batcher>,
    pace: Py<PyPace>,
}

#[pymethods]
impl PyBatcher {
    #[new]
    fn new(pace: Py<PyPace>) -> Self {
        Self { inner: Mutex::default(), pace }
    }

    fn on_quotes(&self, read_ns: i64, at_ns: i64) -> bool {
        lock(&self.inner).on_quotes(read_ns, at_ns)
    }

    fn may_leave(&self, at_ns: i64) -> bool {
        lock(&self.inner).may_leave(at_ns)
    }

    fn is_watermark_due(&self, at_ns: i64) -> bool {
        lock(&self.inner).is_watermark_due(at_ns)
    }

    fn on_batch(&self, now_ns: i64, at_ns: i64) {
        lock(&self.inner).on_batch(now_ns, at_ns);
    }

    fn hold_ns(&self, at_ns: i64) -> i64 {
        let hold = lock(&self.pace.get().inner).hold(at_ns);
        lock(&self.inner).hold(hold, at_ns)
    }

    fn end_hold(&self) {
        lock(&self.inner).end_hold();
    }
}

#[pyfunction]
fn frame_to_quote_p50_us(batchers: Vec<PyRef<'_, PyBatcher>>) -> f64 {
    let locked: Vec<_> = batchers.iter().map(|batcher| lock(&batcher.inner)).collect();
    p50_us(locked.iter().map(|batcher| batcher.latency()))
}

/// Where a stream goes on.
#[pyclass(name = "Resumed", module = "crossbook._core", frozen, get_all)]
pub struct PyResumed {
    next_sequence: u64,
    oldest_sequence: u64,
    are_quotes_missing: bool,
}

impl From<Resumed> for PyResumed {
    fn from(Resumed { next_sequence, oldest_sequence, are_quotes_missing }: Resumed) -> Self {
        Self { next_sequence, oldest_sequence, are_quotes_missing }
    }
}

/// A lane's stream to its shard, whatever connection carries it.
#[pyclass(name = "UplinkState", module = "crossbook._core", frozen)]
pub struct UplinkState {
    pub inner: Arc<Mutex<Uplink>>,
}

#[pymethods]
impl UplinkState {
    #[new]
    fn new(outbox: &PyOutbox) -> Self {
        Self { inner: Arc::new(Mutex::new(Uplink::new(outbox.share()))) }
    }

    #[getter]
    fn is_connected(&self) -> bool {
        lock(&self.inner).is_connected()
    }

    #[getter]
    fn connects(&self) -> u64 {
        lock(&self.inner).connects()
    }

    #[getter]
    fn problem(&self) -> String {
        lock(&self.inner).problem().to_owned()
    }

    #[getter]
    fn is_finishing(&self) -> bool {
        lock(&self.inner).is_finishing()
    }

    fn begin(&self) -> u64 {
        lock(&self.inner).begin()
    }

    fn tell_health(&self, payload: &[u8]) -> bool {
        lock(&self.inner).tell_health(payload)
    }

    fn finish(&self) {
        lock(&self.inner).finish();
    }

    #[pyo3(signature = (problem=None))]
    fn on_closed(&self, problem: Option<&str>) {
        lock(&self.inner).on_closed(problem);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("nobody has panicked with it")
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<OutgoingBatch>()?;
    module.add_class::<PyOutbox>()?;
    module.add_class::<PyPace>()?;
    module.add_class::<PyBatcher>()?;
    module.add_class::<PyResumed>()?;
    module.add_class::<UplinkState>()?;
    module.add_function(wrap_pyfunction!(frame_to_quote_p50_us, module)?)
}
