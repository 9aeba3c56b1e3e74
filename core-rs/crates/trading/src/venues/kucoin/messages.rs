//! What KuCoin sends of orders and accounts: texts in pushes, numbers in answers.

use crate::event::{Event, Notice};
use crate::order::Side;
use crate::report::{Balance, Fee, Fill, Funding, OrderReport, OrderState, Origin, Position};
use crate::word::{Word, parse, words};
use crossbook_codec::FrameError;
use serde::Deserialize;
use serde_json::value::RawValue;

/// `{"code":"200000","data":{...}}`, or `{"code":"100004","msg":"The order cannot be canceled."}`
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub code: Word,
    #[serde(default)]
    pub msg: Word,
    pub data: Option<T>,
}

/// `{"orderId":"...","clientOid":"..."}`, or of a cancel `{"clientOid":"..."}` or `{"cancelledOrderIds":["..."]}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Taken {
    order_id: Word,
    client_oid: Word,
    cancelled_order_ids: Vec<String>,
}

impl Taken {
    pub fn names_an_order(&self) -> bool {
        !self.order_id.is_empty() || !self.client_oid.is_empty() || self.cancelled_order_ids.len() == 1
    }

    pub fn order_id(&self) -> String {
        self.cancelled_order_ids.first().cloned().unwrap_or_else(|| self.order_id.owned())
    }
}

/// `{"token":"...","instanceServers":[{"endpoint":"wss://ws-api-futures.kucoin.com/","pingInterval":18000,...}]}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticket {
    token: Word,
    instance_servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    endpoint: Word,
}

impl Ticket {
    pub fn url(&self) -> Option<String> {
        let server = self.instance_servers.first().filter(|_| !self.token.is_empty())?;
        Some(format!("{}?token={}", server.endpoint.text(), self.token.text()))
    }
}

/// A list stands for itself, behind `items` with pages, behind `dataList`, or is one row.
pub(super) struct Items<T> {
    pub rows: Vec<T>,
    pub has_more: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paged<T> {
    #[serde(alias = "dataList")]
    items: Option<Vec<T>>,
    #[serde(default)]
    current_page: Word,
    #[serde(default)]
    total_page: Word,
    #[serde(default)]
    has_more: Word,
}

impl<T: for<'a> Deserialize<'a>> Items<T> {
    pub fn of(data: &RawValue) -> Result<Self, FrameError> {
        let bytes = data.get().as_bytes();
        if bytes.starts_with(b"[") {
            return Ok(Self { rows: parse(bytes)?, has_more: false });
        }
        let paged: Paged<T> = parse(bytes)?;
        let has_more = paged.has_more.is("true") || paged.total_page.whole() > paged.current_page.whole();
        match paged.items {
            Some(rows) => Ok(Self { rows, has_more }),
            None => Ok(Self { rows: vec![parse(bytes)?], has_more }),
        }
    }
}

#[derive(Deserialize)]
struct Push<T> {
    data: T,
}

/// What a subject tells.
pub(super) fn pushed(subject: &str, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    match subject {
        "orderChange" | "symbolOrderChange" => parse::<Push<PushedOrder>>(frame)?.data.events(),
        // The mark price moves it too, which tells no size.
        "position.change" => {
            let row = parse::<Push<PositionRow>>(frame)?.data;
            if row.current_qty.is_empty() { Ok(Vec::new()) } else { Ok(vec![Event::Position(row.position()?)]) }
        }
        "walletBalance.change" => Ok(vec![Event::Balance(parse::<Push<WalletRow>>(frame)?.data.balance()?)]),
        // The older words for what the one above tells whole.
        "availableBalance.change" | "orderMargin.change" | "withdrawHold.change" => Ok(Vec::new()),
        "position.settlement" => Ok(vec![Event::Notice(Notice::FundingSettled { text: words(frame) })]),
        "user.config" => Ok(vec![Event::Notice(Notice::SettingsChanged { text: words(frame) })]),
        _ => Ok(vec![Event::unrecognised(frame)]),
    }
}

/// `{"symbol":"XBTUSDTM","side":"buy","orderId":"359065448081260544","clientOid":"hQACydAB7TQAAQAAAAAA","type":"match",
/// "status":"match","liquidity":"taker","price":"115600","matchPrice":"115549.8","matchSize":"1","size":"1",
/// "filledSize":"1","tradeId":"1873921404162","tradeType":"trade","ts":1758421075974000000,...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PushedOrder {
    symbol: Word,
    order_id: Word,
    client_oid: Word,
    side: Word,
    #[serde(rename = "type")]
    kind: Word,
    status: Word,
    liquidity: Word,
    price: Word,
    size: Word,
    filled_size: Word,
    match_price: Word,
    match_size: Word,
    trade_id: Word,
    trade_type: Word,
    ts: Word,
}

impl PushedOrder {
    fn events(&self) -> Result<Vec<Event>, FrameError> {
        let report = Event::Order(self.report()?);
        let is_fill = self.kind.is("match") && !self.match_size.amount("matchSize")?.is_zero();
        if is_fill { Ok(vec![report, Event::Fill(self.fill()?)]) } else { Ok(vec![report]) }
    }

    fn report(&self) -> Result<OrderReport, FrameError> {
        Ok(OrderReport {
            native_symbol: self.symbol.required("symbol")?,
            client_id: self.client_oid.owned(),
            venue_order_id: self.order_id.required("orderId")?,
            side: Side::of(self.side.text(), "buy", "sell"),
            state: self.state(),
            size: self.size.number("size")?,
            price: self.price.nonzero("price")?,
            filled: self.filled_size.needed("filledSize")?,
            average_price: None,
            fee: None,
            origin: origin(&self.trade_type),
            reason: String::new(),
            time_ms: self.ts.whole() / 1_000_000,
        })
    }

    /// Rule 7.
    fn state(&self) -> OrderState {
        match (self.kind.text(), self.status.text()) {
            ("filled", _) => OrderState::Filled,
            ("canceled", _) => OrderState::Cancelled,
            ("open" | "match" | "update" | "received", "open" | "match") => OrderState::Open,
            (kind, status) => OrderState::Unknown(format!("{kind} {status}")),
        }
    }

    fn fill(&self) -> Result<Fill, FrameError> {
        Ok(Fill {
            fill_id: Fill::id(&self.symbol, &self.order_id, &self.trade_id),
            native_symbol: self.symbol.owned(),
            client_id: self.client_oid.owned(),
            venue_order_id: self.order_id.owned(),
            side: Side::of(self.side.text(), "buy", "sell"),
            price: self.match_price.needed("matchPrice")?,
            size: self.match_size.needed("matchSize")?,
            fee: None,
            is_maker: is_maker(&self.liquidity),
            origin: origin(&self.trade_type),
            time_ms: self.ts.whole() / 1_000_000,
        })
    }
}

fn origin(trade_type: &Word) -> Origin {
    match trade_type.text() {
        "adl" => Origin::Deleveraging,
        "liquid" | "liquidation" => Origin::Liquidation,
        "settlement" => Origin::Settlement,
        _ => Origin::Trade,
    }
}

fn is_maker(liquidity: &Word) -> Option<bool> {
    match liquidity.text() {
        "maker" => Some(true),
        "taker" => Some(false),
        _ => None,
    }
}

/// `{"id":"358890922685038592","symbol":"XBTUSDTM","side":"buy","price":"32000","size":1,"filledSize":0,"clientOid":"cAAC",
/// "isActive":true,"cancelExist":false,"status":"open","avgDealPrice":"0","updatedAt":1758379465848,...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OrderRow {
    id: Word,
    symbol: Word,
    side: Word,
    price: Word,
    size: Word,
    filled_size: Word,
    avg_deal_price: Word,
    client_oid: Word,
    cancel_exist: Word,
    status: Word,
    updated_at: Word,
}

impl OrderRow {
    pub fn report(&self) -> Result<OrderReport, FrameError> {
        let (size, filled) = (self.size.needed("size")?, self.filled_size.needed("filledSize")?);
        Ok(OrderReport {
            native_symbol: self.symbol.required("symbol")?,
            client_id: self.client_oid.owned(),
            venue_order_id: self.id.required("id")?,
            side: Side::of(self.side.text(), "buy", "sell"),
            state: match self.status.text() {
                "open" => OrderState::Open,
                "done" if filled >= size => OrderState::Filled,
                "done" => OrderState::Cancelled,
                other => OrderState::Unknown(other.to_string()),
            },
            size: Some(size),
            price: self.price.nonzero("price")?,
            filled,
            average_price: self.avg_deal_price.nonzero("avgDealPrice")?,
            fee: None,
            origin: Origin::Trade,
            reason: if self.cancel_exist.is("true") { "cancelled".to_string() } else { String::new() },
            time_ms: self.updated_at.whole(),
        })
    }
}

/// `{"symbol":"XBTUSDTM","tradeId":"1873921404162","orderId":"359065448081260544","side":"buy","liquidity":"taker",
/// "price":"115549.8","size":1,"fee":"0.055463904","feeCurrency":"USDT","tradeType":"trade","createdAt":1758421075987,...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FillRow {
    symbol: Word,
    trade_id: Word,
    order_id: Word,
    side: Word,
    liquidity: Word,
    price: Word,
    size: Word,
    fee: Word,
    fee_currency: Word,
    trade_type: Word,
    created_at: Word,
}

impl FillRow {
    pub fn fill(&self) -> Result<Fill, FrameError> {
        Ok(Fill {
            fill_id: Fill::id(&self.symbol, &self.order_id, &self.trade_id),
            native_symbol: self.symbol.required("symbol")?,
            client_id: String::new(),
            venue_order_id: self.order_id.required("orderId")?,
            side: Side::of(self.side.text(), "buy", "sell"),
            price: self.price.needed("price")?,
            size: self.size.needed("size")?,
            fee: Fee::paid(self.fee.number("fee")?, &self.fee_currency),
            is_maker: is_maker(&self.liquidity),
            origin: origin(&self.trade_type),
            time_ms: self.created_at.whole(),
        })
    }
}

/// `{"symbol":"XBTUSDTM","currentQty":1,"avgEntryPrice":115549.8,"liquidationPrice":15675.5,"positionSide":"BOTH",
/// "currentTimestamp":1758422055184,...}`; older frames have no `positionSide`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PositionRow {
    symbol: Word,
    current_qty: Word,
    avg_entry_price: Word,
    liquidation_price: Word,
    position_side: Word,
    current_timestamp: Word,
}

impl PositionRow {
    pub fn position(&self) -> Result<Position, FrameError> {
        let size = self.current_qty.needed("currentQty")?;
        Ok(Position {
            native_symbol: self.symbol.required("symbol")?,
            size,
            is_hedge_mode: !matches!(self.position_side.text(), "" | "BOTH"),
            entry_price: self.avg_entry_price.nonzero("avgEntryPrice")?.filter(|_| !size.is_zero()),
            liquidation_price: self.liquidation_price.nonzero("liquidationPrice")?,
            time_ms: self.current_timestamp.whole(),
        })
    }
}

/// `{"walletBalance":"99.944536096","availableBalance":"61.4194160998","currency":"USDT","timestamp":"1758421075976",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WalletRow {
    currency: Word,
    wallet_balance: Word,
    available_balance: Word,
    timestamp: Word,
}

impl WalletRow {
    fn balance(&self) -> Result<Balance, FrameError> {
        Ok(Balance {
            currency: self.currency.required("currency")?,
            wallet: self.wallet_balance.needed("walletBalance")?,
            available: self.available_balance.number("availableBalance")?,
            time_ms: self.timestamp.whole(),
        })
    }
}

/// `{"accountEquity":99.8999305281,"unrealisedPNL":0,"marginBalance":99.8999305281,"availableBalance":99.8999305281,
/// "currency":"XBT",...}`: the equity is the margin balance and what is not yet realised.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OverviewRow {
    currency: Word,
    margin_balance: Word,
    available_balance: Word,
}

impl OverviewRow {
    pub fn balance(&self) -> Result<Balance, FrameError> {
        Ok(Balance {
            currency: self.currency.required("currency")?,
            wallet: self.margin_balance.needed("marginBalance")?,
            available: self.available_balance.number("availableBalance")?,
            time_ms: 0,
        })
    }
}

/// `{"id":36275152660006,"symbol":"XBTUSDM","timePoint":1557918000000,"funding":-0.00000464,"settleCurrency":"XBT",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FundingRow {
    id: Word,
    symbol: Word,
    time_point: Word,
    funding: Word,
    settle_currency: Word,
}

impl FundingRow {
    pub fn funding(&self) -> Result<Funding, FrameError> {
        Ok(Funding {
            funding_id: self.id.required("id")?,
            native_symbol: self.symbol.owned(),
            amount: self.funding.needed("funding")?,
            currency: self.settle_currency.required("settleCurrency")?,
            time_ms: self.time_point.whole(),
        })
    }
}
