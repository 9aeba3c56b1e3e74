//! One answer of a venue that holds facts: where it is asked for, how often, and what stands where in it.

use crossbook_market::{FactKind, FundingAccrual, TradingStatus};

/// One answer, of one shape. `source` names it, and no two of a venue tell the same kind of fact.
#[derive(Debug)]
pub struct FactPoll {
    pub source: &'static str,
    pub asked: Asked,
    pub rows: Rows,
    /// Where a row bears the native symbol; empty where its key in a map does, or the answer is of the one asked about.
    pub name: &'static str,
    /// Where the venue's own time stands, in a row or beside the rows (after a slash), and its unit; empty: nowhere.
    pub time: (&'static str, How),
    pub fields: &'static [Field],
    /// Only rows that bear this text under this name; empty: all.
    pub only_rows: (&'static str, &'static str),
    /// What native symbols have behind the name that rows bear.
    pub suffix: &'static str,
    /// What is so of the instruments that a whole answer does not name.
    pub otherwise: &'static [(FactKind, f64)],
    pub certainty: Certainty,
}

impl FactPoll {
    /// The usual shape of the rest: a list at the top, each row bearing its symbol.
    pub const USUAL: Self = Self {
        source: "",
        asked: Asked::WithMarkets,
        rows: Rows::At(""),
        name: "symbol",
        time: ("", How::Plain),
        fields: &[],
        only_rows: ("", ""),
        suffix: "",
        otherwise: &[],
        certainty: Certainty::Documented,
    };
}

/// One address, every so many seconds.
pub const fn every(seconds: u32, weight: u32, paths: &'static [&'static str]) -> Asked {
    Asked::Every { seconds, weight, paths, body: None }
}

/// Where an answer comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Asked {
    /// These addresses in turn, each every so many seconds; a body makes it a POST.
    Every { seconds: u32, weight: u32, paths: &'static [&'static str], body: Option<&'static str> },
    /// For one instrument after the other, `{symbol}` being its native symbol: this many seconds between any two.
    Each { seconds: u32, weight: u32, path: &'static str },
    /// The market list, which is asked for anyway.
    WithMarkets,
}

/// Where an answer's rows are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rows {
    /// A list, or one row, at this path; the empty path is the whole answer.
    At(&'static str),
    /// A map at this path, its keys being native symbols.
    MapAt(&'static str),
    /// Two lists of one order: who it is about, and the rows.
    Beside(&'static str, &'static str),
}

/// What the shape of an answer rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Seen in captured answers.
    Captured,
    /// The venue's documents say it.
    Documented,
    /// Other programs read it so.
    Reported,
}

impl Certainty {
    pub fn word(self) -> &'static str {
        match self {
            Self::Captured => "captured",
            Self::Documented => "documented",
            Self::Reported => "reported",
        }
    }
}

/// One fact in a row.
#[derive(Debug)]
pub struct Field {
    pub kind: FactKind,
    /// Names, dots between them; `list[name=text]` is the object of a list that has it.
    pub path: &'static str,
    pub how: How,
    /// Only of native symbols that begin so; empty: of all.
    pub only: &'static str,
}

pub const fn field(kind: FactKind, path: &'static str, how: How) -> Field {
    Field { kind, path, how, only: "" }
}

impl Field {
    pub const fn of(self, only: &'static str) -> Self {
        Self { only, ..self }
    }
}

/// How what stands there becomes the kind's number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum How {
    Plain,
    /// A share of one.
    Share,
    /// A share of one, for so many of the intervals that funding is paid for.
    ShareFor(f64),
    /// An amount of quote currency per base unit, of the price at this path.
    ShareOfPrice(&'static str),
    /// An amount of coin per unit of quote currency, at the price at this path.
    ShareAtPrice(&'static str),
    Minutes,
    Hours,
    Milliseconds,
    Nanoseconds,
    /// Milliseconds that are still to pass.
    MillisecondsLeft,
    /// `2024-11-25T04:00:00.000Z`
    IsoTime,
    /// The time of day of such a one: `2000-01-01T08:00:00.000Z` is eight hours.
    IsoHours,
    /// The difference to the time at this path, both in milliseconds.
    MillisecondsUntil(&'static str),
    /// Contracts, for a kind in the units of their worth.
    Contracts,
    /// Contracts, for a kind in base units, an inverse one converted at the price at this path.
    ContractsAt(&'static str),
    /// Contracts, for a kind in quote currency, a linear one converted at the price at this path.
    ContractsAsMoneyAt(&'static str),
    /// Base units, for a kind in quote currency, at the price at this path.
    BaseAsMoneyAt(&'static str),
    /// Quote currency, for a kind in base units, at the price at this path.
    MoneyAsBaseAt(&'static str),
    /// A share by which a price may lie below or above the one at this path.
    BelowPrice(&'static str),
    AbovePrice(&'static str),
    /// A number of decimal places, the step being one of the last.
    Places,
    /// A word or a number that stands for a status; what is not named is refused.
    Status(&'static [(&'static str, TradingStatus)]),
    /// Flags, of which the first that is set (behind `!`: that is not) tells; trading when none is. The path is not looked at.
    Flags(&'static [(&'static str, TradingStatus)]),
    /// The same where flags are named only when they are set.
    FlagsIfSet(&'static [(&'static str, TradingStatus)]),
    /// That the row is there at all says it. The path is not looked at.
    Always(f64),
    /// The next full hour. The path is not looked at.
    NextHour,
}

/// That funding is paid at moments.
pub const AT_MOMENTS: Field = field(FactKind::FundingAccrual, "", How::Always(FundingAccrual::AtMoments as u8 as f64));
/// That it accrues all the time.
pub const CONTINUOUS: Field = field(FactKind::FundingAccrual, "", How::Always(FundingAccrual::Continuous as u8 as f64));
