//! The venues there are: a file each and a row here, in alphabetical order.

use crate::venue::Venue;

/// A row is the venue's file and the type in it.
macro_rules! venues {
    ($($file:ident::$venue:ident,)+) => {
        $(mod $file;)+
        pub static VENUES: &[&dyn Venue] = &[$(&$file::$venue),+];
    };
}

venues! {
    binance::Binance,
    bitget::Bitget,
    bitmex::Bitmex,
    bybit::Bybit,
    coindcx::CoinDcx,
    deribit::Deribit,
    dydx::Dydx,
    gateio::Gateio,
    hyperliquid::Hyperliquid,
    krakenfutures::KrakenFutures,
    kucoin::Kucoin,
    lighter::Lighter,
    mexc::Mexc,
    okx::Okx,
    paradex::Paradex,
    phemex::Phemex,
}
