//! A key-value store that a test can read and spoil.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a store behaves.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum StoreMood {
    /// As it should.
    #[default]
    Works,
    /// It opens, and every verb fails.
    Fails,
    /// It does not open.
    FailsToOpen,
    /// It takes values and has none.
    Forgets,
}

/// The store of all instances, under the name `default`.
#[derive(Debug, Default)]
pub struct SharedStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    values: BTreeMap<String, Vec<u8>>,
    mood: StoreMood,
}

/// Why a verb of a store fails.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Away;

impl SharedStore {
    /// An empty one.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is in it.
    #[must_use]
    pub fn entries(&self) -> BTreeMap<String, Vec<u8>> {
        self.state().values.clone()
    }

    /// Changes every value, as somebody else could who writes to the same store.
    pub fn garble(&self) {
        for value in self.state().values.values_mut() {
            match value.last_mut() {
                Some(last) => *last ^= 1,
                None => value.push(0),
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.state().values.clear();
    }

    /// From now on it behaves so.
    pub fn set_mood(&self, mood: StoreMood) {
        self.state().mood = mood;
    }

    /// The state, unless the mood is against it.
    fn working(&self) -> Result<MutexGuard<'_, State>, Away> {
        let state = self.state();
        match state.mood {
            StoreMood::Works | StoreMood::Forgets => Ok(state),
            StoreMood::Fails | StoreMood::FailsToOpen => Err(Away),
        }
    }

    pub(super) fn open(&self) -> Result<(), Away> {
        match self.state().mood {
            StoreMood::FailsToOpen => Err(Away),
            _ => Ok(()),
        }
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Vec<u8>>, Away> {
        let state = self.working()?;
        let forgets = state.mood == StoreMood::Forgets;
        Ok(state.values.get(key).filter(|_| !forgets).cloned())
    }

    pub(super) fn set(&self, key: String, value: Vec<u8>) -> Result<(), Away> {
        self.working()?.values.insert(key, value);
        Ok(())
    }

    pub(super) fn delete(&self, key: &str) -> Result<(), Away> {
        self.working()?.values.remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_behaves_as_told() {
        let store = SharedStore::new();
        let set = || store.set("k".to_owned(), b"value".to_vec());
        assert_eq!(set(), Ok(()));
        assert_eq!(store.get("k"), Ok(Some(b"value".to_vec())));
        store.garble();
        assert_eq!(store.get("k"), Ok(Some(b"valud".to_vec())));
        store.set_mood(StoreMood::Forgets);
        assert_eq!((set(), store.get("k")), (Ok(()), Ok(None)));
        assert_eq!(store.entries().len(), 1);
        store.set_mood(StoreMood::Fails);
        assert_eq!((store.open(), set()), (Ok(()), Err(Away)));
        assert_eq!((store.get("k"), store.delete("k")), (Err(Away), Err(Away)));
        store.set_mood(StoreMood::FailsToOpen);
        assert_eq!(store.open(), Err(Away));
        store.set_mood(StoreMood::Works);
        assert_eq!((store.delete("k"), store.get("k")), (Ok(()), Ok(None)));
        assert_eq!(set(), Ok(()));
        store.clear();
        assert_eq!(store.get("k"), Ok(None));
    }
}
