//! What OKX sends of orders and accounts. All values are texts, empty where there is none.

use crate::event::{Event, Notice};
use crate::order::Side;
use crate::outcome::{Outcome, Refusal};
use crate::report::{Balance, Fee, Fill, Funding, OrderReport, OrderState, Origin, Position};
use crate::word::{Word, parse, words};
use crossbook_codec::FrameError;
use serde::Deserialize;

/// `{"code":"0","data":[...],"msg":""}`
#[derive(Deserialize)]
pub(super) struct Envelope<T> {
    pub code: Word,
    #[serde(default)]
    pub msg: Word,
    #[serde(default = "Vec::new")]
    pub data: Vec<T>,
}

/// `{"clOrdId":"abcABC125","ordId":"","sCode":"51016","sMsg":"Duplicated client order ID","tag":""}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Acknowledgement {
    #[serde(default)]
    ord_id: Word,
    s_code: Word,
    #[serde(default)]
    s_msg: Word,
}

impl Envelope<Acknowledgement> {
    /// Of the one order that was asked for.
    pub fn outcome(&self, refusals: &[(&str, Refusal)]) -> Outcome {
        match self.data.as_slice() {
            [row] if row.s_code.is("0") => Outcome::Accepted { venue_order_id: row.ord_id.owned(), report: None },
            [row] => Outcome::by_code(refusals, row.s_code.text(), row.s_msg.text()),
            [] => Outcome::by_code(refusals, self.code.text(), self.msg.text()),
            _ => Outcome::Unknown { text: format!("{} answers to one order", self.data.len()) },
        }
    }
}

/// What of a frame says which kind it is.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(default)]
    pub id: Word,
    pub op: Option<&'a str>,
    pub event: Option<&'a str>,
    #[serde(borrow)]
    pub arg: Option<Argument<'a>>,
    #[serde(default)]
    code: Word,
    #[serde(default)]
    msg: Word,
}

#[derive(Deserialize)]
pub(super) struct Argument<'a> {
    pub channel: &'a str,
}

impl Message<'_> {
    /// `{"event":"error","msg":"API key doesn't exist","code":"60032","connId":"f9ab6f3c"}`
    pub fn notice(&self, event: &str, frame: &[u8]) -> Notice {
        let (code, text) = (self.code.owned(), self.msg.owned());
        match event {
            "login" if !matches!(self.code.text(), "" | "0") => Notice::Error { code, text },
            "login" | "subscribe" | "unsubscribe" | "channel-conn-count" => Notice::Fine,
            "notice" if self.code.is("64008") => Notice::Ending { text },
            "error" | "channel-conn-count-error" => Notice::Error { code, text },
            _ => Notice::Unrecognised { text: words(frame) },
        }
    }
}

#[derive(Deserialize)]
struct Push<T> {
    data: Vec<T>,
}

/// The rows of a channel.
pub(super) fn pushed(channel: &str, frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    match channel {
        "orders" => each(frame, OrderRow::events),
        "positions" => each(frame, |row: &PositionRow| row.position().map(|one| vec![Event::Position(one)])),
        "account" => each(frame, AccountRow::balances),
        "balance_and_position" => each(frame, BothRow::events),
        "fills" => each(frame, |row: &FillRow| row.fill().map(|fill| vec![Event::Fill(fill)])),
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

/// `{"instId":"BTC-USD-220325","ordId":"393890002618445825","clOrdId":"abcABC125","state":"live","px":"39919.4","sz":"1",
/// "accFillSz":"0","avgPx":"0","fillPx":"","fillSz":"0","fee":"0","feeCcy":"BTC","category":"normal",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct OrderRow {
    inst_id: Word,
    ord_id: Word,
    cl_ord_id: Word,
    side: Word,
    state: Word,
    sz: Word,
    px: Word,
    acc_fill_sz: Word,
    avg_px: Word,
    fee: Word,
    fee_ccy: Word,
    fill_px: Word,
    fill_sz: Word,
    fill_fee: Word,
    fill_fee_ccy: Word,
    fill_time: Word,
    trade_id: Word,
    exec_type: Word,
    category: Word,
    cancel_source: Word,
    u_time: Word,
}

impl OrderRow {
    pub fn report(&self) -> Result<OrderReport, FrameError> {
        let filled = self.acc_fill_sz.amount("accFillSz")?;
        Ok(OrderReport {
            native_symbol: self.inst_id.required("instId")?,
            client_id: self.cl_ord_id.owned(),
            venue_order_id: self.ord_id.required("ordId")?,
            side: Side::of(self.side.text(), "buy", "sell"),
            state: match self.state.text() {
                "live" | "partially_filled" => OrderState::Open,
                "filled" => OrderState::Filled,
                "canceled" | "mmp_canceled" => OrderState::Cancelled,
                other => OrderState::Unknown(other.to_string()),
            },
            size: self.sz.number("sz")?,
            price: self.px.number("px")?,
            filled,
            average_price: self.avg_px.number("avgPx")?.filter(|_| !filled.is_zero()),
            fee: fee(&self.fee, &self.fee_ccy)?,
            origin: self.origin(),
            reason: self.cancel_source.owned(),
            time_ms: self.u_time.whole(),
        })
    }

    fn origin(&self) -> Origin {
        match self.category.text() {
            "adl" => Origin::Deleveraging,
            "full_liquidation" | "partial_liquidation" => Origin::Liquidation,
            "delivery" => Origin::Settlement,
            _ => Origin::Trade,
        }
    }

    /// The order, and the fill that this push is about.
    fn events(&self) -> Result<Vec<Event>, FrameError> {
        let report = Event::Order(self.report()?);
        let is_fill = !self.fill_sz.amount("fillSz")?.is_zero() && !matches!(self.trade_id.text(), "" | "0");
        if !is_fill {
            return Ok(vec![report]);
        }
        Ok(vec![
            report,
            Event::Fill(Fill {
                fill_id: Fill::id(&self.inst_id, &self.ord_id, &self.trade_id),
                native_symbol: self.inst_id.owned(),
                client_id: self.cl_ord_id.owned(),
                venue_order_id: self.ord_id.owned(),
                side: Side::of(self.side.text(), "buy", "sell"),
                price: self.fill_px.needed("fillPx")?,
                size: self.fill_sz.needed("fillSz")?,
                fee: fee(&self.fill_fee, &self.fill_fee_ccy)?,
                is_maker: is_maker(&self.exec_type),
                origin: self.origin(),
                time_ms: self.fill_time.whole(),
            }),
        ])
    }
}

/// Rule 8.
fn fee(amount: &Word, currency: &Word) -> Result<Option<Fee>, FrameError> {
    Ok(Fee::paid(amount.number("fee")?.map(|amount| -amount), currency))
}

fn is_maker(exec_type: &Word) -> Option<bool> {
    match exec_type.text() {
        "M" => Some(true),
        "T" => Some(false),
        _ => None,
    }
}

/// `{"side":"buy","fillSz":"0.00192834","fillPx":"51858","fee":"-0.00000192834","ordId":"680800019749904384",
/// "instId":"BTC-USDT","clOrdId":"","execType":"T","tradeId":"744876980","feeCcy":"BTC","ts":"1708587373362",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct FillRow {
    inst_id: Word,
    ord_id: Word,
    cl_ord_id: Word,
    trade_id: Word,
    side: Word,
    fill_px: Word,
    fill_sz: Word,
    fee: Word,
    fee_ccy: Word,
    exec_type: Word,
    sub_type: Word,
    ts: Word,
}

impl FillRow {
    pub fn fill(&self) -> Result<Fill, FrameError> {
        Ok(Fill {
            fill_id: Fill::id(&self.inst_id, &self.ord_id, &self.trade_id),
            native_symbol: self.inst_id.required("instId")?,
            client_id: self.cl_ord_id.owned(),
            venue_order_id: self.ord_id.required("ordId")?,
            side: Side::of(self.side.text(), "buy", "sell"),
            price: self.fill_px.needed("fillPx")?,
            size: self.fill_sz.needed("fillSz")?,
            fee: fee(&self.fee, &self.fee_ccy)?,
            is_maker: is_maker(&self.exec_type),
            origin: match self.sub_type.text() {
                "100" | "101" | "102" | "103" | "104" | "105" | "106" | "107" | "108" | "109" => Origin::Liquidation,
                "125" | "126" | "127" | "128" => Origin::Deleveraging,
                "112" | "113" => Origin::Settlement,
                _ => Origin::Trade,
            },
            time_ms: self.ts.whole(),
        })
    }
}

/// `{"instId":"BTC-USDT-SWAP","posSide":"net","pos":"1","avgPx":"43684","liqPx":"23739.4","uTime":"1644330337903",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PositionRow {
    inst_id: Word,
    pos_side: Word,
    pos: Word,
    avg_px: Word,
    liq_px: Word,
    u_time: Word,
}

impl PositionRow {
    pub fn position(&self) -> Result<Position, FrameError> {
        let size = self.pos.needed("pos")?;
        Ok(Position {
            native_symbol: self.inst_id.required("instId")?,
            size: match self.pos_side.text() {
                "net" | "long" => size,
                "short" => -size.abs(),
                _ => return Err(FrameError::Invalid("posSide")),
            },
            is_hedge_mode: !self.pos_side.is("net"),
            entry_price: self.avg_px.number("avgPx")?.filter(|_| !size.is_zero()),
            liquidation_price: self.liq_px.number("liqPx")?,
            time_ms: self.u_time.whole(),
        })
    }
}

/// `{"details":[{"ccy":"USDT","cashBal":"4750.42","availEq":"4734.37","availBal":"4734.37","uTime":"1705564213903",...}],...}`
#[derive(Deserialize)]
pub(super) struct AccountRow {
    details: Vec<DetailRow>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct DetailRow {
    ccy: Word,
    cash_bal: Word,
    avail_eq: Word,
    avail_bal: Word,
    u_time: Word,
}

impl AccountRow {
    pub fn balances(&self) -> Result<Vec<Event>, FrameError> {
        self.details.iter().map(|row| row.balance().map(Event::Balance)).collect()
    }
}

impl DetailRow {
    /// What may back new positions is `availEq`; an account for spot alone has but `availBal`.
    fn balance(&self) -> Result<Balance, FrameError> {
        Ok(Balance {
            currency: self.ccy.required("ccy")?,
            wallet: self.cash_bal.needed("cashBal")?,
            available: self.avail_eq.number("availEq")?.or(self.avail_bal.number("availBal")?),
            time_ms: self.u_time.whole(),
        })
    }
}

/// `{"eventType":"snapshot","balData":[{"cashBal":"0.0121475","ccy":"BTC","uTime":"1640088676388"}],"posData":[...]}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BothRow {
    #[serde(default)]
    bal_data: Vec<DetailRow>,
    #[serde(default)]
    pos_data: Vec<PositionRow>,
}

impl BothRow {
    fn events(&self) -> Result<Vec<Event>, FrameError> {
        let balances = self.bal_data.iter().map(|row| row.balance().map(Event::Balance));
        balances.chain(self.pos_data.iter().map(|row| row.position().map(Event::Position))).collect()
    }
}

/// `{"billId":"623950854533513219","type":"8","subType":"173","balChg":"-0.02","ccy":"USDT","instId":"BTC-USDT-SWAP",...}`
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct BillRow {
    bill_id: Word,
    inst_id: Word,
    ccy: Word,
    #[serde(rename = "type")]
    kind: Word,
    bal_chg: Word,
    pos_bal_chg: Word,
    ts: Word,
}

impl BillRow {
    /// None where it is a bill for something else. Of an isolated position funding moves its own balance.
    pub fn funding(&self) -> Result<Option<Event>, FrameError> {
        if !self.kind.is("8") {
            return Ok(None);
        }
        let moved = self.bal_chg.amount("balChg")?.checked_add(self.pos_bal_chg.amount("posBalChg")?);
        Ok(Some(Event::Funding(Funding {
            funding_id: self.bill_id.required("billId")?,
            native_symbol: self.inst_id.owned(),
            amount: moved.ok_or(FrameError::Invalid("posBalChg"))?,
            currency: self.ccy.required("ccy")?,
            time_ms: self.ts.whole(),
        })))
    }
}
