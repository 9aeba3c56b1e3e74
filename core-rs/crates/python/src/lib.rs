//! `crossbook._core`: translates between Python and the crates beneath it, and holds no logic of its own.

mod answers;
mod board;
mod choice;
mod errors;
mod facts;
mod identity;
mod ingest;
mod instrument;
mod life;
mod literals;
mod live;
mod live_events;
mod lives;
mod opportunities;
mod outgoing;
mod plane;
mod rest;
mod scanner;
mod steps;
mod venues;
mod wall;

use pyo3::prelude::*;

#[pymodule]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    errors::register(module)?;
    wall::register(module)?;
    instrument::register(module)?;
    venues::register(module)?;
    facts::register(module)?;
    outgoing::register(module)?;
    ingest::register(module)?;
    identity::register(module)?;
    opportunities::register(module)?;
    answers::register(module)?;
    life::register(module)?;
    lives::register(module)?;
    scanner::register(module)?;
    plane::register(module)?;
    board::register(module)?;
    choice::register(module)?;
    live_events::register(module)?;
    live::register(module)?;
    rest::register(module)?;
    module.delattr("__all__") // pyo3 collects one while adding; the stub file is what says which names are public
}
