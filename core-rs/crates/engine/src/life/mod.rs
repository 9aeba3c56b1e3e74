//! How long an opportunity will live: a pooled discrete-time hazard logistic, and whether it may be believed.
//!
//! Time from publication is cut at `HORIZONS_NS`. In each interval that a life reached it died or did not: one logistic
//! regression over all these rows, with a number of its own for each interval and shared ones for the features, gives
//! the hazards, and their product the survival, which so cannot rise. A life whose watch ended gives the rows up to there.
//!
//! `ended` is a life and how it counts; `design` turns features into columns; `fit` is the regression; `model` what is kept of it; `pairs` what must be
//! beaten; `evaluate` predicts each block from what had ended before it; `score` and `gate` say what that is worth;
//! `drift` whether the features still are what they were. No clock, no chance: the same lives give the same bits.

mod design;
mod drift;
mod ended;
mod evaluate;
mod fit;
mod gate;
mod linear;
mod model;
mod pairs;
mod score;

pub use drift::stability_index;
pub use ended::{Ending, HORIZONS, HORIZONS_NS, Life};
pub use evaluate::{Evaluation, WalkForward, walk_forward};
pub use fit::fit_hazard;
pub use gate::{Verdict, judge};
pub use model::{LifeModel, ModelError};
pub use score::{HorizonScore, score};
