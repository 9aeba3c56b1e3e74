//! What Bybit sends of orders and accounts.

use crate::event::Event;
use crate::order::Side;
use crate::outcome::{Outcome, Refusal};
use crate::report::{Balance, Fee, Fill, Funding, OrderReport, OrderState, Origin, Position};
use crate::word::{Word, parse};
use crossbook_codec::FrameError;
use serde::Deserialize;

/// `{"retCode":0,"retMsg":"OK","result":{"orderId":"a4c1718e","orderLinkId":"..."}}`; over the socket `data` for `result`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Taken {
    ret_code: Word,
    #[serde(default)]
    ret_msg: Word,
    #[serde(alias = "data")]
    result: Option<TakenOrder>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TakenOrder {
    #[serde(default)]
    order_id: Word,
}

impl Taken {
    pub fn outcome(&self, refusals: &[(&str, Refusal)]) -> Outcome {
        match (self.ret_code.text(), &self.result) {
            ("0", Some(order)) if !order.order_id.is_empty() => {
                Outcome::Accepted { venue_order_id: order.order_id.owned(), report: None }
            }
            (code, _) => Outcome::by_code(refusals, code, self.ret_msg.text()),
        }
    }
}

/// `{"retCode":0,"retMsg":"OK","result":{"list":[...],"nextPageCursor":""},"time":1761355905610}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<T> {
    pub ret_code: Word,
    result: Option<Rows<T>>,
}

#[derive(Deserialize)]
struct Rows<T> {
    list: Option<Vec<T>>,
}

impl<T> List<T> {
    /// An error has none, and is not empty for that.
    pub fn rows(&self) -> Result<&[T], FrameError> {
        let rows = self.result.as_ref().and_then(|result| result.list.as_deref());
        rows.filter(|_| self.ret_code.is("0")).ok_or(FrameError::Invalid("an answer that is no list"))
    }
}

#[derive(Deserialize)]
struct Push<T> {
    data: Vec<T>,
}

/// The rows of a topic, of all categories or of one.
pub(super) fn pushed(topic: &str, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    match topic.trim_end_matches(".linear") {
        "order" => each(frame, |row: &OrderRow| Ok(vec![Event::Order(row.report()?)])),
        "execution" | "execution.fast" => each(frame, |row: &ExecutionRow| Ok(vec![row.event()?])),
        "position" => each(frame, |row: &PositionRow| Ok(vec![Event::Position(row.position()?)])),
        "wallet" => each(frame, WalletRow::balances),
        _ => Ok(vec![Event::unrecognised(frame)]),
    }
}

fn each<T: for<'a> Deserialize<'a>>(
    frame: &[u8],
    read: impl Fn(&T) -> Result<Vec<Event>, FrameError>,
) -> Result<Vec<Event>, FrameError> {
    let events: Vec<Vec<Event>> = parse::<Push<T>>(frame)?.data.iter().map(read).collect::<Result<_, _>>()?;
    Ok(events.concat())
}

/// `{"symbol":"BTCUSDT","orderId":"5cf98598","orderLinkId":"test-001","side":"Buy","orderStatus":"Filled","price":"30000.50",
/// "qty":"0.100","cumExecQty":"0.100","avgPrice":"30000.50","cumExecFee":"1.650028","feeCurrency":"USDT",
/// "rejectReason":"EC_NoError","cancelType":"UNKNOWN","updatedTime":"1672364262457",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OrderRow {
    symbol: Word,
    order_id: Word,
    order_link_id: Word,
    side: Word,
    order_status: Word,
    price: Word,
    qty: Word,
    cum_exec_qty: Word,
    avg_price: Word,
    cum_exec_fee: Word,
    fee_currency: Word,
    reject_reason: Word,
    cancel_type: Word,
    create_type: Word,
    updated_time: Word,
}

impl OrderRow {
    pub fn report(&self) -> Result<OrderReport, FrameError> {
        let filled = self.cum_exec_qty.needed("cumExecQty")?;
        let fee = self.cum_exec_fee.number("cumExecFee")?.filter(|_| !filled.is_zero());
        Ok(OrderReport {
            native_symbol: self.symbol.required("symbol")?,
            client_id: self.order_link_id.owned(),
            venue_order_id: self.order_id.required("orderId")?,
            side: Side::of(self.side.text(), "Buy", "Sell"),
            state: match self.order_status.text() {
                "New" | "PartiallyFilled" | "Untriggered" | "Triggered" => OrderState::Open,
                "Filled" => OrderState::Filled,
                "Cancelled" | "PartiallyFilledCanceled" | "Deactivated" => OrderState::Cancelled,
                "Rejected" => OrderState::Refused,
                other => OrderState::Unknown(other.to_string()),
            },
            size: self.qty.number("qty")?,
            price: self.price.nonzero("price")?,
            filled,
            average_price: self.avg_price.nonzero("avgPrice")?,
            fee: Fee::paid(fee, &currency(&self.fee_currency, &self.symbol)),
            origin: self.origin(),
            reason: self.reason(),
            time_ms: self.updated_time.whole(),
        })
    }

    fn origin(&self) -> Origin {
        let is = |prefix: &str| self.create_type.text().starts_with(prefix);
        if is("CreateByLiq") {
            Origin::Liquidation
        } else if is("CreateByAdl") {
            Origin::Deleveraging
        } else if is("CreateBySettle") {
            Origin::Settlement
        } else {
            Origin::Trade
        }
    }

    fn reason(&self) -> String {
        let words = [&self.reject_reason, &self.cancel_type];
        let told = words.into_iter().find(|word| !matches!(word.text(), "" | "EC_NoError" | "UNKNOWN"));
        told.map(Word::owned).unwrap_or_default()
    }
}

/// Rule 8; nothing where the symbol does not tell it.
fn currency(told: &Word, symbol: &Word) -> Word {
    let by_symbol = [("USDT", "USDT"), ("PERP", "USDC"), ("USDC", "USDC")];
    let own = by_symbol.iter().find(|(ending, _)| symbol.text().ends_with(ending));
    if told.is_empty() { own.map(|(_, currency)| Word::from(*currency)).unwrap_or_default() } else { told.clone() }
}

/// `{"symbol":"BTCUSDT","execFee":"26.3725275","execId":"0ab1bdf7","execPrice":"95900.1","execQty":"0.5",
/// "execType":"Trade","orderId":"9aac161b","orderLinkId":"test-001","side":"Sell","execTime":"1746270400353",
/// "isMaker":false,...}`; `execution.fast` has neither type nor fee.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct ExecutionRow {
    symbol: Word,
    exec_id: Word,
    exec_type: Word,
    exec_price: Word,
    exec_qty: Word,
    exec_fee: Word,
    fee_currency: Word,
    order_id: Word,
    order_link_id: Word,
    side: Word,
    is_maker: Word,
    exec_time: Word,
}

impl ExecutionRow {
    /// A fill, or funding that is told as one.
    pub fn event(&self) -> Result<Event, FrameError> {
        let origin = match self.exec_type.text() {
            "" | "Trade" | "BlockTrade" | "MovePosition" | "FutureSpread" => Origin::Trade,
            "AdlTrade" => Origin::Deleveraging,
            "BustTrade" => Origin::Liquidation,
            "Delivery" | "Settle" => Origin::Settlement,
            "Funding" => return Ok(Event::Funding(self.funding()?)),
            _ => return Err(FrameError::Invalid("execType")),
        };
        Ok(Event::Fill(Fill {
            fill_id: self.exec_id.required("execId")?,
            native_symbol: self.symbol.required("symbol")?,
            client_id: self.order_link_id.owned(),
            venue_order_id: self.order_id.required("orderId")?,
            side: Side::of(self.side.text(), "Buy", "Sell"),
            price: self.exec_price.needed("execPrice")?,
            size: self.exec_qty.needed("execQty")?,
            fee: Fee::paid(self.exec_fee.number("execFee")?, &currency(&self.fee_currency, &self.symbol)),
            is_maker: self.is_maker.flag(),
            origin,
            time_ms: self.exec_time.whole(),
        }))
    }

    /// Rule 8; the account's log repeats it under an id of its own.
    fn funding(&self) -> Result<Funding, FrameError> {
        Ok(Funding {
            funding_id: String::new(),
            native_symbol: self.symbol.required("symbol")?,
            amount: -self.exec_fee.needed("execFee")?,
            currency: currency(&self.fee_currency, &self.symbol).owned(),
            time_ms: self.exec_time.whole(),
        })
    }
}

/// `{"positionIdx":0,"symbol":"ETHUSDT","side":"Sell","size":"0.01","entryPrice":"3641.075","liqPrice":"51764.83003276",
/// "updatedTime":"1762199125472",...}`; in a list `avgPrice` for `entryPrice`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PositionRow {
    symbol: Word,
    side: Word,
    size: Word,
    entry_price: Word,
    avg_price: Word,
    liq_price: Word,
    position_idx: Word,
    updated_time: Word,
}

impl PositionRow {
    pub fn position(&self) -> Result<Position, FrameError> {
        let size = self.size.needed("size")?;
        Ok(Position {
            native_symbol: self.symbol.required("symbol")?,
            size: match self.side.text() {
                "Buy" => size,
                "Sell" => -size,
                _ if size.is_zero() => size,
                _ => return Err(FrameError::Invalid("side")),
            },
            is_hedge_mode: !self.position_idx.is("0"),
            entry_price: self.entry_price.nonzero("entryPrice")?.or(self.avg_price.nonzero("avgPrice")?),
            liquidation_price: self.liq_price.nonzero("liqPrice")?,
            time_ms: self.updated_time.whole(),
        })
    }
}

/// `{"accountType":"UNIFIED","totalAvailableBalance":"9556.6","coin":[{"coin":"BTC","walletBalance":"0.00102964",...}],...}`
#[derive(Deserialize)]
pub(super) struct WalletRow {
    coin: Vec<CoinRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CoinRow {
    coin: Word,
    wallet_balance: Word,
}

impl WalletRow {
    /// What is free is told for the whole account, in USD, and not by coin.
    pub fn balances(&self) -> Result<Vec<Event>, FrameError> {
        let balance = |row: &CoinRow| -> Result<Event, FrameError> {
            let (currency, wallet) = (row.coin.required("coin")?, row.wallet_balance.amount("walletBalance")?);
            Ok(Event::Balance(Balance { currency, wallet, available: None, time_ms: 0 }))
        };
        self.coin.iter().map(balance).collect()
    }
}

/// `{"id":"592324_XRPUSDT_161440249321","symbol":"XRPUSDT","funding":"-0.003676","currency":"USDT","transactionTime":"1672128000000",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct LogRow {
    id: Word,
    symbol: Word,
    funding: Word,
    currency: Word,
    transaction_time: Word,
}

impl LogRow {
    pub fn funding(&self) -> Result<Funding, FrameError> {
        Ok(Funding {
            funding_id: self.id.required("id")?,
            native_symbol: self.symbol.owned(),
            amount: self.funding.needed("funding")?,
            currency: self.currency.required("currency")?,
            time_ms: self.transaction_time.whole(),
        })
    }
}
