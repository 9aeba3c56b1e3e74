//! What Binance sends of balances, positions and funding.

use crate::event::Event;
use crate::report::{Balance, Funding, Position};
use crate::word::{Word, parse};
use crossbook_codec::FrameError;
use serde::Deserialize;

/// ACCOUNT_UPDATE.
pub(super) fn pushed(frame: &[u8]) -> Result<Vec<Event>, FrameError> {
    parse::<AccountUpdate>(frame)?.events()
}

/// `{"e":"ACCOUNT_UPDATE","T":1564745798939,"E":1564745798939,"a":{"m":"ORDER","B":[...],"P":[...]}}`
#[derive(Deserialize)]
struct AccountUpdate {
    #[serde(rename = "T", default)]
    time: Word,
    a: Account,
}

#[derive(Deserialize)]
struct Account {
    m: Word,
    #[serde(rename = "B", default)]
    balances: Vec<PushedBalance>,
    #[serde(rename = "P", default)]
    positions: Vec<PushedPosition>,
}

/// `{"a":"USDT","wb":"122624.12345678","cw":"100.12345678","bc":"50.12345678"}`
#[derive(Deserialize)]
struct PushedBalance {
    a: Word,
    wb: Word,
    #[serde(default)]
    bc: Word,
}

/// `{"s":"BTCUSDT","pa":"-10","ep":"6563.86000","ps":"SHORT",...}`
#[derive(Deserialize)]
struct PushedPosition {
    s: Word,
    pa: Word,
    #[serde(default)]
    ep: Word,
    #[serde(default)]
    ps: Word,
}

impl AccountUpdate {
    /// What changed, and nothing else. Funding of a cross position names no symbol.
    fn events(&self) -> Result<Vec<Event>, FrameError> {
        let mut events = Vec::new();
        for balance in &self.a.balances {
            let (currency, wallet) = (balance.a.required("a")?, balance.wb.needed("wb")?);
            if self.a.m.is("FUNDING_FEE") {
                events.push(Event::Funding(self.funding(balance)?));
            }
            events.push(Event::Balance(Balance { currency, wallet, available: None, time_ms: self.time.whole() }));
        }
        for row in &self.a.positions {
            events.push(Event::Position(position(&row.s, &row.pa, &row.ep, &row.ps, &Word::default(), &self.time)?));
        }
        Ok(events)
    }

    fn funding(&self, balance: &PushedBalance) -> Result<Funding, FrameError> {
        Ok(Funding {
            funding_id: String::new(),
            native_symbol: self.a.positions.first().map(|row| row.s.owned()).unwrap_or_default(),
            amount: balance.bc.needed("bc")?,
            currency: balance.a.owned(),
            time_ms: self.time.whole(),
        })
    }
}

/// A short position has a negative amount in hedge mode too.
fn position(
    symbol: &Word,
    amount: &Word,
    entry: &Word,
    side: &Word,
    liquidation: &Word,
    time: &Word,
) -> Result<Position, FrameError> {
    Ok(Position {
        native_symbol: symbol.required("symbol")?,
        size: amount.needed("positionAmt")?,
        is_hedge_mode: !side.is("BOTH"),
        entry_price: entry.nonzero("entryPrice")?,
        liquidation_price: liquidation.nonzero("liquidationPrice")?,
        time_ms: time.whole(),
    })
}

/// `{"symbol":"BTCUSDT","positionAmt":"0.001","entryPrice":"50000.0","liquidationPrice":"45000.0","positionSide":"BOTH",...}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    symbol: Word,
    position_amt: Word,
    #[serde(default)]
    entry_price: Word,
    #[serde(default)]
    liquidation_price: Word,
    position_side: Word,
    #[serde(default)]
    update_time: Word,
}

impl PositionRow {
    pub fn position(&self) -> Result<Position, FrameError> {
        let Self { symbol, position_amt, entry_price, liquidation_price, position_side, update_time } = self;
        position(symbol, position_amt, entry_price, position_side, liquidation_price, update_time)
    }
}

/// `{"asset":"USDT","balance":"122.12345678","availableBalance":"122.12345678","updateTime":1617939110373,...}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BalanceRow {
    asset: Word,
    balance: Word,
    #[serde(default)]
    available_balance: Word,
    #[serde(default)]
    update_time: Word,
}

impl BalanceRow {
    pub fn balance(&self) -> Result<Balance, FrameError> {
        Ok(Balance {
            currency: self.asset.required("asset")?,
            wallet: self.balance.needed("balance")?,
            available: self.available_balance.number("availableBalance")?,
            time_ms: self.update_time.whole(),
        })
    }
}

/// `{"symbol":"BTCUSDT","incomeType":"FUNDING_FEE","income":"-0.37500000","asset":"USDT","time":1570608000000,"tranId":9689322392}`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct IncomeRow {
    #[serde(default)]
    symbol: Word,
    income: Word,
    asset: Word,
    tran_id: Word,
    #[serde(default)]
    time: Word,
}

impl IncomeRow {
    pub fn funding(&self) -> Result<Funding, FrameError> {
        Ok(Funding {
            funding_id: self.tran_id.required("tranId")?,
            native_symbol: self.symbol.owned(),
            amount: self.income.needed("income")?,
            currency: self.asset.required("asset")?,
            time_ms: self.time.whole(),
        })
    }
}
