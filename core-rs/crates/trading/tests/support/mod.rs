//! Reads the files of orders' frames beside the repository, and says in few words what a venue makes of them.
#![allow(dead_code, reason = "each test file uses a part")]

use crossbook_trading::{Answer, Event, Notice, OrderReport, OrderState, Outcome, Read, TradingVenue};
use serde_json::Value;
use std::path::PathBuf;

pub fn recordings() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/recordings-orders")
}

/// The files of one venue.
pub struct Recorded {
    pub venue: &'static dyn TradingVenue,
}

impl Recorded {
    pub fn of(venue: &str) -> Self {
        Self { venue: crossbook_trading::find(venue).unwrap() }
    }

    fn text(&self, name: &str) -> String {
        let path = recordings().join(self.venue.id()).join(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The frame or the answer in a file: behind the method, path and mark of a request, behind the `=` of a subscription, a
    /// line of many frames by the case that it is from, or the whole.
    pub fn body(&self, name: &str, case: &str) -> String {
        let text = self.text(name);
        if name.ends_with(".jsonl") {
            let line = text.lines().find(|line| line.contains(&format!("\"from\":\"{case}\"")));
            let mut line: Value = serde_json::from_str(line.unwrap_or_else(|| panic!("{case}"))).unwrap();
            return line["frame"].take().to_string();
        }
        if let Some(pushed) = text.find("\n=") {
            return text[pushed + 2..].trim().replace("|1|", "1").replace("|2|", "2");
        }
        let lines = text.lines().skip_while(|line| !line.trim_start().starts_with(['{', '[']));
        lines.collect::<Vec<_>>().join("\n")
    }

    pub fn told(&self, name: &str, case: &str) -> Vec<Event> {
        let frame = self.body(name, case);
        self.venue.decode(frame.as_bytes()).unwrap_or_else(|error| panic!("{name} {case}: {error}\n{frame}"))
    }

    pub fn listed(&self, list: &Read, name: &str, case: &str) -> Vec<Event> {
        let body = self.body(name, case);
        let answer = Answer { status: 200, body: body.as_bytes() };
        let listed = self.venue.listed(list, answer).unwrap_or_else(|error| panic!("{name} {case}: {error}\n{body}"));
        assert!(listed.is_whole);
        listed.events
    }

    pub fn placed(&self, name: &str, case: &str) -> Outcome {
        self.venue.placed(Answer { status: 200, body: self.body(name, case).as_bytes() })
    }

    pub fn cancelled(&self, name: &str, case: &str) -> Outcome {
        self.venue.cancelled(Answer { status: 200, body: self.body(name, case).as_bytes() })
    }
}

pub fn fills(since_ms: i64) -> Read {
    Read::Fills { native_symbol: "X".to_string(), since_ms }
}

pub fn funding() -> Read {
    Read::Funding { native_symbol: "X".to_string(), since_ms: 0 }
}

pub fn open_orders() -> Read {
    Read::OpenOrders { native_symbol: "X".to_string() }
}

/// One line an event: what matters of it.
pub fn said(events: &[Event]) -> Vec<String> {
    events.iter().map(line).collect()
}

fn line(event: &Event) -> String {
    match event {
        Event::Order(order) => order_line(order),
        Event::Fill(fill) => {
            let fee =
                fill.fee.as_ref().map_or("fee later".to_string(), |fee| format!("fee {} {}", fee.amount, fee.currency));
            let maker = fill.is_maker.map_or("?", |is_maker| if is_maker { "maker" } else { "taker" });
            let side = fill.side.map_or("?".to_string(), |side| format!("{side:?}"));
            format!("fill {} {side} {} at {} {fee} {maker} {:?}", fill.fill_id, fill.size, fill.price, fill.origin)
        }
        Event::Position(position) => {
            let entry = position.entry_price.map_or("-".to_string(), |price| price.to_string());
            let mode = if position.is_hedge_mode { " hedge" } else { "" };
            format!("position {} {} at {entry}{mode}", position.native_symbol, position.size)
        }
        Event::Balance(balance) => {
            let available = balance.available.map_or("?".to_string(), |amount| amount.to_string());
            format!("balance {} {} free {available}", balance.currency, balance.wallet)
        }
        Event::Funding(funding) => {
            format!("funding {} {} {} {}", funding.funding_id, funding.native_symbol, funding.amount, funding.currency)
        }
        Event::Notice(notice) => notice_line(notice),
        Event::Answered(answered) => format!("answer to {}: {}", answered.request_id, outcome(&answered.outcome)),
    }
}

fn order_line(order: &OrderReport) -> String {
    let number = |value: Option<crossbook_trading::Decimal>| value.map_or("-".to_string(), |number| number.to_string());
    let state = match &order.state {
        OrderState::Unknown(word) => format!("Unknown({word})"),
        known => format!("{known:?}"),
    };
    let side = order.side.map_or("?".to_string(), |side| format!("{side:?}"));
    let (filled, size, average) = (order.filled, number(order.size), number(order.average_price));
    let origin = format!("{:?}", order.origin);
    let OrderReport { venue_order_id, client_id, reason, .. } = order;
    format!("{state} {venue_order_id} '{client_id}' {side} {filled}/{size} avg {average} {origin} {reason}")
        .trim_end()
        .to_string()
}

fn notice_line(notice: &Notice) -> String {
    match notice {
        Notice::Fine => "fine".to_string(),
        Notice::Ending { .. } => "ending".to_string(),
        Notice::Error { code, text } => format!("error {code} {text}"),
        Notice::SettingsChanged { .. } => "settings changed".to_string(),
        Notice::MarginWarning { .. } => "margin warning".to_string(),
        Notice::FundingSettled { .. } => "funding settled".to_string(),
        Notice::Conditional { .. } => "conditional".to_string(),
        Notice::Unrecognised { text } => format!("unrecognised {text}"),
    }
}

pub fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted { venue_order_id, .. } => format!("accepted {venue_order_id}"),
        Outcome::Refused { reason, code, .. } => format!("refused {reason:?} {code}"),
        Outcome::Unknown { text } => format!("unknown {text}"),
    }
}
