//! The vocabulary of the core: instruments, quotes, book states, books. Every other crate builds on it.

mod asset;
mod asset_class;
mod book;
mod contract;
mod depth;
mod fact;
mod facts;
mod instrument;
mod quote;

pub use asset::{asset_of, currency_code};
pub use asset_class::AssetClass;
pub use book::{Level, MAX_LEVELS, OrderBook};
pub use contract::ContractWorth;
pub use depth::{Depth, MAX_DEPTH_LEVELS};
pub use fact::{Fact, WrongFact};
pub use facts::{FactKind, FactState, FundingAccrual, InstrumentFact, NO_LIMIT, Terms, TradingStatus, decimal_product};
pub use instrument::{Instrument, is_name};
pub use quote::{BookState, Quote};
