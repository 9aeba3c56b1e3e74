//! The board of quotes as Python sees it: readers that ask, and are given bytes. Every lock is taken with the GIL released.

use crate::errors::{Failure, without_gil};
use crate::live::SharedScan;
use crate::wall::WallClock;
use crossbook_engine::board::Selection;
use crossbook_engine::hub::InstrumentFilter;
use crossbook_plane as plane;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::sync::Arc;

/// The newest quote of every instrument of all shards.
#[pyclass(name = "QuoteBoard", module = "crossbook._core", frozen)]
pub struct PyQuoteBoard {
    inner: Arc<plane::Board>,
}

#[pymethods]
impl PyQuoteBoard {
    #[new]
    fn new(wall: &WallClock) -> Self {
        Self { inner: plane::Board::new(wall.inner.clone()) }
    }

    #[pyo3(signature = (venues=vec![], symbols=vec![], assets=vec![], *, instruments=None),
        text_signature = "($self, venues=(), symbols=(), assets=(), *, instruments=None)")]
    fn reader(
        &self,
        py: Python<'_>,
        venues: Vec<String>,
        symbols: Vec<String>,
        assets: Vec<String>,
        instruments: Option<Vec<(String, String)>>,
    ) -> PyResult<PyBoardReader> {
        let is_filtered = [&venues, &symbols, &assets].iter().any(|names| !names.is_empty());
        let selection = match instruments {
            Some(_) if is_filtered => return Err(PyValueError::new_err("either a filter or instruments by name")),
            Some(instruments) => Selection::named(instruments),
            None => Selection::Matching(InstrumentFilter::new(venues, symbols, assets)),
        };
        Ok(PyBoardReader { inner: without_gil(py, || self.inner.reader(selection)) })
    }

    fn deltas<'py>(
        &self,
        py: Python<'py>,
        readers: Vec<PyRef<'py, PyBoardReader>>,
    ) -> PyResult<Vec<Option<Bound<'py, PyBytes>>>> {
        let ids = readers.iter().map(|reader| reader.inner.id_at(&self.inner)).collect::<Option<Vec<_>>>();
        let ids = ids.ok_or_else(|| PyValueError::new_err("a reader of another board"))?;
        let told = without_gil(py, || self.inner.deltas(&ids));
        let frames: Vec<_> = told.frames.iter().map(|frame| PyBytes::new(py, frame)).collect();
        Ok(told.of_reader.into_iter().map(|index| index.map(|index| frames[index].clone())).collect())
    }

    #[pyo3(signature = (payload, source=0))]
    fn on_batch(&self, py: Python<'_>, payload: &[u8], source: u16) -> PyResult<()> {
        Ok(without_gil(py, || self.inner.on_batch(payload, source)).map_err(Failure::Payload)?)
    }

    #[pyo3(signature = (source=0))]
    fn on_disconnected(&self, py: Python<'_>, source: u16) {
        without_gil(py, || self.inner.on_disconnected(source));
    }

    #[getter]
    fn readers(&self, py: Python<'_>) -> usize {
        without_gil(py, || self.inner.quotes.readers())
    }

    #[getter]
    fn views(&self, py: Python<'_>) -> usize {
        without_gil(py, || self.inner.quotes.views())
    }

    #[getter]
    fn instruments(&self, py: Python<'_>) -> usize {
        without_gil(py, || self.inner.quotes.instruments())
    }
}

/// One reader of a board.
#[pyclass(name = "BoardReader", module = "crossbook._core", frozen)]
pub struct PyBoardReader {
    inner: plane::BoardReader,
}

#[pymethods]
impl PyBoardReader {
    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &without_gil(py, || self.inner.snapshot()))
    }

    fn delta<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        without_gil(py, || self.inner.delta()).map(|frame| PyBytes::new(py, &frame))
    }

    #[getter]
    fn lag(&self, py: Python<'_>) -> usize {
        without_gil(py, || self.inner.lag())
    }

    fn close(&self, py: Python<'_>) {
        without_gil(py, || self.inner.close());
    }
}

/// What a shard's quotes can be followed into.
#[derive(FromPyObject)]
pub enum QuoteTaker<'py> {
    Scan(Bound<'py, SharedScan>),
    Board(Bound<'py, PyQuoteBoard>),
}

impl QuoteTaker<'_> {
    /// For the shard that has this number there; the scan is told the time by this clock, a board has its own.
    pub fn of(&self, source: u16, wall: &WallClock) -> Box<dyn plane::Taker> {
        match self {
            Self::Scan(scan) => {
                let (scan, wall) = (Arc::clone(&scan.get().live), wall.inner.clone());
                Box::new(plane::ShardQuotes { scan, source, wall })
            }
            Self::Board(board) => Box::new(plane::ShardBoard { board: Arc::clone(&board.get().inner), source }),
        }
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyQuoteBoard>()?;
    module.add_class::<PyBoardReader>()
}
