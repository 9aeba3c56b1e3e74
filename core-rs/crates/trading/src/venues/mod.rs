//! The venues there are: a file each and a row here, in alphabetical order.

use crate::venue::TradingVenue;

mod binance;
mod bybit;
mod hyperliquid;
mod kucoin;
mod okx;
#[cfg(test)]
pub(crate) mod testing;

pub static VENUES: &[&dyn TradingVenue] =
    &[&binance::Binance, &bybit::Bybit, &hyperliquid::Hyperliquid, &kucoin::Kucoin, &okx::Okx];
