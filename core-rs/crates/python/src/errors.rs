//! The exception tree of `_core.pyi`, the one map from the core's errors to it, and the one door through which the GIL
//! is released.

use crossbook_engine::live;
use crossbook_engine::windows::IngestError;
use crossbook_wire::WireError;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

pyo3::create_exception!(crossbook._core, CoreError, PyException, "Whatever the core refuses.");
pyo3::create_exception!(crossbook._core, UnknownVenueError, CoreError, "Name a venue of venue_profiles().");
pyo3::create_exception!(crossbook._core, UnknownInstrumentError, CoreError, "List the markets first.");
pyo3::create_exception!(crossbook._core, PayloadError, CoreError, "The bytes do not decode: count, drop, go on.");
pyo3::create_exception!(crossbook._core, SequenceError, CoreError, "Open the stream again and resume.");
pyo3::create_exception!(crossbook._core, TokenError, CoreError, "No token that was given out: begin without one.");
pyo3::create_exception!(crossbook._core, ClockError, CoreError, "Set the clock of the sender right, then send again.");

/// What a call of the binding can fail with; each crate's error enum is turned into it by an exhaustive match.
#[derive(Debug)]
pub enum Failure {
    UnknownVenue(String),
    UnknownInstrument(String),
    InvalidSetting(String),
    Payload(String),
    Sequence(String),
    Clock(String),
    Token(String),
}

impl From<WireError> for Failure {
    fn from(error: WireError) -> Self {
        Self::Payload(error.to_string())
    }
}

impl From<live::TokenError> for Failure {
    fn from(error: live::TokenError) -> Self {
        Self::Token(error.to_string())
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        let message = error.to_string();
        match error {
            IngestError::WindowLength { .. }
            | IngestError::LateRestore
            | IngestError::BadCommitTime { .. }
            | IngestError::BadCarriedQuote { .. }
            | IngestError::HelloVenue { .. } => Self::InvalidSetting(message),
            IngestError::Wire(_)
            | IngestError::NoStreamId
            | IngestError::SequenceTooLarge { .. }
            | IngestError::BatchVenue { .. }
            | IngestError::InstrumentVenue { .. }
            | IngestError::SymbolRebound { .. }
            | IngestError::TooManyInstruments
            | IngestError::HandOverWithinWindow { .. }
            | IngestError::BeforeWatermark { .. } => Self::Payload(message),
            IngestError::AheadOfClock { .. } => Self::Clock(message),
            IngestError::OtherStream { .. } | IngestError::MissingBatch { .. } => Self::Sequence(message),
        }
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::UnknownVenue(message) => UnknownVenueError::new_err(message),
            Failure::UnknownInstrument(message) => UnknownInstrumentError::new_err(message),
            Failure::InvalidSetting(message) => invalid_setting(message),
            Failure::Payload(message) => PayloadError::new_err(message),
            Failure::Sequence(message) => SequenceError::new_err(message),
            Failure::Clock(message) => ClockError::new_err(message),
            Failure::Token(message) => TokenError::new_err(message),
        }
    }
}

/// Runs pure Rust work while other Python threads go on.
pub fn without_gil<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> T {
    py.detach(work)
}

/// It has two bases, CoreError and ValueError, which `create_exception!` cannot say: made by calling `type`.
fn invalid_setting_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static TYPE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let create = || {
        let namespace = PyDict::new(py);
        namespace.set_item("__module__", "crossbook._core")?;
        namespace.set_item("__doc__", "Fix the argument that the message names.")?;
        let bases = (py.get_type::<CoreError>(), py.get_type::<PyValueError>());
        let class = py.get_type::<PyType>().call1(("InvalidSettingError", bases, namespace))?;
        Ok::<_, PyErr>(class.cast_into::<PyType>()?.unbind())
    };
    Ok(TYPE.get_or_try_init(py, create)?.bind(py))
}

fn invalid_setting(message: String) -> PyErr {
    Python::attach(|py| match invalid_setting_type(py) {
        Ok(class) => PyErr::from_type(class.clone(), message),
        Err(error) => error,
    })
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    module.add("CoreError", py.get_type::<CoreError>())?;
    module.add("UnknownVenueError", py.get_type::<UnknownVenueError>())?;
    module.add("UnknownInstrumentError", py.get_type::<UnknownInstrumentError>())?;
    module.add("InvalidSettingError", invalid_setting_type(py)?)?;
    module.add("PayloadError", py.get_type::<PayloadError>())?;
    module.add("SequenceError", py.get_type::<SequenceError>())?;
    module.add("ClockError", py.get_type::<ClockError>())?;
    module.add("TokenError", py.get_type::<TokenError>())
}
