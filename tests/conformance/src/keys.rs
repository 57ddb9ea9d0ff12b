//! Key pairs, made once for all tests of a process: an RSA key takes some tens of milliseconds.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use simulator::{Algorithm, AppKey, SigningKey};

/// The App's key.
pub fn app_key() -> AppKey {
    static KEY: OnceLock<AppKey> = OnceLock::new();
    KEY.get_or_init(|| AppKey::generate().unwrap()).clone()
}

/// A key that the App does not have, until a test gives it to it.
pub fn another_app_key() -> AppKey {
    static KEY: OnceLock<AppKey> = OnceLock::new();
    KEY.get_or_init(|| AppKey::generate().unwrap()).clone()
}

/// A key of this algorithm by a name of the test's choice: the same name, the same key.
pub fn signing_key(algorithm: Algorithm, name: &'static str) -> SigningKey {
    type Keys = HashMap<(&'static str, &'static str), SigningKey>;
    static KEYS: OnceLock<Mutex<Keys>> = OnceLock::new();
    let keys = KEYS.get_or_init(Mutex::default);
    let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
    keys.entry((algorithm.name(), name))
        .or_insert_with(|| {
            // Published under its name, so that a failing test says which key it was.
            let key = SigningKey::generate(algorithm).unwrap();
            key.with_kid(format!("{name}-{}", algorithm.name()))
        })
        .clone()
}
