//! Walk-forward: each block of lives is predicted by what was fitted to those that had ended before it, and an embargo
//! before that; nothing is shuffled, and a later life cannot speak of an earlier one.

use super::ended::{HORIZONS, Life};
use super::model::LifeModel;
use super::pairs::PairMeans;

/// How it is walked.
#[derive(Clone, Copy, Debug)]
pub struct WalkForward {
    /// Lives of a block, after which it is fitted again.
    pub block: usize,
    /// Most lives that it is fitted to: the newest.
    pub window: usize,
    /// Fewest: before there are so many nothing is predicted.
    pub least: usize,
    /// A life counts once it has ended so long before a block begins.
    pub embargo_ns: i64,
    pub ridge: f64,
}

/// Survivals of one life as three predict them, before its end was known.
#[derive(Clone, Debug)]
pub struct Evaluation {
    /// Which of the lives.
    pub life: usize,
    pub model: [f64; HORIZONS],
    pub pool: [f64; HORIZONS],
    pub pair: [f64; HORIZONS],
}

/// Of every life that could be predicted; the lives are in the order of their publication.
pub fn walk_forward(lives: &[Life], walk: &WalkForward) -> Vec<Evaluation> {
    let mut evaluations = Vec::new();
    for start in (0..lives.len()).step_by(walk.block.max(1)) {
        let known = known_before(lives, start, walk);
        if known.len() < walk.least.max(1) {
            continue;
        }
        let (model, means) = (LifeModel::fit(&known, 0, walk.ridge), PairMeans::of(&known));
        let block = start..(start + walk.block).min(lives.len());
        evaluations.extend(block.map(|at| Evaluation {
            life: at,
            model: model.survival(&lives[at].features),
            pool: means.pooled(),
            pair: means.of_pair(lives[at].pair),
        }));
    }
    evaluations
}

/// The newest of those that had ended, by an embargo, before the block's first was told.
fn known_before<'a>(lives: &'a [Life], start: usize, walk: &WalkForward) -> Vec<&'a Life> {
    let until_ns = lives[start].publish_ns.saturating_sub(walk.embargo_ns);
    let ended = lives[..start].iter().rev().filter(|life| life.end_ns < until_ns);
    let mut known: Vec<&Life> = ended.take(walk.window).collect();
    known.reverse();
    known
}

#[cfg(test)]
mod tests {
    use super::super::ended::testing::life;
    use super::*;

    const SECOND: i64 = 1_000_000_000;
    const WALK: WalkForward = WalkForward { block: 10, window: 20, least: 5, embargo_ns: 5 * SECOND, ridge: 1.0 };

    fn lives() -> Vec<Life> {
        (0..60).map(|at| life(at * SECOND, SECOND / 2, false, vec![at as f64])).collect()
    }

    #[test]
    fn a_block_knows_only_what_ended_before_it_by_the_embargo() {
        let lives = lives();
        let known = known_before(&lives, 30, &WALK);
        assert_eq!((known.len(), known[0].publish_ns, known[19].publish_ns), (20, 5 * SECOND, 24 * SECOND));
        let mut unended = lives.clone();
        unended[20].end_ns = 40 * SECOND;
        assert!(known_before(&unended, 30, &WALK).iter().all(|life| life.publish_ns != 20 * SECOND));
    }

    #[test]
    fn nothing_is_predicted_before_there_is_enough() {
        let evaluations = walk_forward(&lives(), &WALK);
        assert_eq!(evaluations.iter().map(|one| one.life).collect::<Vec<_>>(), (10..60).collect::<Vec<_>>());
    }

    #[test]
    fn what_comes_later_changes_nothing_of_what_was_predicted() {
        let (lives, mut changed) = (lives(), lives());
        changed[40..].iter_mut().for_each(|life| life.end_ns += 60 * SECOND);
        let [one, other] = [&lives, &changed].map(|lives| walk_forward(lives, &WALK));
        let bits = |all: &[Evaluation]| all[..30].iter().map(|one| one.model.map(f64::to_bits)).collect::<Vec<_>>();
        assert_eq!(bits(&one), bits(&other));
    }
}
