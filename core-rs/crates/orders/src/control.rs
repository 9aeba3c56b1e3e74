//! The kill switch: levels that hold for everything, a venue or an asset until a person releases them by name and with a reason.
//! It is written in two places; where they disagree the higher level holds.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    #[default]
    Run,
    /// No new deals.
    Pause,
    /// And ours are cancelled.
    Cancel,
    /// And what is held is closed.
    Flatten,
}

/// What a level holds for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    All,
    Venue(String),
    Asset(String),
}

/// One level that was set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kill {
    pub level: Control,
    /// Of the first setting in this scope: a process that starts anew goes on with what this one began.
    pub episode: u64,
    pub by: String,
    pub reason: String,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    #[error("who does it, and why, has to be said")]
    Unsigned,
    #[error("nothing is set there")]
    NotSet,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Controls(BTreeMap<Scope, Kill>);

impl Controls {
    /// Raises the level of a scope; one that is as high or higher stays as it is.
    pub fn set(&mut self, scope: Scope, kill: Kill) -> Result<(), ControlError> {
        if kill.by.trim().is_empty() || kill.reason.trim().is_empty() {
            return Err(ControlError::Unsigned);
        }
        if kill.level > Control::Run {
            self.raise(scope, kill);
        }
        Ok(())
    }

    fn raise(&mut self, scope: Scope, kill: Kill) {
        let Some(known) = self.0.get_mut(&scope) else {
            self.0.insert(scope, kill);
            return;
        };
        if kill.level > known.level {
            let episode = known.episode;
            *known = Kill { episode, ..kill };
        }
    }

    /// What was set, for a scope alone: wider ones hold on.
    pub fn release(&mut self, scope: &Scope, by: &str, reason: &str) -> Result<Kill, ControlError> {
        if by.trim().is_empty() || reason.trim().is_empty() {
            return Err(ControlError::Unsigned);
        }
        self.0.remove(scope).ok_or(ControlError::NotSet)
    }

    /// The highest level that holds there.
    pub fn level(&self, venue: &str, asset: &str) -> Control {
        let scopes = [Scope::All, Scope::Venue(venue.to_string()), Scope::Asset(asset.to_string())];
        scopes.iter().filter_map(|scope| self.0.get(scope)).map(|kill| kill.level).max().unwrap_or_default()
    }

    /// Of two places in which it is written, the higher of each scope.
    pub fn agreed(mut self, other: Self) -> Self {
        other.0.into_iter().for_each(|(scope, kill)| self.raise(scope, kill));
        self
    }

    pub fn all(&self) -> impl Iterator<Item = (&Scope, &Kill)> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kill(level: Control, episode: u64) -> Kill {
        Kill { level, episode, by: "ada".to_string(), reason: "drill".to_string() }
    }

    #[test]
    fn a_level_holds_in_its_scope_and_the_highest_counts() {
        let mut controls = Controls::default();
        controls.set(Scope::Venue("here".into()), kill(Control::Cancel, 1)).unwrap();
        controls.set(Scope::Asset("BTC".into()), kill(Control::Pause, 2)).unwrap();
        let level = |controls: &Controls, venue, asset| controls.level(venue, asset);
        assert_eq!(level(&controls, "here", "BTC"), Control::Cancel);
        assert_eq!(
            (level(&controls, "there", "BTC"), level(&controls, "there", "ETH")),
            (Control::Pause, Control::Run)
        );
        controls.set(Scope::All, kill(Control::Flatten, 3)).unwrap();
        assert_eq!(level(&controls, "there", "ETH"), Control::Flatten);
    }

    #[test]
    fn it_is_raised_and_never_lowered_but_by_a_release_that_says_who_and_why() {
        let mut controls = Controls::default();
        controls.set(Scope::All, kill(Control::Pause, 1)).unwrap();
        controls.set(Scope::All, kill(Control::Flatten, 2)).unwrap();
        controls.set(Scope::All, kill(Control::Pause, 3)).unwrap();
        controls.set(Scope::All, kill(Control::Run, 4)).unwrap();
        assert_eq!(controls.all().next(), Some((&Scope::All, &kill(Control::Flatten, 1))), "the episode of the first");
        assert_eq!(controls.release(&Scope::All, "ada", " "), Err(ControlError::Unsigned));
        assert_eq!(controls.release(&Scope::Asset("BTC".into()), "ada", "over"), Err(ControlError::NotSet));
        assert!(controls.release(&Scope::All, "ada", "over").is_ok());
        assert_eq!(controls.level("here", "BTC"), Control::Run);
        let unsigned = Kill { by: String::new(), ..kill(Control::Pause, 1) };
        assert_eq!(controls.set(Scope::All, unsigned), Err(ControlError::Unsigned));
    }

    #[test]
    fn of_two_places_that_disagree_the_higher_holds() {
        let (mut one, mut other) = (Controls::default(), Controls::default());
        one.set(Scope::All, kill(Control::Pause, 1)).unwrap();
        other.set(Scope::All, kill(Control::Cancel, 1)).unwrap();
        other.set(Scope::Asset("BTC".into()), kill(Control::Flatten, 2)).unwrap();
        assert_eq!(one.clone().agreed(other.clone()), other);
        assert_eq!(other.clone().agreed(one), other);
    }
}
