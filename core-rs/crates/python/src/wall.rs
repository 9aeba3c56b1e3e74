//! The wall clock as Python holds it, so that tests can turn it for Python and the plane alike.

use crossbook_plane::Wall;
use pyo3::prelude::*;

/// The system's, as tests have set it.
#[pyclass(module = "crossbook._core", frozen)]
#[derive(Default)]
pub struct WallClock {
    pub inner: Wall,
}

#[pymethods]
impl WallClock {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn now_ns(&self) -> i64 {
        self.inner.now_ns()
    }

    fn turn(&self, by_ns: i64) {
        self.inner.turn(by_ns);
    }
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<WallClock>()
}
