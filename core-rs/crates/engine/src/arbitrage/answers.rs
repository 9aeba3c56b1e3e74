//! Answers computed on demand from the latest quotes; nothing here changes the scanner.

use std::cmp::Ordering;

use crossbook_market::BookState;

use super::asset::AssetBook;
use super::gate;
use super::pair::Pair;
use super::phase::Phase;
use super::reason::RefusalReason;
use super::rules::Rules;
use super::scanner::Scanner;
use super::sizing::{self, Wanted};
use super::views::{AssetView, SpreadView};

/// Which pairs are wanted; empty lists do not restrict.
#[derive(Clone, Debug, Default)]
pub struct SpreadFilter {
    /// Both legs are of these venues.
    pub venues: Vec<String>,
    /// Either leg is one of these unified symbols.
    pub symbols: Vec<String>,
    pub assets: Vec<String>,
    pub min_gross_percent: Option<f64>,
    pub min_net_percent: Option<f64>,
    /// Money to be answered about, in the buy leg's quote currency.
    pub notionals: Vec<f64>,
}

impl Scanner {
    /// Pairs that pass the gate apart from its profit threshold, net percent descending.
    pub fn list_spreads(&self, now_ns: i64, filter: &SpreadFilter, limit: usize) -> Vec<SpreadView> {
        let mut found = Vec::new();
        for book in &self.books {
            if matches_any(&filter.assets, &book.name) && book.may_net(min_net_percent(filter)) {
                self.find(book, now_ns, filter, &mut found);
            }
        }
        found.sort_by(|a, b| {
            b.numbers.costs.net_percent.total_cmp(&a.numbers.costs.net_percent).then_with(|| names(a).cmp(&names(b)))
        });
        found.truncate(limit);
        let wanted = Wanted { net_percent: filter.min_net_percent.unwrap_or(0.0), notionals: &filter.notionals };
        found.iter().map(|pair| SpreadView::of_pair(pair, None, wanted)).collect()
    }

    /// The verdict on one pair of venues; None when either has no instrument of the asset. Where a venue has several,
    /// the pair that would be published, or else the one that pays most, speaks for the venues.
    pub fn explain(
        &self,
        asset: &str,
        buy_venue: &str,
        sell_venue: &str,
        now_ns: i64,
        notionals: &[f64],
    ) -> Option<SpreadView> {
        let wanted = Wanted { net_percent: self.rules.settings.open_net_percent, notionals };
        let book = &self.books[*self.book_of_asset.get(asset)?];
        let legs = |venue: &str| legs_where(book, |leg| book.legs[leg].instrument.venue == venue);
        let sells = legs(sell_venue);
        let pairs = legs(buy_venue).into_iter().flat_map(|buy| sells.iter().map(move |sell| (buy, *sell)));
        let verdicts =
            pairs.filter(|(buy, sell)| book.legs[*buy].venue != book.legs[*sell].venue).map(|(buy, sell)| {
                let pair = Pair::of(&self.rules, book, buy, sell, now_ns);
                SpreadView::of_pair(&pair, verdict(&pair), wanted)
            });
        verdicts.reduce(|best, other| if compare(&best, &other) == Ordering::Less { other } else { best })
    }

    /// Open opportunities, net percent as it last was, descending.
    pub fn open_opportunities(&self) -> Vec<SpreadView> {
        let mut views = Vec::new();
        for book in self.books.iter().filter(|book| book.active > 0) {
            for (buy, sell) in book.active_pairs() {
                if let Phase::Open(opportunity) = book.phase(buy, sell) {
                    let now_ns = opportunity.last.buy.receive_ns.max(opportunity.last.sell.receive_ns);
                    views.push(SpreadView::of_opportunity(&self.rules, book, (buy, sell), opportunity, now_ns));
                }
            }
        }
        views.sort_by(|a, b| {
            b.costs.net_percent.total_cmp(&a.costs.net_percent).then_with(|| a.opportunity_id.cmp(&b.opportunity_id))
        });
        views
    }

    /// Per asset, ordered by asset; empty means all. Assets that are not known are left out.
    pub fn overview(&self, assets: &[String]) -> Vec<AssetView> {
        let view = |book| overview(&self.rules, book);
        let mut views: Vec<AssetView> =
            self.books.iter().filter(|book| matches_any(assets, &book.name)).map(view).collect();
        views.sort_by(|a, b| a.asset.cmp(&b.asset));
        views
    }

    fn find<'a>(&'a self, book: &'a AssetBook, now_ns: i64, filter: &SpreadFilter, found: &mut Vec<Pair<'a>>) {
        let legs = legs_where(book, |leg| matches_any(&filter.venues, &book.legs[leg].instrument.venue));
        for &buy in &legs {
            for &sell in legs.iter().filter(|sell| book.legs[**sell].venue != book.legs[buy].venue) {
                let is_wanted =
                    book.pair_may_net(buy, sell, min_net_percent(filter)) && names_symbol(book, buy, sell, filter);
                let pair = if is_wanted { Pair::of(&self.rules, book, buy, sell, now_ns) } else { continue };
                if pays(&pair, filter) && gate::refusal(&pair).is_none() {
                    found.push(pair);
                }
            }
        }
    }
}

/// The gate with its threshold: the lower one for a pair that is open.
fn verdict(pair: &Pair<'_>) -> Option<RefusalReason> {
    let settings = &pair.rules.settings;
    let is_open = matches!(pair.book.phase(pair.buy, pair.sell), Phase::Open(_));
    let threshold = if is_open { settings.close_net_percent } else { settings.open_net_percent };
    gate::refusal(pair)
        .or_else(|| if is_open || !pair.nets(threshold) { None } else { sizing::refusal(pair) })
        .or_else(|| (pair.numbers.costs.net_percent < threshold).then_some(RefusalReason::BelowThreshold))
}

fn names<'a>(pair: &Pair<'a>) -> [&'a str; 5] {
    let (buy, sell) = (&pair.buy_leg().instrument, &pair.sell_leg().instrument);
    [&pair.book.name, &buy.venue, &buy.symbol, &sell.venue, &sell.symbol]
}

fn matches_any(wanted: &[String], value: &str) -> bool {
    wanted.is_empty() || wanted.iter().any(|name| name == value)
}

fn legs_where(book: &AssetBook, is_wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    (0..book.legs.len()).filter(|leg| is_wanted(*leg)).collect()
}

fn min_net_percent(filter: &SpreadFilter) -> f64 {
    filter.min_net_percent.unwrap_or(f64::NEG_INFINITY)
}

fn names_symbol(book: &AssetBook, buy: usize, sell: usize, filter: &SpreadFilter) -> bool {
    [buy, sell].iter().any(|leg| matches_any(&filter.symbols, &book.legs[*leg].instrument.symbol))
}

fn pays(pair: &Pair<'_>, filter: &SpreadFilter) -> bool {
    let numbers = &pair.numbers;
    let is_at_least = |value: f64, limit: Option<f64>| limit.is_none_or(|limit| value >= limit);
    numbers.has_prices()
        && is_at_least(numbers.costs.net_percent, filter.min_net_percent)
        && is_at_least(numbers.costs.gross_percent, filter.min_gross_percent)
}

fn compare(a: &SpreadView, b: &SpreadView) -> Ordering {
    let has_prices = |view: &SpreadView| view.buy.price > 0.0 && view.sell.price > 0.0;
    let rank = |view: &SpreadView| (view.reason.is_none(), has_prices(view));
    rank(a).cmp(&rank(b)).then_with(|| a.costs.net_percent.total_cmp(&b.costs.net_percent))
}

fn overview(rules: &Rules, book: &AssetBook) -> AssetView {
    let mut view = AssetView { asset: book.name.clone(), ..AssetView::default() };
    let live = legs_where(book, |leg| book.tops[leg].state == BookState::Live && book.tops[leg].is_two_sided());
    for &leg in &live {
        let (top, venue) = (&book.tops[leg], &book.legs[leg].instrument.venue);
        if top.bid > view.best_bid {
            (view.best_bid, view.best_bid_venue) = (top.bid, venue.clone());
        }
        if view.best_ask_venue.is_empty() || top.ask < view.best_ask {
            (view.best_ask, view.best_ask_venue) = (top.ask, venue.clone());
        }
        view.venues.push(venue.clone());
    }
    view.venues.sort();
    view.venues.dedup();
    view.widest_gross_percent = widest_gross_percent(rules, book, &live);
    view
}

/// Of two that are not the same asset, whatever their names say, there is no spread.
fn widest_gross_percent(rules: &Rules, book: &AssetBook, legs: &[usize]) -> f64 {
    let is_pair =
        |pair: &Pair<'_>| !pair.is_relayed() && pair.numbers.conversion.is_known && gate::identity(pair).is_none();
    let pairs = legs.iter().flat_map(|buy| legs.iter().map(move |sell| (*buy, *sell)));
    let pairs = pairs.map(|(buy, sell)| Pair::of(rules, book, buy, sell, 0)); // no age counts here
    let gross = pairs.filter(is_pair).map(|pair| pair.numbers.costs.gross_percent);
    gross.reduce(f64::max).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{instrument, live, payload, scanner, settings};

    #[test]
    fn an_overview_finds_no_spread_between_assets_that_only_share_a_name() {
        let mut scanner = scanner(settings());
        let instruments = ["a", "b", "c"].map(|venue| instrument(venue, "NEIRO"));
        let quotes = [live(0, 99.0, 100.0, 1.0, 1), live(1, 101.0, 102.0, 1.0, 1), live(2, 900.0, 901.0, 1.0, 1)];
        scanner.on_batch(&payload(&instruments, &quotes), 1, 0).unwrap();
        assert_eq!(scanner.overview(&[])[0].widest_gross_percent, 1.0);
    }
}
