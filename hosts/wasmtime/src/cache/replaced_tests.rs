//! A cache that an embedder brought: used, bounded, sealed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::seal::Seal;
use super::*;
use crate::clock::ManualClock;
use crate::journal::testing::{Lines, log_into};
use portable::Settings;
use tokio::time::Instant;

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Works,
    Fails,
    Hangs,
}

/// The three verbs that are needed, over a map.
struct Elsewhere {
    mood: Mutex<Mood>,
    map: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl Elsewhere {
    fn done<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T,
    ) -> BoxFuture<'_, Result<T, Unavailable>> {
        match *self.mood.lock().unwrap() {
            Mood::Works => Box::pin(std::future::ready(Ok(work()))),
            Mood::Fails => Box::pin(async { Err(Unavailable::because("connection reset")) }),
            Mood::Hangs => Box::pin(std::future::pending()),
        }
    }
}

fn key(name: &Name) -> String {
    format!("{}/{}", name.kind, name.parts.join("/"))
}

impl Cache for Elsewhere {
    fn get<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<Option<Vec<u8>>, Unavailable>> {
        self.done(|| self.map.lock().unwrap().get(&key(name)).cloned())
    }

    fn put(
        &self,
        name: Name,
        _room: Room,
        value: Vec<u8>,
        _keep: Duration,
    ) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.done(|| drop(self.map.lock().unwrap().insert(key(&name), value)))
    }

    fn remove<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>> {
        self.done(|| drop(self.map.lock().unwrap().remove(&key(name))))
    }
}

struct Bench {
    cache: Bounded,
    elsewhere: Arc<Elsewhere>,
    clock: Arc<ManualClock>,
    lines: Arc<Lines>,
}

fn elsewhere() -> Arc<Elsewhere> {
    Arc::new(Elsewhere {
        mood: Mutex::new(Mood::Works),
        map: Mutex::default(),
    })
}

fn bench(elsewhere: Arc<Elsewhere>, vars: &[(&str, &str)]) -> Bench {
    let clock = ManualClock::at(1_000_000);
    let (log, lines) = log_into();
    let vars = vars.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    let seal = Seal::new(&Settings::from_vars(vars), clock.clone());
    Bench {
        cache: Bounded::new(elsewhere.clone(), Some(seal.unwrap()), log),
        elsewhere,
        clock,
        lines,
    }
}

fn name(part: &str) -> Name {
    Name {
        kind: "policy".to_owned(),
        parts: vec![part.to_owned()],
    }
}

const SECOND: Duration = Duration::from_secs(1);

async fn put(bench: &Bench, part: &str, value: &str) {
    let value = value.as_bytes().to_vec();
    bench.cache.put(name(part), Room::Kept, value, 60_000).await;
}

#[tokio::test]
async fn a_replaced_cache_is_used_and_sees_neither_names_nor_values() {
    let bench = bench(elsewhere(), &[]);
    put(&bench, "octocat/hello", "permissions").await;
    let kept = Some(b"permissions".to_vec());
    assert_eq!(bench.cache.get(&name("octocat/hello")).await, kept);
    let led = bench
        .cache
        .get_or_lead(&name("octocat/hello"), SECOND, SECOND, 1)
        .await;
    assert_eq!(led, Answer::Hit(b"permissions".to_vec()));
    let missed = bench
        .cache
        .get_or_lead(&name("other"), SECOND, SECOND, 1)
        .await;
    assert_eq!(missed, Answer::Alone, "it makes nobody wait");
    let map = bench.elsewhere.map.lock().unwrap().clone();
    assert_eq!(map.len(), 1);
    let seen = format!("{map:?}");
    assert!(!seen.contains("octocat") && !seen.contains("policy"));
    for value in map.values() {
        assert!(!value.windows(6).any(|bytes| bytes == b"permis"));
    }
    bench.cache.remove(&name("octocat/hello")).await;
    assert!(bench.elsewhere.map.lock().unwrap().is_empty());
    let reserved = bench.cache.reserve(name("r"), 1000).await;
    assert_eq!(reserved, Reservation::Failed);
    let counted = bench.cache.count(name("c"), Room::Kept, 1, 1000).await;
    assert_eq!(counted, None);
    assert!(!bench.cache.makes_wait() && !bench.cache.is_atomic());
    assert_eq!(bench.lines.all(), [""; 0]);
}

#[tokio::test]
async fn what_strangers_chose_does_not_leave_the_process() {
    let bench = bench(elsewhere(), &[]);
    put(&bench, "a", "old").await;
    let value = b"of a stranger".to_vec();
    bench
        .cache
        .put(name("a"), Room::Unproven, value, 60_000)
        .await;
    assert_eq!(bench.cache.get(&name("a")).await, None);
    assert!(bench.elsewhere.map.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_others_wrote_or_moved_or_kept_too_long_is_a_miss() {
    let bench = bench(elsewhere(), &[]);
    put(&bench, "a", "value of a").await;
    put(&bench, "b", "value of b").await;
    let swapped = |map: &mut BTreeMap<String, Vec<u8>>| {
        let values: Vec<_> = map.values().rev().cloned().collect();
        map.values_mut()
            .zip(values)
            .for_each(|(to, from)| *to = from);
    };
    swapped(&mut bench.elsewhere.map.lock().unwrap());
    assert_eq!(bench.cache.get(&name("a")).await, None);
    assert_eq!(bench.cache.get(&name("b")).await, None);
    swapped(&mut bench.elsewhere.map.lock().unwrap());
    assert!(bench.cache.get(&name("a")).await.is_some());
    bench.clock.advance(Duration::from_secs(60));
    assert_eq!(bench.cache.get(&name("a")).await, None);
    put(&bench, "a", "new").await;
    for value in bench.elsewhere.map.lock().unwrap().values_mut() {
        *value.last_mut().unwrap() ^= 1;
    }
    assert_eq!(bench.cache.get(&name("a")).await, None);
    let led = bench.cache.get_or_lead(&name("a"), SECOND, SECOND, 1).await;
    assert_eq!(led, Answer::Alone);
}

#[tokio::test]
async fn only_who_has_the_secret_and_the_same_github_shares() {
    let store = elsewhere();
    let secret = ("OCTOSTS_CACHE_SECRET", "one");
    let first = bench(store.clone(), &[secret]);
    put(&first, "a", "value").await;
    let ghes = ("GITHUB_BASE_URL", "https://ghes.corp/api/v3");
    for (vars, shared) in [
        (&[secret][..], true),
        (&[("OCTOSTS_CACHE_SECRET", "two")], false),
        (&[secret, ghes], false),
        (&[], false),
    ] {
        let second = bench(store.clone(), vars);
        let found = second.cache.get(&name("a")).await;
        assert_eq!(found.is_some(), shared, "{vars:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_hangs_or_fails_is_a_miss_after_its_bound() {
    for (mood, each) in [(Mood::Hangs, 250), (Mood::Fails, 0)] {
        let bench = bench(elsewhere(), &[]);
        put(&bench, "a", "value").await;
        *bench.elsewhere.mood.lock().unwrap() = mood;
        let took = async |wanted: u64, start: Instant| {
            assert_eq!(start.elapsed().as_millis(), u128::from(wanted));
            Instant::now()
        };
        let start = Instant::now();
        assert_eq!(bench.cache.get(&name("a")).await, None);
        let start = took(each, start).await;
        put(&bench, "a", "value").await;
        let start = took(each, start).await;
        bench.cache.remove(&name("a")).await;
        let start = took(each, start).await;
        let led = bench.cache.get_or_lead(&name("a"), SECOND, SECOND, 1).await;
        assert_eq!(led, Answer::Alone);
        let wait = if mood == Mood::Hangs { 1000 } else { 0 };
        took(each + wait, start).await;
        let told = bench.lines.with("the cache failed");
        assert_eq!(told.len(), 1, "one line for all: {told:?}");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(bench.cache.get(&name("a")).await, None);
        let told = bench.lines.with("the cache failed");
        assert!(told[1].contains("untold=\"3\""), "{told:?}");
    }
}
