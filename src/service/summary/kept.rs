//! What the cards tell was made of bodies of some megabytes for each page. It is kept in memory with everything that it was made
//! of: the state, which never changes, which of its outcomes the member sees and nobody decided about, what things are called now,
//! and for whom. All of that is read of the database each time, as the member; only the same gives the same words.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use model::{
    id::{BrainStateId, ClientId},
    summary::Persona,
};

use super::{Names, Told};

/// So many are kept: a few members with sights of their own, each of the agency and of the clients that are looked at.
const MOST: usize = 64;

/// What cards are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The state.
    pub state: BrainStateId,
    /// Its outcomes, by their numbers.
    pub outcomes: Vec<i32>,
    /// What things are called.
    pub names: Names,
    /// For whom.
    pub persona: Persona,
    /// Of this client only.
    pub client_id: Option<ClientId>,
}

/// The newest last.
#[derive(Debug)]
pub(super) struct Kept(Mutex<VecDeque<(Key, Told)>>);

/// What this process made.
pub(super) static KEPT: Kept = Kept::new();

impl Kept {
    const fn new() -> Self {
        Self(Mutex::new(VecDeque::new()))
    }

    fn all(&self) -> MutexGuard<'_, VecDeque<(Key, Told)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was made of exactly this.
    pub fn find(&self, key: &Key) -> Option<Told> {
        self.all().iter().find(|(of, _)| of == key).map(|(_, told)| told.clone())
    }

    /// Keeps it, and lets the oldest go.
    pub fn keep(&self, key: Key, told: Told) {
        let mut all = self.all();
        all.retain(|(of, _)| *of != key);
        all.push_back((key, told));
        while all.len() > MOST {
            all.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id<T: From<uuid::Uuid>>(number: u128) -> T {
        uuid::Uuid::from_u128(number).into()
    }

    #[test]
    fn only_what_was_made_of_the_same_is_told_again() {
        let kept = Kept::new();
        let client: ClientId = id(7);
        let names = |name: &str| Names { clients: [(client, name.to_owned())].into(), ..Names::default() };
        let key = |state: u128, outcomes: &[i32], name: &str| Key {
            state: id(state),
            outcomes: outcomes.to_vec(),
            names: names(name),
            persona: Persona::default(),
            client_id: None,
        };
        let told = |state: u128| Told::of_state(id(state));
        kept.keep(key(1, &[0, 1], "Acme"), told(1));
        assert!(kept.find(&key(1, &[0, 1], "Acme")).is_some());
        assert!(kept.find(&key(2, &[0, 1], "Acme")).is_none(), "another state");
        assert!(kept.find(&key(1, &[0], "Acme")).is_none(), "somebody who sees less, or what was decided since");
        assert!(kept.find(&key(1, &[0, 1], "Acme Ltd")).is_none(), "another name");
        assert!(kept.find(&Key { client_id: Some(client), ..key(1, &[0, 1], "Acme") }).is_none(), "a client alone");
        for state in 0..200 {
            kept.keep(key(state, &[], "Acme"), told(state));
        }
        assert_eq!(kept.all().len(), MOST);
        assert!(kept.find(&key(199, &[], "Acme")).is_some() && kept.find(&key(0, &[], "Acme")).is_none());
    }
}
