//! Who may speak for those who wait (one look-up for all).
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use crate::outside::Reservation;
use crate::outside::{LogLevel, SignerFailure, Unanswered};
use crate::{Limits, SendError};
use github::AppJwt;
use http::{Request, Response};
use oidc::{JwsAlgorithm, PublicKey, VerifySignature};
use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// A cache that answers as it is told, and says what it was asked to keep.
struct Told {
    answer: Led,
    kept: RefCell<Vec<String>>,
    removed: Cell<u32>,
}

impl Told {
    fn new(answer: Led) -> Self {
        Self {
            answer,
            kept: RefCell::default(),
            removed: Cell::new(0),
        }
    }

    fn look_up(&self, seconds: u64, found: Result<u32, Trouble>) -> (Result<u32, Trouble>, bool) {
        let asked = Cell::new(false);
        let fetch = async || {
            asked.set(true);
            found.map(|value| (value, Keep::kept(60)))
        };
        let name = name("installation", &["1", "acme"]);
        let mut looked_up = pin!(remembered(self, &name, Duration::from_secs(seconds), fetch));
        match looked_up
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()))
        {
            Poll::Ready(result) => (result, asked.get()),
            Poll::Pending => panic!("nothing here waits"),
        }
    }
}

impl VerifySignature for Told {
    fn verify(&self, _: JwsAlgorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> bool {
        false
    }
}

impl Outside for Told {
    fn now_ms(&self) -> u64 {
        0
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    async fn send(&self, _: Request<Vec<u8>>, _: Limits) -> Result<Response<Vec<u8>>, Unanswered> {
        Err(SendError::Connect.into())
    }
    async fn sleep(&self, _: Duration) {}
    fn app_jwt(&self, _: u64, _: bool) -> Result<AppJwt, SignerFailure> {
        Err(SignerFailure::UnknownApp)
    }
    fn cache_get(&self, _: &CacheName) -> Option<Vec<u8>> {
        let kept = self.kept.borrow();
        let (_, value) = kept.last()?.split_once(' ')?;
        Some(value.as_bytes().to_vec())
    }
    fn cache_get_or_lead(&self, _: &CacheName, _: Duration, _: Duration) -> Led {
        self.answer.clone()
    }
    fn cache_put(&self, _: &CacheName, room: Room, value: Vec<u8>, _: Duration) {
        let value = String::from_utf8(value).unwrap();
        self.kept.borrow_mut().push(format!("{room:?} {value}"));
    }
    fn cache_remove(&self, _: &CacheName) {
        self.removed.set(self.removed.get() + 1);
    }
    fn cache_reserve(&self, _: &CacheName, _: Duration) -> Reservation {
        Reservation::Failed
    }

    fn cache_release(&self, _: &CacheName) {}

    fn cache_count(&self, _: &CacheName, _: Room, _: u32, _: Duration) -> Option<u32> {
        None
    }
    fn audit(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
    fn log(&self, _: LogLevel, _: &str, _: &str, _: &[(&str, String)]) {}
}

#[test]
fn the_leader_keeps_what_it_found_and_what_failed() {
    let cache = Told::new(Led::Lead);
    assert_eq!(cache.look_up(20, Ok(7)), (Ok(7), true));
    assert_eq!(
        cache.look_up(20, Err(Trouble::Forbidden)),
        (Err(Trouble::Forbidden), true)
    );
    let kept = [r#"Kept {"Value":7}"#, r#"Negative {"Failed":"Forbidden"}"#];
    assert_eq!(*cache.kept.borrow(), kept);
}

#[test]
fn what_is_remembered_is_not_fetched() {
    let cache = Told::new(Led::Hit(br#"{"Value":7}"#.to_vec()));
    assert_eq!(cache.look_up(20, Ok(8)), (Ok(7), false));
    let failed = Told::new(Led::Hit(br#"{"Failed":"Forbidden"}"#.to_vec()));
    assert_eq!(failed.look_up(20, Ok(8)), (Err(Trouble::Forbidden), false));
    let garbage = Told::new(Led::Hit(b"\xff".to_vec()));
    assert_eq!(garbage.look_up(20, Ok(8)), (Ok(8), true));
}

#[test]
fn a_callers_own_deadline_is_nobody_elses_failure() {
    let cache = Told::new(Led::Lead);
    assert_eq!(
        cache.look_up(1, Err(Trouble::Deadline)),
        (Err(Trouble::Deadline), true)
    );
    assert_eq!(cache.kept.borrow().len(), 0);
    assert_eq!(
        cache.removed.get(),
        1,
        "the lead ends, and the next one leads"
    );
    let without_time = Told::new(Led::Lead);
    assert_eq!(
        without_time.look_up(0, Ok(7)),
        (Err(Trouble::Deadline), false)
    );
    assert_eq!(without_time.removed.get(), 0, "no lead was taken");
}

#[test]
fn who_waits_in_vain_neither_fetches_nor_keeps() {
    let cache = Told::new(Led::Busy);
    assert_eq!(cache.look_up(20, Ok(7)), (Err(Trouble::Busy), false));
    assert_eq!(cache.kept.borrow().len(), 0);
}

#[test]
fn where_nothing_counts_a_rough_count_is_a_value() {
    let cache = Told::new(Led::Alone);
    let window = Duration::from_secs(300);
    let count = |add| count_roughly(&cache, &name("missing-names", &["1"]), add, window);
    assert_eq!([count(0), count(1), count(0), count(2)], [0, 1, 1, 3]);
    assert_eq!(*cache.kept.borrow(), ["Negative 1", "Negative 3"]);
    cache.kept.borrow_mut().push("Negative garbage".to_owned());
    assert_eq!(count(0), 0);
}
