//! The data plane as Python holds it: its thread, its port and the calls there, the streams that it dials.

mod calls;
mod dialed;
mod feeding;
mod server;
mod status;
mod thread;

use pyo3::prelude::*;

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    thread::register(module)?;
    dialed::register(module)?;
    server::register(module)?;
    calls::register(module)?;
    feeding::register(module)
}
