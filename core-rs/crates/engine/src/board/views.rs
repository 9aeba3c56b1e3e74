//! Selections that somebody reads, each with its slots: found once, however many readers have it.

use super::selection::Selection;
use super::slots::Slots;
use crossbook_market::Instrument;
use rustc_hash::FxHashMap;

#[derive(Default)]
pub(super) struct Views {
    views: FxHashMap<u64, View>,
    by_selection: FxHashMap<Selection, u64>,
    last: u64,
}

pub(super) struct View {
    pub slots: Vec<u32>,
    pub readers: usize,
}

impl Views {
    /// One more reader of the selection.
    pub(super) fn join(&mut self, selection: Selection, slots: &Slots) -> u64 {
        if let Some(id) = self.by_selection.get(&selection) {
            self.views.get_mut(id).expect("both maps hold the same views").readers += 1;
            return *id;
        }
        self.last += 1;
        self.views.insert(self.last, View { slots: find(&selection, slots), readers: 1 });
        self.by_selection.insert(selection, self.last);
        self.last
    }

    /// One reader less; the last one takes the view along.
    pub(super) fn leave(&mut self, id: u64) {
        let Some(view) = self.views.get_mut(&id) else { return };
        view.readers -= 1;
        if view.readers == 0 {
            self.views.remove(&id);
            self.by_selection.retain(|_, other| *other != id);
        }
    }

    /// There is a new slot.
    pub(super) fn add(&mut self, slot: u32, instrument: &Instrument) {
        for (selection, id) in &self.by_selection {
            if selection.matches(instrument) {
                self.views.get_mut(id).expect("both maps hold the same views").slots.push(slot);
            }
        }
    }

    pub(super) fn get(&self, id: u64) -> &View {
        &self.views[&id]
    }

    pub(super) fn len(&self) -> usize {
        self.views.len()
    }
}

/// A name needs no look at what it is not; a filter does.
fn find(selection: &Selection, slots: &Slots) -> Vec<u32> {
    match selection {
        Selection::Named(named) => {
            let names = named.iter().flat_map(|(venue, symbols)| symbols.iter().map(move |symbol| (venue, symbol)));
            names.filter_map(|(venue, symbol)| slots.find(venue, symbol)).collect()
        }
        Selection::Matching(_) => {
            let is_wanted = |slot: &u32| !slots.is_retired(*slot) && selection.matches(slots.instrument(*slot));
            (0..slots.len() as u32).filter(is_wanted).collect()
        }
    }
}
