//! A file for each venue.

pub mod binance;
pub mod bitget;
pub mod bitmex;
pub mod bybit;
pub mod coindcx;
pub mod deribit;
pub mod gateio;
pub mod hyperliquid;
pub mod krakenfutures;
pub mod kucoin;
pub mod lighter;
pub mod mexc;
pub mod okx;
pub mod paradex;
pub mod phemex;
