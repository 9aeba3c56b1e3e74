//! What Hyperliquid sends of orders and accounts.

use crate::event::Event;
use crate::order::Side;
use crate::outcome::{Outcome, Refusal};
use crate::report::{Balance, Fee, Fill, Funding, OrderReport, OrderState, Origin, Position};
use crate::word::{Word, parse};
use crossbook_codec::FrameError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What collateral and funding are in.
const CURRENCY: &str = "USDC";

/// `{"status":"ok","response":{"type":"order","data":{"statuses":[...]}}}`, or `{"status":"err","response":"<text>"}`
#[derive(Deserialize)]
pub(super) struct Statuses<'a> {
    status: Word,
    #[serde(borrow)]
    response: &'a RawValue,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    data: Data<'a>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    statuses: Vec<&'a RawValue>,
}

/// `{"resting":{"oid":496160097503,"cloid":"0x..."}}`, `{"filled":{"totalSz":"0.5","avgPx":"73.688","oid":505880037215}}` or
/// `{"error":"Order could not immediately match against any resting orders. asset=5"}`
#[derive(Deserialize)]
struct One {
    resting: Option<Standing>,
    filled: Option<Standing>,
    error: Option<Word>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Standing {
    oid: Word,
    cloid: Word,
    total_sz: Word,
    avg_px: Word,
}

impl Statuses<'_> {
    /// Of the one order that was asked for.
    pub fn outcome(&self, refusals: &[(&str, Refusal)]) -> Result<Outcome, FrameError> {
        let response = self.response.get().as_bytes();
        if self.status.is("err") {
            return Ok(by_text(refusals, parse::<Word>(response)?.text()));
        }
        let statuses = parse::<Response<'_>>(response)?.data.statuses;
        match (self.status.text(), statuses.as_slice()) {
            ("ok", [one]) if one.get() == r#""success""# => {
                Ok(Outcome::Accepted { venue_order_id: String::new(), report: None })
            }
            ("ok", [one]) => parse::<One>(one.get().as_bytes())?.outcome(refusals),
            _ => Err(FrameError::Invalid("the statuses of one order")),
        }
    }
}

fn by_text(refusals: &[(&str, Refusal)], text: &str) -> Outcome {
    let code = refusals.iter().map(|(start, _)| *start).find(|start| text.starts_with(start));
    Outcome::by_code(refusals, code.unwrap_or_default(), text)
}

impl One {
    fn outcome(&self, refusals: &[(&str, Refusal)]) -> Result<Outcome, FrameError> {
        match (&self.resting, &self.filled, &self.error) {
            (Some(standing), None, None) => {
                Ok(Outcome::Accepted { venue_order_id: standing.oid.required("oid")?, report: None })
            }
            (None, Some(standing), None) => standing.filled(),
            (None, None, Some(error)) => Ok(by_text(refusals, error.text())),
            _ => Err(FrameError::Invalid("a status")),
        }
    }
}

impl Standing {
    /// Rule 5. Nothing of it is left to fill; how much was asked for is not told.
    fn filled(&self) -> Result<Outcome, FrameError> {
        let venue_order_id = self.oid.required("oid")?;
        let report = OrderReport {
            native_symbol: String::new(),
            client_id: self.cloid.owned(),
            venue_order_id: venue_order_id.clone(),
            side: None,
            state: OrderState::Filled,
            size: None,
            price: None,
            filled: self.total_sz.needed("totalSz")?,
            average_price: self.avg_px.number("avgPx")?,
            fee: None,
            origin: Origin::Trade,
            reason: String::new(),
            time_ms: 0,
        };
        Ok(Outcome::Accepted { venue_order_id, report: Some(Box::new(report)) })
    }
}

/// `{"coin":"ETH","side":"B","limitPx":"1500.0","sz":"1.0","oid":313932628709,"timestamp":1770385175044,"origSz":"1.0",
/// "cloid":"0x00030050c829f0770000010000000073"}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OpenOrder {
    coin: Word,
    side: Word,
    limit_px: Word,
    sz: Word,
    oid: Word,
    timestamp: Word,
    orig_sz: Word,
    cloid: Word,
}

impl OpenOrder {
    /// Rule 8.
    pub fn report(&self, status: &str, time_ms: i64) -> Result<OrderReport, FrameError> {
        let size = self.orig_sz.needed("origSz")?;
        Ok(OrderReport {
            native_symbol: self.coin.required("coin")?,
            client_id: self.cloid.owned(),
            venue_order_id: self.oid.required("oid")?,
            side: Side::of(self.side.text(), "B", "A"),
            state: state(status),
            size: Some(size),
            price: self.limit_px.nonzero("limitPx")?,
            filled: size.checked_sub(self.sz.needed("sz")?).ok_or(FrameError::Invalid("sz"))?,
            average_price: None,
            fee: None,
            origin: if status == "liquidatedCanceled" { Origin::Liquidation } else { Origin::Trade },
            reason: if matches!(status, "open" | "filled") { String::new() } else { status.to_string() },
            time_ms: if time_ms == 0 { self.timestamp.whole() } else { time_ms },
        })
    }
}

/// There are a dozen ways each to be cancelled or rejected, and new ones come: their endings tell.
fn state(status: &str) -> OrderState {
    match status {
        "open" | "triggered" => OrderState::Open,
        "filled" => OrderState::Filled,
        "canceled" | "scheduledCancel" => OrderState::Cancelled,
        "rejected" => OrderState::Refused,
        other if other.ends_with("Canceled") => OrderState::Cancelled,
        other if other.ends_with("Rejected") => OrderState::Refused,
        other => OrderState::Unknown(other.to_string()),
    }
}

/// `{"order":{...},"status":"open","statusTimestamp":1770381849546}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Update {
    order: OpenOrder,
    status: Word,
    #[serde(default)]
    status_timestamp: Word,
}

impl Update {
    pub fn report(&self) -> Result<OrderReport, FrameError> {
        self.order.report(self.status.text(), self.status_timestamp.whole())
    }
}

/// `{"status":"order","order":{"order":{...},"status":"filled","statusTimestamp":1724361546645}}`, or
/// `{"status":"unknownOid"}`
#[derive(Deserialize)]
pub(super) struct Status {
    pub status: Word,
    pub order: Option<Update>,
}

/// `{"isSnapshot":true,"user":"0x...","fills":[...]}`, `{"fills":[...]}`, `{"funding":{...}}` or `{"fundings":[...]}`
#[derive(Deserialize)]
struct Told {
    fills: Option<Vec<UserFill>>,
    funding: Option<PushedFunding>,
    fundings: Option<Vec<PushedFunding>>,
}

pub(super) fn user_events(data: &[u8], frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    let told: Told = parse(data)?;
    if told.fills.is_none() && told.funding.is_none() && told.fundings.is_none() {
        return Ok(vec![Event::unrecognised(frame)]);
    }
    let fills = told.fills.iter().flatten().map(|row| row.fill().map(Event::Fill));
    let fundings = told.funding.iter().chain(told.fundings.iter().flatten());
    fills.chain(fundings.map(|row| row.funding(None).map(Event::Funding))).collect()
}

/// `{"coin":"ETH","px":"2067.2","sz":"0.01","side":"A","time":1770524192528,"dir":"Close Long","oid":315449302232,
/// "crossed":true,"fee":"0.00893","tid":343484124188045,"cloid":"0x...","feeToken":"USDC","liquidation":{...},...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct UserFill {
    coin: Word,
    px: Word,
    sz: Word,
    side: Word,
    time: Word,
    dir: Word,
    oid: Word,
    crossed: Word,
    fee: Word,
    tid: Word,
    cloid: Word,
    fee_token: Word,
    liquidation: Option<Liquidation>,
}

#[derive(Deserialize)]
struct Liquidation {}

impl UserFill {
    /// Rule 9.
    pub fn fill(&self) -> Result<Fill, FrameError> {
        let Self { coin, oid, tid, time, .. } = self;
        Ok(Fill {
            fill_id: format!("{}/{}/{}/{}", coin.text(), oid.text(), tid.text(), time.text()),
            native_symbol: coin.required("coin")?,
            client_id: self.cloid.owned(),
            venue_order_id: oid.required("oid")?,
            side: Side::of(self.side.text(), "B", "A"),
            price: self.px.needed("px")?,
            size: self.sz.needed("sz")?,
            fee: Fee::paid(self.fee.number("fee")?, &self.fee_token),
            is_maker: self.crossed.flag().map(|crossed| !crossed),
            origin: self.origin(),
            time_ms: time.whole(),
        })
    }

    /// Rule 10.
    fn origin(&self) -> Origin {
        match self.dir.text() {
            "Spot Dust Conversion" => Origin::Conversion,
            "Auto-Deleveraging" => Origin::Deleveraging,
            "Settlement" => Origin::Settlement,
            _ if self.liquidation.is_some() && self.crossed.is("true") => Origin::Liquidation,
            _ => Origin::Trade,
        }
    }
}

/// `{"time":1770523200069,"coin":"BTC","usdc":"0.000021","szi":"0.00004","fundingRate":"-0.0000079506","nSamples":null}`
#[derive(Default, Deserialize)]
#[serde(default)]
struct PushedFunding {
    time: Word,
    coin: Word,
    usdc: Word,
}

/// `{"time":1681222254710,"hash":"0x...","delta":{"type":"funding","coin":"ETH","usdc":"-3.625312",...}}`
#[derive(Deserialize)]
pub(super) struct FundingRow {
    time: Word,
    delta: PushedFunding,
}

impl FundingRow {
    pub fn funding(&self) -> Result<Funding, FrameError> {
        self.delta.funding(Some(&self.time))
    }
}

impl PushedFunding {
    /// There is one of an asset at a time.
    fn funding(&self, time: Option<&Word>) -> Result<Funding, FrameError> {
        let time = time.unwrap_or(&self.time);
        Ok(Funding {
            funding_id: format!("{}/{}", self.coin.text(), time.required("time")?),
            native_symbol: self.coin.required("coin")?,
            amount: self.usdc.needed("usdc")?,
            currency: CURRENCY.to_string(),
            time_ms: time.whole(),
        })
    }
}

/// `{"marginSummary":{"accountValue":"179.007426",...},"withdrawable":"174.241191","assetPositions":[{"type":"oneWay",
/// "position":{"coin":"BTC","szi":"0.00061","entryPx":"82771.8","unrealizedPnl":"-2.82848","liquidationPx":null,...}}],
/// "time":1770118781558}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Clearinghouse {
    margin_summary: Option<Summary>,
    cross_margin_summary: Option<Summary>,
    #[serde(default)]
    withdrawable: Word,
    asset_positions: Vec<AssetPosition>,
    #[serde(default)]
    time: Word,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    account_value: Word,
}

#[derive(Deserialize)]
struct AssetPosition {
    position: PositionRow,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PositionRow {
    coin: Word,
    szi: Word,
    entry_px: Word,
    unrealized_pnl: Word,
    liquidation_px: Word,
}

impl Clearinghouse {
    pub fn positions(&self) -> Result<Vec<Event>, FrameError> {
        self.asset_positions.iter().map(|row| row.position.position(self.time.whole()).map(Event::Position)).collect()
    }

    /// The account's value holds what positions have not yet realised.
    pub fn balance(&self) -> Result<Balance, FrameError> {
        let summary = self.margin_summary.as_ref().or(self.cross_margin_summary.as_ref());
        let value = summary.ok_or(FrameError::Missing("marginSummary"))?.account_value.needed("accountValue")?;
        let unrealized = self.asset_positions.iter().map(|row| row.position.unrealized_pnl.amount("unrealizedPnl"));
        let wallet = unrealized
            .into_iter()
            .try_fold(value, |rest, gain| rest.checked_sub(gain?).ok_or(FrameError::Invalid("unrealizedPnl")))?;
        Ok(Balance {
            currency: CURRENCY.to_string(),
            wallet,
            available: self.withdrawable.number("withdrawable")?,
            time_ms: self.time.whole(),
        })
    }
}

impl PositionRow {
    fn position(&self, time_ms: i64) -> Result<Position, FrameError> {
        Ok(Position {
            native_symbol: self.coin.required("coin")?,
            size: self.szi.needed("szi")?,
            is_hedge_mode: false,
            entry_price: self.entry_px.nonzero("entryPx")?,
            liquidation_price: self.liquidation_px.nonzero("liquidationPx")?,
            time_ms,
        })
    }
}
