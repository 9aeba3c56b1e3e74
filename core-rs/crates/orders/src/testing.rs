//! Short ways to say orders, reports and numbers in the tests of this crate.

use crate::grain::LegSteps;
use crossbook_trading::{ClientId, ClientIdParts, Decimal, OrderReport, OrderState, Origin, Step, read};

pub fn decimal(text: &str) -> Decimal {
    read(text).unwrap()
}

pub fn step(text: &str) -> Step {
    Step::of(decimal(text)).unwrap()
}

pub fn leg_steps(size_step: &str, worth: &str) -> LegSteps {
    LegSteps { step: step(size_step), worth: decimal(worth), least: 1, most: i64::MAX }
}

pub fn client_id(attempt: u32) -> ClientId {
    ClientId::new(ClientIdParts { install: 1, intent: 2, leg: 0, attempt }).unwrap()
}

pub fn report(state: OrderState, filled: &str) -> OrderReport {
    OrderReport {
        native_symbol: "X".to_string(),
        client_id: String::new(),
        venue_order_id: "7".to_string(),
        side: None,
        state,
        size: None,
        price: None,
        filled: decimal(filled),
        average_price: None,
        fee: None,
        origin: Origin::Trade,
        reason: String::new(),
        time_ms: 0,
    }
}
