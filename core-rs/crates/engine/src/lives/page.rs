//! Many events of many opportunities at once.

use crossbook_wire::OpportunityEvent;
use rustc_hash::FxHashMap;

use super::row::Life;

/// What becomes of lives.
#[derive(Debug, Default, PartialEq)]
pub struct Page {
    /// In the order in which they were given.
    pub known: Vec<Life>,
    /// In the order in which they began.
    pub new: Vec<Life>,
}

/// Takes events, each with who wrote it, into lives that are known and those that begin with them.
pub fn take_page<'a>(known: Vec<Life>, told: impl IntoIterator<Item = (OpportunityEvent, &'a str)>) -> Page {
    let (count, mut lives) = (known.len(), known);
    let mut places: FxHashMap<String, usize> = FxHashMap::default();
    places.extend(lives.iter().enumerate().map(|(place, life)| (life.id.clone(), place)));
    for (event, writer) in told {
        let id = event.opportunity.as_ref().map_or("", |found| &found.id);
        match places.get(id) {
            Some(&place) => lives[place].take(&event, writer),
            None => {
                places.insert(id.to_owned(), lives.len());
                lives.push(Life::begun(&event, writer));
            }
        }
    }
    let new = lives.split_off(count);
    Page { known: lives, new }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arbitrage::{EventKind, RefusalReason};
    use crate::live::testing::event;

    const SECOND_NS: i64 = 1_000_000_000;

    fn told(kind: EventKind, id: &str, net_percent: f64, seconds: i64) -> (OpportunityEvent, &'static str) {
        (event(kind, id, net_percent, seconds * SECOND_NS).to_message(String::new()), "writer")
    }

    #[test]
    fn events_go_to_the_life_that_is_known_or_began_with_one_of_them() {
        let known = take_page(vec![], [told(EventKind::Opened, "one", 1.0, 1)]).new;
        let page = take_page(
            known,
            [
                told(EventKind::Opened, "two", 2.0, 2),
                told(EventKind::Updated, "one", 3.0, 3),
                told(EventKind::Updated, "two", 4.0, 4),
            ],
        );
        let of = |lives: &[Life]| lives.iter().map(|life| (life.id.clone(), life.path.us.clone())).collect::<Vec<_>>();
        assert_eq!(of(&page.known), [("one".to_owned(), vec![0, 2_000_000])]);
        assert_eq!(of(&page.new), [("two".to_owned(), vec![0, 2_000_000])]);
    }

    #[test]
    fn pages_of_one_give_what_a_page_of_all_gives() {
        let kinds = [EventKind::Opened, EventKind::Updated, EventKind::Updated, EventKind::Closed];
        let events: Vec<_> = (0..400_i64)
            .map(|at| {
                told(kinds[at as usize % 4], ["a", "b", "c"][at as usize % 3], (at * 7 % 31) as f64, at * 13 % 97)
            })
            .collect();
        let whole = take_page(vec![], events.clone());
        let singly = events.into_iter().fold(vec![], |lives, event| {
            let page = take_page(lives, [event]);
            [page.known, page.new].concat()
        });
        assert_eq!(whole.new, singly);
    }

    #[test]
    fn what_is_only_less_is_an_end_and_what_is_lost_is_censored() {
        for (reason, is_censored) in [
            (RefusalReason::BelowThreshold, false),
            (RefusalReason::TooSmall, false),
            (RefusalReason::EmptySide, false),
            (RefusalReason::NotLive, true),
            (RefusalReason::TooOld, true),
        ] {
            let (mut closed, writer) = told(EventKind::Closed, "one", 0.5, 2);
            closed.close_reason = reason as i32;
            let page = take_page(vec![], [told(EventKind::Opened, "one", 1.0, 1), (closed, writer)]);
            assert_eq!((page.new[0].close_ns, page.new[0].is_censored), (Some(2 * SECOND_NS), is_censored));
        }
    }
}
