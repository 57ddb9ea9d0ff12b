//! Locks that outlive a panicking test: a poisoned lock is used as it was left.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A value behind a lock. Guards are never held over an await: every handler is a plain function.
#[derive(Debug, Default)]
pub(crate) struct Guarded<T>(RwLock<T>);

impl<T> Guarded<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, T> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, T> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
