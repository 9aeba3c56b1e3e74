//! An order, keys and a session for the tests of all venues.

use crate::client_id::{ClientId, ClientIdParts};
use crate::exact::{Step, read};
use crate::order::{MarginMode, NewOrder, Side, TimeInForce};
use crate::outcome::{Outcome, Refusal};
use crate::session::{Credentials, Environment, Session};
use crate::venue::Answer;

/// 2026-11-30 00:00 UTC.
pub const NOW_MS: i64 = 1_795_996_800_000;

pub fn step(text: &str) -> Step {
    Step::of(read(text).unwrap()).unwrap()
}

/// Buy 0.01 at 60000.1 at once or never.
pub fn order() -> NewOrder {
    NewOrder {
        client_id: ClientId::new(ClientIdParts { install: 1, intent: 2, leg: 3, attempt: 4 }).unwrap(),
        native_symbol: "X-USD".to_string(),
        instrument_code: Some(7),
        side: Side::Buy,
        size: 1,
        size_step: step("0.01"),
        price: 600_001,
        price_step: step("0.1"),
        time_in_force: TimeInForce::ImmediateOrCancel,
        margin_mode: MarginMode::Cross,
        is_reduce_only: false,
        valid_ms: 2000,
    }
}

pub fn credentials() -> Credentials {
    Credentials { key: "the key".into(), secret: "the secret".into(), passphrase: Some("the passphrase".into()) }
}

pub fn session(credentials: &Credentials) -> Session<'_> {
    Session { credentials, environment: Environment::Live, now_ms: NOW_MS, nonce: NOW_MS as u64 }
}

pub fn answer(status: u16, body: &str) -> Answer<'_> {
    Answer { status, body: body.as_bytes() }
}

/// Why it was refused; None where it was not.
pub fn refusal(outcome: &Outcome) -> Option<Refusal> {
    if let Outcome::Refused { reason, .. } = outcome { Some(*reason) } else { None }
}

pub fn is_unknown(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Unknown { .. })
}

/// What no venue says of an order: cut off, not JSON, JSON of another kind, an unlisted code, success without a word of it.
pub const SENSELESS: &[&str] =
    &["", "<html>502</html>", "{", "[]", "null", "{}", "{\"code\":\"-987654\"}", "\"ok\"", "{\"data\":[]}"];
