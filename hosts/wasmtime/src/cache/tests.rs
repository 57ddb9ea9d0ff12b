#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use super::memory::{LONGEST_NAME, LONGEST_WAIT};
use super::*;
use crate::clock::ManualClock;
use tokio::task::JoinSet;
use tokio::time::Instant;

fn name(part: &str) -> Name {
    Name {
        kind: "installation".to_owned(),
        parts: vec![part.to_owned()],
    }
}

fn cache() -> (Arc<Memory>, Arc<ManualClock>) {
    let clock = ManualClock::at(1_000_000);
    (Arc::new(Memory::new(clock.clone())), clock)
}

async fn lead(cache: &Memory, name: Name, wait_ms: u32, lead_ms: u32, leader: LeaderId) -> Answer {
    let (wait, time) = (u64::from(wait_ms), u64::from(lead_ms));
    let (wait, time) = (Duration::from_millis(wait), Duration::from_millis(time));
    cache.get_or_lead(&name, wait, time, leader).await
}

fn hit(text: &str) -> Answer {
    Answer::Hit(text.as_bytes().to_vec())
}

fn put(cache: &Memory, part: &str, value: &str) {
    cache.put(name(part), Room::Kept, value.as_bytes().to_vec(), 60_000);
}

#[test]
fn values_live_as_long_as_the_hosts_clock_says() {
    let (cache, clock) = cache();
    put(&cache, "o", "v");
    clock.advance(Duration::from_millis(59_999));
    assert_eq!(cache.get(&name("o")), Some(b"v".to_vec()));
    clock.advance(Duration::from_millis(1));
    assert_eq!(cache.get(&name("o")), None);
    cache.put(name("o"), Room::Kept, vec![1], 0);
    assert_eq!(cache.get(&name("o")), None);
}

#[test]
fn names_are_compared_part_by_part() {
    let (cache, _) = cache();
    let of = |parts: &[&str]| Name {
        kind: "k".to_owned(),
        parts: parts.iter().map(|part| (*part).to_owned()).collect(),
    };
    cache.put(of(&["ab", "c"]), Room::Kept, vec![1], 1000);
    for other in [&["a", "bc"][..], &["abc"], &["ab", "c", ""], &["AB", "c"]] {
        assert_eq!(cache.get(&of(other)), None);
    }
}

#[tokio::test]
async fn names_that_are_too_long_are_not_kept_led_or_reserved() {
    let (cache, _) = cache();
    let long = name(&"x".repeat(LONGEST_NAME));
    cache.put(long.clone(), Room::Kept, vec![1], 1000);
    assert_eq!(cache.get(&long), None);
    assert_eq!(lead(&cache, long.clone(), 10, 10, 1).await, Answer::Alone);
    assert_eq!(cache.reserve(long.clone(), 1000), Reservation::Failed);
    assert_eq!(cache.count(long, Room::Kept, 1, 1000), None);
}

/// Fifty equal cold requests, the first of which leads; gives the task set and lets all of them wait.
async fn fifty(cache: &Arc<Memory>, wait_ms: u32, lead_ms: u32) -> JoinSet<Answer> {
    assert_eq!(
        lead(cache, name("o"), wait_ms, lead_ms, 0).await,
        Answer::Lead
    );
    let mut waiters = JoinSet::new();
    for leader in 1..50 {
        let cache = cache.clone();
        waiters.spawn(async move { lead(&cache, name("o"), wait_ms, lead_ms, leader).await });
    }
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    waiters
}

async fn counted(waiters: JoinSet<Answer>) -> (usize, usize, usize) {
    let answers = waiters.join_all().await;
    let of = |wanted: fn(&Answer) -> bool| answers.iter().filter(|answer| wanted(answer)).count();
    (
        of(|answer| matches!(answer, Answer::Hit(_))),
        of(|answer| *answer == Answer::Lead),
        of(|answer| *answer == Answer::Busy),
    )
}

#[tokio::test(start_paused = true)]
async fn fifty_wait_for_one_put() {
    let (cache, _) = cache();
    let waiters = fifty(&cache, 10_000, 10_000).await;
    put(&cache, "o", "v");
    assert_eq!(counted(waiters).await, (49, 0, 0));
    assert_eq!(lead(&cache, name("o"), 0, 1000, 7).await, hit("v"));
}

#[tokio::test(start_paused = true)]
async fn of_fifty_one_leads_after_a_lead_that_ended_without_a_value() {
    for end in [
        (|cache: &Memory| cache.remove(&name("o"))) as fn(&Memory),
        |cache| cache.end_leads_of(0),
        // A value that is not kept ends the lead too.
        |cache| cache.put(name("o"), Room::Kept, vec![1], 0),
    ] {
        let (cache, _) = cache();
        let waiters = fifty(&cache, 10_000, 30_000).await;
        end(&cache);
        assert_eq!(counted(waiters).await, (0, 1, 48));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lead_ends_after_its_time_and_the_next_leads() {
    let (cache, _) = cache();
    let start = Instant::now();
    let waiters = fifty(&cache, 1_500, 1_000).await;
    assert_eq!(counted(waiters).await, (0, 1, 48));
    assert_eq!(start.elapsed().as_millis() / 100, 15);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_wait_is_told_at_once() {
    let (cache, _) = cache();
    let start = Instant::now();
    let waiters = fifty(&cache, 0, 10_000).await;
    assert_eq!(counted(waiters).await, (0, 0, 49));
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waiting_is_bounded_whatever_the_guest_asks() {
    let (cache, _) = cache();
    let start = Instant::now();
    assert_eq!(lead(&cache, name("o"), 0, u32::MAX, 1).await, Answer::Lead);
    assert_eq!(lead(&cache, name("o"), u32::MAX, 1, 2).await, Answer::Busy);
    assert_eq!(start.elapsed().as_secs(), LONGEST_WAIT.as_secs());
}

#[tokio::test(start_paused = true)]
async fn an_instance_leads_one_name_at_a_time() {
    let (cache, _) = cache();
    assert_eq!(lead(&cache, name("a"), 0, 10_000, 1).await, Answer::Lead);
    assert_eq!(
        lead(&cache, name("a"), 0, 10_000, 1).await,
        Answer::Lead,
        "its own"
    );
    assert_eq!(lead(&cache, name("b"), 0, 10_000, 1).await, Answer::Lead);
    assert_eq!(
        lead(&cache, name("a"), 0, 10_000, 2).await,
        Answer::Lead,
        "given up"
    );
    assert_eq!(
        lead(&cache, name("b"), 0, 10_000, 2).await,
        Answer::Busy,
        "still led"
    );
}

#[tokio::test(start_paused = true)]
async fn ending_the_leads_of_one_leaves_those_of_others() {
    let (cache, _) = cache();
    assert_eq!(lead(&cache, name("a"), 0, 10_000, 1).await, Answer::Lead);
    cache.end_leads_of(2);
    assert_eq!(lead(&cache, name("a"), 0, 10_000, 3).await, Answer::Busy);
    put(&cache, "a", "v");
    cache.end_leads_of(1);
    assert_eq!(lead(&cache, name("a"), 0, 10_000, 3).await, hit("v"));
}
