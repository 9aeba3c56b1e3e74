//! Whether a venue took a request. Only what a venue is known to say of a request that had no effect refuses it; whatever else
//! is said, or cut off, or not understood, leaves it unknown: such an order may live and counts as if it did.

use crate::report::OrderReport;
use crate::word::words;

/// Of a place or a cancel.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Taken; that it stands or fills is said by its report, here or later.
    Accepted {
        /// Empty where the venue does not tell it.
        venue_order_id: String,
        report: Option<Box<OrderReport>>,
    },
    /// By a code that is on the venue's list: the request had no effect and will have none.
    Refused { reason: Refusal, code: String, text: String },
    /// Anything else, in the venue's words. To be found out by the order's name, never by sending again.
    Unknown { text: String },
}

/// Why a request had no effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    Funds,
    /// Off the lot, too small or too large.
    Size,
    /// Off the tick, or outside the venue's limits.
    Price,
    /// Unknown, halted or closed.
    Instrument,
    /// The venue settles funding; soon again.
    Settling,
    /// The account is in another mode than was said.
    Mode,
    /// There is nothing to reduce.
    NothingToReduce,
    /// There was nothing to trade with at the price.
    NothingMatched,
    /// An order that may not take would have.
    WouldTake,
    /// Position, open orders or risk limits of the account.
    Limits,
    /// Asked too often.
    Rate,
    /// The venue has no room now.
    Busy,
    /// Too late, or by a wrong clock.
    Clock,
    /// Key, signature, address or permission.
    Auth,
    /// The account may only reduce for a time.
    Locked,
    /// The request itself is wrong.
    Request,
    /// To be cancelled, but done already or never there.
    Gone,
}

impl Outcome {
    /// What a code other than success means, by the venue's list.
    pub(crate) fn by_code(refusals: &[(&str, Refusal)], code: &str, text: &str) -> Self {
        match refusals.iter().find(|(known, _)| *known == code) {
            Some((_, reason)) => Self::Refused { reason: *reason, code: code.to_string(), text: text.to_string() },
            None => Self::Unknown { text: format!("{code} {text}").trim().to_string() },
        }
    }

    /// An answer that cannot be read, as far as it is text.
    pub(crate) fn unread(status: u16, body: &[u8]) -> Self {
        Self::Unknown { text: unread(status, body) }
    }
}

/// Of a query for one order.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    Order(Box<OrderReport>),
    /// The venue knows no such order, by a code on its list. It may still be on its way there.
    Nowhere,
    /// Anything else, in the venue's words.
    Unknown {
        text: String,
    },
}

pub(crate) fn unread(status: u16, body: &[u8]) -> String {
    format!("HTTP {status} {}", words(body)).trim_end().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_code_on_the_list_refuses() {
        let list = [("7", Refusal::Funds)];
        let refused = Outcome::Refused { reason: Refusal::Funds, code: "7".into(), text: "no".into() };
        assert_eq!(Outcome::by_code(&list, "7", "no"), refused);
        assert_eq!(Outcome::by_code(&list, "07", "no"), Outcome::Unknown { text: "07 no".into() });
        assert_eq!(Outcome::by_code(&list, "", ""), Outcome::Unknown { text: String::new() });
    }

    #[test]
    fn an_answer_that_cannot_be_read_is_kept_in_part() {
        let Outcome::Unknown { text } = Outcome::unread(502, &[b'\xff'; 1000]) else { panic!() };
        assert!(text.starts_with("HTTP 502 ") && text.chars().count() == 309);
    }
}
