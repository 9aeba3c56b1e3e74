//! Why a list of shards, or a lane's name, is refused.

/// Nothing has been changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    #[error("shards must name at least one shard")]
    NoShards,
    #[error("shards names {name:?} twice")]
    NamedTwice { name: String },
    #[error(
        "a shard's name is 1 to 32 lower-case letters, digits and hyphens, and begins with no hyphen: {name:?} is not"
    )]
    BadName { name: String },
    #[error("from_ns must be a full minute, where windows of every length begin: {from_ns} is not")]
    NoFullMinute { from_ns: i64 },
    #[error("from_ns must be after everything taken so far, the latest of {taken_ns}: {from_ns} is not")]
    TooLate { from_ns: i64, taken_ns: i64 },
    #[error("no lane leads to shard {name:?}: name one of {known}")]
    UnknownLane { name: String, known: String },
    #[error("the lane to shard {name:?} is in the list of shards: route without it first")]
    LaneListed { name: String },
    #[error("the lane to shard {name:?} has quotes waiting: take them first")]
    LaneWaiting { name: String },
}
