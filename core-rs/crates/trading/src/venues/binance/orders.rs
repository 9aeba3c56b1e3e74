//! What Binance sends of orders and fills.

use crate::event::Event;
use crate::exact::Decimal;
use crate::order::Side;
use crate::report::{Fee, Fill, OrderReport, OrderState, Origin};
use crate::word::{Word, parse};
use crossbook_codec::FrameError;
use serde::Deserialize;

/// `{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}`
#[derive(Deserialize)]
pub(super) struct ErrorAnswer {
    pub code: Word,
    pub msg: Word,
}

/// `{"orderId":12345678,"symbol":"BTCUSDT","status":"NEW","clientOrderId":"testOrder123","price":"50000.00",
/// "avgPrice":"0.00","origQty":"0.001","executedQty":"0.000","side":"BUY","updateTime":1625474304765,...}`; the answer to a
/// new order may lack `avgPrice`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    order_id: Word,
    symbol: Word,
    status: Word,
    #[serde(default)]
    client_order_id: Word,
    #[serde(default)]
    side: Word,
    #[serde(default)]
    price: Word,
    #[serde(default)]
    avg_price: Word,
    #[serde(default)]
    orig_qty: Word,
    executed_qty: Word,
    #[serde(default)]
    update_time: Word,
}

impl Order {
    pub fn report(&self) -> Result<OrderReport, FrameError> {
        let size = self.orig_qty.number("origQty")?;
        let filled = self.executed_qty.needed("executedQty")?;
        Ok(OrderReport {
            native_symbol: self.symbol.required("symbol")?,
            client_id: self.client_order_id.owned(),
            venue_order_id: self.order_id.required("orderId")?,
            side: Side::of(self.side.text(), "BUY", "SELL"),
            state: state(self.status.text(), size, filled),
            size,
            price: self.price.nonzero("price")?,
            filled,
            average_price: self.avg_price.nonzero("avgPrice")?,
            fee: None,
            origin: origin("", self.client_order_id.text()),
            reason: String::new(),
            time_ms: self.update_time.whole(),
        })
    }
}

/// Rule 9: such a status is the state of no order, its sums are.
fn state(status: &str, size: Option<Decimal>, filled: Decimal) -> OrderState {
    match status {
        "NEW_INSURANCE" | "NEW_ADL" if size.is_some_and(|size| filled >= size) => OrderState::Filled,
        "NEW" | "PARTIALLY_FILLED" | "NEW_INSURANCE" | "NEW_ADL" => OrderState::Open,
        "FILLED" => OrderState::Filled,
        "CANCELED" | "EXPIRED" | "EXPIRED_IN_MATCH" => OrderState::Cancelled,
        "REJECTED" => OrderState::Refused,
        other => OrderState::Unknown(other.to_string()),
    }
}

/// Rule 9.
fn origin(execution: &str, client_id: &str) -> Origin {
    let is = |prefix: &str| client_id.starts_with(prefix);
    if is("adl_autoclose") {
        Origin::Deleveraging
    } else if is("settlement_autoclose-") || is("delivery_autoclose-") {
        Origin::Settlement
    } else if is("autoclose-") || execution == "CALCULATED" {
        Origin::Liquidation
    } else {
        Origin::Trade
    }
}

fn fee(amount: &Word, currency: &Word) -> Result<Option<Fee>, FrameError> {
    Ok(Fee::paid(amount.number("commission")?, currency))
}

/// ORDER_TRADE_UPDATE: the order, and its last fill if this is about one.
pub(super) fn pushed(frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    parse::<OrderTradeUpdate>(frame)?.events()
}

/// TRADE_LITE.
pub(super) fn pushed_early(frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    Ok(vec![Event::Fill(parse::<TradeLite>(frame)?.fill()?)])
}

/// `{"e":"ORDER_TRADE_UPDATE","T":1568879465651,"E":1568879465651,"o":{...}}`
#[derive(Deserialize)]
struct OrderTradeUpdate {
    #[serde(rename = "T", default)]
    time: Word,
    o: PushedOrder,
}

/// `{"s":"BTCUSDT","c":"TEST","S":"BUY","q":"0.001","p":"7100.50","ap":"7100.50","x":"TRADE","X":"PARTIALLY_FILLED",
/// "i":8886774,"l":"0.001","z":"0.001","L":"7100.50","N":"USDT","n":"0.01000000","t":12345678,"m":true,...}`
#[derive(Deserialize)]
struct PushedOrder {
    s: Word,
    #[serde(default)]
    c: Word,
    #[serde(rename = "S", default)]
    side: Word,
    q: Word,
    #[serde(default)]
    p: Word,
    #[serde(default)]
    ap: Word,
    #[serde(rename = "x")]
    execution: Word,
    #[serde(rename = "X")]
    status: Word,
    i: Word,
    #[serde(rename = "l", default)]
    last_size: Word,
    z: Word,
    #[serde(rename = "L", default)]
    last_price: Word,
    #[serde(rename = "N", default)]
    fee_currency: Word,
    #[serde(rename = "n", default)]
    fee: Word,
    #[serde(default)]
    t: Word,
    #[serde(default)]
    m: Word,
    #[serde(rename = "er", default)]
    expiry: Word,
}

impl OrderTradeUpdate {
    fn events(&self) -> Result<Vec<Event>, FrameError> {
        let report = Event::Order(self.report()?);
        let fill = self.fill()?.map(Event::Fill);
        Ok([report].into_iter().chain(fill).collect())
    }

    fn report(&self) -> Result<OrderReport, FrameError> {
        let order = &self.o;
        let (size, filled) = (order.q.number("q")?, order.z.needed("z")?);
        Ok(OrderReport {
            native_symbol: order.s.required("s")?,
            client_id: order.c.owned(),
            venue_order_id: order.i.required("i")?,
            side: Side::of(order.side.text(), "BUY", "SELL"),
            state: state(order.status.text(), size, filled),
            size,
            price: order.p.nonzero("p")?,
            filled,
            average_price: order.ap.nonzero("ap")?,
            fee: None,
            origin: origin(order.execution.text(), order.c.text()),
            reason: order.expiry.owned(),
            time_ms: self.time.whole(),
        })
    }

    fn fill(&self) -> Result<Option<Fill>, FrameError> {
        let order = &self.o;
        if order.last_size.amount("l")?.is_zero() || matches!(order.t.text(), "" | "0") {
            return Ok(None);
        }
        Ok(Some(Fill {
            fill_id: Fill::id(&order.s, &order.i, &order.t),
            native_symbol: order.s.owned(),
            client_id: order.c.owned(),
            venue_order_id: order.i.owned(),
            side: Side::of(order.side.text(), "BUY", "SELL"),
            price: order.last_price.needed("L")?,
            size: order.last_size.needed("l")?,
            fee: fee(&order.fee, &order.fee_currency)?,
            is_maker: order.m.flag(),
            origin: origin(order.execution.text(), order.c.text()),
            time_ms: self.time.whole(),
        }))
    }
}

/// `{"e":"TRADE_LITE","E":1721895408092,"T":1721895408214,"s":"BTCUSDT","q":"0.001","p":"0","m":false,
/// "c":"z8hcUoOsqEdKMeKPSABslD","S":"BUY","L":"64089.20","l":"0.040","t":109100866,"i":8886774}`
#[derive(Deserialize)]
struct TradeLite {
    #[serde(rename = "T", default)]
    time: Word,
    s: Word,
    #[serde(default)]
    c: Word,
    #[serde(rename = "S", default)]
    side: Word,
    i: Word,
    #[serde(rename = "l")]
    size: Word,
    #[serde(rename = "L")]
    price: Word,
    t: Word,
    #[serde(default)]
    m: Word,
}

impl TradeLite {
    /// Rule 8.
    fn fill(&self) -> Result<Fill, FrameError> {
        Ok(Fill {
            fill_id: Fill::id(&self.s, &self.i, &self.t),
            native_symbol: self.s.required("s")?,
            client_id: self.c.owned(),
            venue_order_id: self.i.required("i")?,
            side: Side::of(self.side.text(), "BUY", "SELL"),
            price: self.price.needed("L")?,
            size: self.size.needed("l")?,
            fee: None,
            is_maker: self.m.flag(),
            origin: origin("", self.c.text()),
            time_ms: self.time.whole(),
        })
    }
}

/// `{"symbol":"BTCUSDT","id":698759,"orderId":25851813,"side":"SELL","price":"7819.01","qty":"0.002","commission":"0.06",
/// "commissionAsset":"USDT","maker":false,"time":1569514978020,...}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TradeRow {
    symbol: Word,
    id: Word,
    order_id: Word,
    side: Word,
    price: Word,
    qty: Word,
    #[serde(default)]
    commission: Word,
    #[serde(default)]
    commission_asset: Word,
    #[serde(default)]
    maker: Word,
    #[serde(default)]
    time: Word,
}

impl TradeRow {
    pub fn fill(&self) -> Result<Fill, FrameError> {
        Ok(Fill {
            fill_id: Fill::id(&self.symbol, &self.order_id, &self.id),
            native_symbol: self.symbol.required("symbol")?,
            client_id: String::new(),
            venue_order_id: self.order_id.required("orderId")?,
            side: Side::of(self.side.text(), "BUY", "SELL"),
            price: self.price.needed("price")?,
            size: self.qty.needed("qty")?,
            fee: fee(&self.commission, &self.commission_asset)?,
            is_maker: self.maker.flag(),
            origin: Origin::Trade,
            time_ms: self.time.whole(),
        })
    }
}
