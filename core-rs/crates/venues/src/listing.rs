//! Market lists: good rows become instruments, bad rows are quarantined with a reason, and neither stops the others.

use crate::error::VenueError;
use crossbook_codec::json::without_nulls;
use crossbook_market::{Instrument, asset_of, currency_code, is_name};
use rustc_hash::FxHashSet;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a venue lists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MarketListing {
    pub instruments: Vec<Instrument>,
    /// Native symbol and reason.
    pub quarantined: Vec<(String, String)>,
}

/// One row, in the venue's terms.
#[derive(Clone, Debug)]
pub struct ListedMarket<'a> {
    pub native_symbol: &'a str,
    pub base: &'a str,
    pub quote: &'a str,
    pub settle: &'a str,
    /// In base units, or in quote units where the contract settles in its own base.
    pub contract_size: f64,
    /// Zero when the venue does not say.
    pub tick_size: f64,
    /// In the same units; zero when the venue does not say.
    pub lot_size: f64,
    pub taker_fee_percent: Option<f64>,
    pub maker_fee_percent: Option<f64>,
}

/// Collects a venue's rows.
pub struct ListingBuilder {
    venue: &'static str,
    symbols: FxHashSet<String>,
    listing: MarketListing,
}

impl ListingBuilder {
    pub fn new(venue: &'static str) -> Self {
        Self { venue, symbols: FxHashSet::default(), listing: MarketListing::default() }
    }

    pub fn quarantine(&mut self, native_symbol: &str, reason: impl Into<String>) {
        self.listing.quarantined.push((native_symbol.to_string(), reason.into()));
    }

    pub fn add(&mut self, market: &ListedMarket<'_>) {
        let [base, quote, settle] = [market.base, market.quote, market.settle].map(currency_code);
        let market = &ListedMarket { base, quote, settle, ..*market };
        let symbol = format!("{}/{}:{}", market.base, market.quote, market.settle);
        match refusal(market, &symbol) {
            Some(reason) => self.quarantine(market.native_symbol, reason),
            None if !self.symbols.insert(symbol.clone()) => {
                self.quarantine(market.native_symbol, format!("another market is {symbol} already"));
            }
            None => self.listing.instruments.push(instrument(self.venue, symbol, market)),
        }
    }

    pub fn finish(self) -> MarketListing {
        self.listing
    }
}

fn refusal(market: &ListedMarket<'_>, symbol: &str) -> Option<&'static str> {
    let is_step = |step: f64| step.is_finite() && step >= 0.0;
    if ![market.native_symbol, market.base, market.quote, market.settle, symbol].into_iter().all(is_name) {
        Some("a name is empty, too long or not printable")
    } else if !(market.contract_size.is_finite() && market.contract_size > 0.0) {
        Some("contract size is not a positive number")
    } else if !is_step(market.tick_size) || !is_step(market.lot_size) {
        Some("tick or lot size is not a number")
    } else {
        None
    }
}

fn instrument(venue: &str, symbol: String, market: &ListedMarket<'_>) -> Instrument {
    let (asset, asset_scale) = asset_of(market.base);
    Instrument {
        venue: venue.to_string(),
        symbol,
        native_symbol: market.native_symbol.to_string(),
        asset,
        asset_scale,
        quote_currency: market.quote.to_string(),
        settle_currency: market.settle.to_string(),
        contract_size: market.contract_size,
        tick_size: market.tick_size,
        lot_size: market.lot_size,
        taker_fee_percent: market.taker_fee_percent,
        maker_fee_percent: market.maker_fee_percent,
    }
}

/// The rows under `key` of every answer; a dot in it leads inwards. An answer that is not JSON, or has no such list, is not
/// a market list at all.
pub fn rows(bodies: &[&[u8]], key: &str) -> Result<Vec<Value>, VenueError> {
    let mut rows = Vec::new();
    for body in bodies {
        let mut answer: Value = serde_json::from_slice(body).map_err(|error| VenueError::Markets(error.to_string()))?;
        let found = key.split('.').try_fold(&mut answer, |inside, part| inside.get_mut(part));
        match found.map(Value::take) {
            Some(Value::Array(list)) => rows.extend(list),
            _ => return Err(VenueError::Markets(format!("there is no list {key:?}"))),
        }
    }
    Ok(rows)
}

/// The rows of answers that are lists themselves.
pub fn bare_rows(bodies: &[&[u8]]) -> Result<Vec<Value>, VenueError> {
    let mut rows = Vec::new();
    for body in bodies {
        let list: Vec<Value> = serde_json::from_slice(body).map_err(|error| VenueError::Markets(error.to_string()))?;
        rows.extend(list);
    }
    Ok(rows)
}

/// The listing of these rows. One that does not read is quarantined, by the name that stands under `name_key`.
pub fn collect<Row: DeserializeOwned>(
    venue: &'static str,
    rows: Vec<Value>,
    name_key: &str,
    mut list: impl FnMut(&mut ListingBuilder, &Row),
) -> MarketListing {
    let mut listing = ListingBuilder::new(venue);
    for row in rows {
        let name = row.get(name_key).and_then(Value::as_str).unwrap_or("?").to_string();
        match serde_json::from_value::<Row>(without_nulls(row)) {
            Ok(market) => list(&mut listing, &market),
            Err(error) => listing.quarantine(&name, format!("malformed row: {error}")),
        }
    }
    listing.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn market() -> ListedMarket<'static> {
        ListedMarket {
            native_symbol: "kPEPE-X",
            base: "kPEPE",
            quote: "USD",
            settle: "USDC",
            contract_size: 1.0,
            tick_size: 0.1,
            lot_size: 0.0,
            taker_fee_percent: Some(0.05),
            maker_fee_percent: None,
        }
    }

    #[test]
    fn a_row_becomes_an_instrument_of_its_asset() {
        let mut builder = ListingBuilder::new("somewhere");
        builder.add(&market());
        let listing = builder.finish();
        let instrument = &listing.instruments[0];
        assert_eq!((instrument.symbol.as_str(), instrument.asset.as_str()), ("kPEPE/USD:USDC", "PEPE"));
        assert_eq!((instrument.asset_scale, instrument.venue.as_str()), (1000.0, "somewhere"));
    }

    #[test]
    fn inverse_and_linear_markets_of_one_coin_are_two_symbols_of_one_asset() {
        let mut builder = ListingBuilder::new("somewhere");
        builder.add(&ListedMarket { native_symbol: "I", base: "XBT", settle: "XBT", ..market() });
        builder.add(&ListedMarket { native_symbol: "L", base: "XBT", settle: "USDC", ..market() });
        let listing = builder.finish();
        let facts = listing.instruments.iter().map(|one| (one.symbol.as_str(), one.asset.as_str(), one.is_inverse()));
        assert_eq!(facts.collect::<Vec<_>>(), [("BTC/USD:BTC", "BTC", true), ("BTC/USD:USDC", "BTC", false)]);
    }

    #[test]
    fn impossible_and_doubled_rows_are_quarantined_and_the_rest_stands() {
        let mut builder = ListingBuilder::new("somewhere");
        builder.add(&ListedMarket { contract_size: f64::NAN, ..market() });
        builder.add(&ListedMarket { tick_size: -1.0, ..market() });
        builder.add(&ListedMarket { base: "", ..market() });
        builder.add(&ListedMarket { base: "A\0", ..market() });
        builder.add(&ListedMarket { base: &"A".repeat(95), ..market() });
        builder.add(&market());
        builder.add(&ListedMarket { native_symbol: "again", ..market() });
        let listing = builder.finish();
        assert_eq!(listing.instruments.len(), 1);
        let names: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["kPEPE-X", "kPEPE-X", "kPEPE-X", "kPEPE-X", "kPEPE-X", "again"]);
    }

    #[test]
    fn a_row_that_does_not_read_is_quarantined_by_its_name_as_far_as_it_has_one() {
        #[derive(serde::Deserialize)]
        struct Row {
            step: u32,
        }
        let rows = serde_json::from_str(r#"[{"name":"A","step":1},{"name":"B"},{"step":2},{"step":-1},7]"#).unwrap();
        let mut steps = Vec::new();
        let listing = collect("somewhere", rows, "name", |_, row: &Row| steps.push(row.step));
        let quarantined: Vec<_> = listing.quarantined.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((steps.as_slice(), quarantined.as_slice()), ([1, 2].as_slice(), ["B", "?", "?"].as_slice()));
    }

    #[test]
    fn answers_that_are_no_market_list_are_refused_whole() {
        for body in ["", "[]", "{}", r#"{"data":7}"#, "<html>"] {
            assert!(matches!(rows(&[body.as_bytes()], "data"), Err(VenueError::Markets(_))), "{body}");
        }
        for body in ["", "{}", r#"{"label":"TOO_MANY_REQUESTS"}"#, "<html>"] {
            assert!(matches!(bare_rows(&[body.as_bytes()]), Err(VenueError::Markets(_))), "{body}");
        }
        assert_eq!(bare_rows(&[b"[1]", b"[2]"]).unwrap(), [Value::from(1), Value::from(2)]);
        assert_eq!(rows(&[br#"{"data":[1]}"#, br#"{"data":[2]}"#], "data").unwrap(), [Value::from(1), Value::from(2)]);
    }

    #[test]
    fn a_list_may_lie_further_in() {
        assert_eq!(rows(&[br#"{"result":{"list":[1]}}"#], "result.list").unwrap(), [Value::from(1)]);
        assert!(rows(&[br#"{"result":[1]}"#], "result.list").is_err());
    }
}
