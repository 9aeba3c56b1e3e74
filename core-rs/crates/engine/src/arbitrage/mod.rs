//! Arbitrage: every pair of venues of one asset, recomputed as quotes change, gated, and followed from open to close.
//!
//! `scanner` takes quotes and asks only the pairs of the leg that changed; `asset` holds one asset's legs in columns and
//! screens them; `costs` is the formula; `rates` turns one quote currency into another; `identity` doubts that a name is an asset;
//! `relays` knows whose books a venue shows; `gate` says why a pair is refused; `dislocation` which leg is off;
//! `gaps` and `sanity` how usual it looks; `pasts` and `observation` what is known of it as it is told, `outlook` what a model says of that;
//! `leg_facts` what a venue asks of orders, `told_facts` what a change of it ends; `sizing` how much of a pair there is, and `sized` what is said of it; `lifecycle` opens, updates and closes;
//! `sources` knows which shard's stream tells which leg, `source_times` whether its clock and ours agree; `answers` computes on demand; `views` is what
//! leaves the module, `messages` how it looks on the wire.

mod answers;
mod asset;
mod costs;
mod currencies;
mod dislocation;
mod gaps;
mod gate;
mod holding;
mod identities;
mod identity;
mod leg_facts;
mod lifecycle;
mod messages;
mod numbers;
mod observation;
mod outlook;
mod pair;
mod pasts;
mod phase;
mod rates;
mod reason;
mod relays;
mod rules;
mod sanity;
mod scanner;
mod settings;
mod sized;
mod sizing;
mod source_times;
mod sources;
#[cfg(test)]
pub(crate) mod tests;
mod told_facts;
mod views;

pub use answers::SpreadFilter;
pub use costs::Costs;
pub use holding::{Horizon, holding_costs};
pub use identities::{IdentityFinding, IdentityPair, IdentityState, MarketName};
pub use leg_facts::LegFactsView;
pub use observation::schema as feature_schema;
pub use outlook::{LifeModelInForce, LifeOutlook};
pub use reason::RefusalReason;
pub use sanity::Sanity;
pub use scanner::{Scanner, ScannerStats};
pub use settings::{ScannerSettings, ScannerSettingsError};
pub use sized::{DepthView, SizingView};
pub use views::{AssetView, ConversionView, EventKind, LegView, OpportunityEvent, SpreadView};
