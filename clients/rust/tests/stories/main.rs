//! What people ask, of a running system.

mod system;

use std::time::Duration;

use crossbook_client::v1::alert_channel::Kind;
use crossbook_client::v1::{
    AlertChannel, AlertRule, AlertTrigger, ConsoleChannel, CreateAlertRuleRequest, DeleteAlertRuleRequest,
    ExplainSpreadRequest, GetAlertRuleRequest, ListOpportunitiesRequest, ListSnapshotsRequest,
    WatchOpportunitiesRequest, WatchOpportunitiesResponse,
};
use crossbook_client::{Connection, Error, Follower, Told};
use tokio::time::timeout;
use tonic::Code;

use crate::system::{Wire, address, running};

const PATIENCE: Duration = Duration::from_secs(60); // for machines under load; nothing here takes more than some seconds
const ENOUGH: usize = 12;

fn venues() -> Vec<String> {
    vec!["binance".into(), "okx".into()]
}

/// Whoever asks for what pays now gets it, best first, with the numbers that make it up. One that is followed is there.
#[tokio::test]
async fn opportunities_are_listed() {
    let Some(connection) = running("arbitrage") else { return };
    let request = WatchOpportunitiesRequest { venues: venues(), ..Default::default() };
    let mut follower = Follower::new(connection.clone(), request);
    loop {
        message(&mut follower).await; // after which the answer may be another
        let request = ListOpportunitiesRequest { venues: venues(), ..Default::default() };
        let found = connection.arbitrage().list_opportunities(request).await.expect("listed").into_inner();
        let costs: Vec<_> = found.opportunities.iter().map(|one| one.costs.expect("costs")).collect();
        for cost in &costs {
            let fees = cost.entry_fees_percent + cost.exit_fees_percent;
            assert!(
                (cost.gross_percent - fees - cost.net_percent).abs() < 1e-9,
                "net is not gross less fees: {cost:?}"
            );
        }
        assert!(costs.is_sorted_by(|one, next| one.net_percent >= next.net_percent), "not by profit: {costs:?}");
        if !costs.is_empty() {
            return;
        }
    }
}

/// A connection that is cut again and again tells the same events, in the same order, as one that never was.
#[tokio::test]
async fn a_watch_resumes_after_a_lost_connection() {
    let Some(address) = address("arbitrage") else { return };
    let direct = Connection::open(&address).expect("an address");
    let start = afterwards(&direct).await;
    let wire = Wire::to(address).await;
    let pieces = told(&Connection::open(&wire.address).expect("an address"), &start, 3, || wire.cut()).await;
    let whole = told(&direct, &start, 0, || ()).await;
    let count = pieces.len().min(whole.len());
    assert_eq!(pieces[..count], whole[..count]);
}

/// The token of the first event that is news.
async fn afterwards(connection: &Connection) -> String {
    let mut follower = Follower::new(connection.clone(), WatchOpportunitiesRequest::default());
    while !message(&mut follower).await.is_caught_up {}
    loop {
        if let Some(event) = message(&mut follower).await.events.first() {
            return event.resume_token.clone();
        }
    }
}

async fn message(follower: &mut Follower) -> WatchOpportunitiesResponse {
    match timeout(PATIENCE, follower.next()).await.expect("it never came").expect("asked rightly") {
        Told::Message(message) => message,
        Told::Lost(error) => panic!("lost: {error}"),
    }
}

/// The events behind the token until there are enough and the stream was lost so often; `then` is called after each message.
async fn told(connection: &Connection, token: &str, losses: usize, then: impl Fn()) -> Vec<(i32, String, (i64, i32))> {
    let request = WatchOpportunitiesRequest { resume_token: token.into(), ..Default::default() };
    let mut follower = Follower::new(connection.clone(), request);
    let (mut events, mut lost) = (Vec::new(), 0);
    while events.len() < ENOUGH || lost < losses {
        match timeout(PATIENCE, follower.next()).await.expect("it never came").expect("asked rightly") {
            Told::Message(message) => {
                for event in message.events {
                    let at = event.event_time.expect("a time");
                    events.push((event.kind, event.opportunity.expect("one").id, (at.seconds, at.nanos)));
                }
                then();
            }
            Told::Lost(_) => lost += 1,
        }
    }
    events
}

/// A pair's numbers come with the verdict in words; a pair that cannot be is refused by the names of its fields.
#[tokio::test]
async fn a_spread_is_explained() {
    let Some(connection) = running("arbitrage") else { return };
    let mut request = ExplainSpreadRequest {
        asset: "BTC".into(),
        buy_venue: "okx".into(),
        sell_venue: "binance".into(),
        ..Default::default()
    };
    let answer = connection.arbitrage().explain_spread(request.clone()).await.expect("explained").into_inner();
    assert!(!answer.explanation.is_empty());
    assert!(answer.opportunity.and_then(|one| one.buy).expect("a leg").price > 0.0);
    request.sell_venue = "okx".into();
    let refused = Error::from(connection.arbitrage().explain_spread(request).await.expect_err("one venue"));
    assert_eq!((refused.code, refused.violations.len()), (Code::InvalidArgument, 1));
    assert_eq!(refused.violations[0].field, "sell_venue");
    assert!(!refused.violations[0].description.is_empty());
}

/// A rule is stored and read back as it was sent; its name is taken, then gone, and the errors say of what.
#[tokio::test]
async fn a_rule_is_created() {
    let Some(connection) = running("alerts") else { return };
    let request = CreateAlertRuleRequest { alert_rule_id: "rust-created".into(), alert_rule: Some(rule()) };
    let mut alerts = connection.alerts();
    let created = alerts.create_alert_rule(request.clone()).await.expect("created").into_inner();
    let name = created.alert_rule.expect("the rule").name;
    let wanted = GetAlertRuleRequest { name: name.clone() };
    let read = alerts.get_alert_rule(wanted.clone()).await.expect("read").into_inner().alert_rule.expect("the rule");
    assert!(read.min_notional == Some(1.0) && !read.etag.is_empty(), "{read:?}");
    let taken = Error::from(alerts.create_alert_rule(request).await.expect_err("taken"));
    assert_eq!((taken.code, &taken.resource), (Code::AlreadyExists, &name));
    alerts.delete_alert_rule(DeleteAlertRuleRequest { name: name.clone() }).await.expect("deleted");
    let gone = Error::from(alerts.get_alert_rule(wanted).await.expect_err("gone"));
    assert_eq!((gone.code, &gone.resource), (Code::NotFound, &name));
}

fn rule() -> AlertRule {
    let console = AlertChannel {
        id: "console".into(),
        kind: Some(Kind::Console(ConsoleChannel::default())),
        ..Default::default()
    };
    AlertRule {
        display_name: "From Rust".into(),
        is_enabled: true,
        trigger: AlertTrigger::Opportunity.into(),
        min_notional: Some(1.0),
        channels: vec![console],
        ..Default::default()
    }
}

/// Pages of windows follow one another without a gap or a double row, and are those of one long page.
#[tokio::test]
async fn windows_are_read() {
    let Some(connection) = running("aggregator") else { return };
    let mut aggregator = connection.aggregator();
    let all = ListSnapshotsRequest { venues: venues(), page_size: 10, ..Default::default() };
    let all = aggregator.list_snapshots(all).await.expect("listed").into_inner().snapshots;
    assert!(all.len() > 1);
    let mut request = ListSnapshotsRequest { venues: venues(), page_size: 1, ..Default::default() };
    for wanted in all {
        let page = aggregator.list_snapshots(request.clone()).await.expect("listed").into_inner();
        assert_eq!(page.snapshots, [wanted]);
        request.page_token = page.next_page_token;
    }
}
