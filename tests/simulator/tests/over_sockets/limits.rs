//! Rate limits.

use simulator::Bucket;

use crate::world::{NOW, scene};

#[tokio::test]
async fn a_primary_limit_holds_until_its_reset() {
    let scene = scene().await;
    let token = scene.full_token().await;
    let github = scene.sim.github();
    github.limit(Bucket::Installation(scene.acme), 1, NOW + 100);
    let get = async || scene.get("/repos/acme/app", &token).await;
    let last = get().await;
    assert_eq!(last.status, 200);
    assert_eq!(last.header("x-ratelimit-remaining"), "0");
    let refused = get().await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert_eq!(refused.header("x-ratelimit-reset"), (NOW + 100).to_string());
    assert!(refused.message().starts_with("API rate limit exceeded"));
    // The App's own bucket is another one, and looking costs nothing.
    assert_eq!(scene.as_app("GET", "/app").send().await.status, 200);
    let look = scene.get("/rate_limit", &token).await;
    assert_eq!(look.status, 200);
    assert_eq!(look.json()["resources"]["core"]["remaining"], 0);
    scene.sim.clock().advance(100);
    assert_eq!(get().await.status, 200);
    github.limit_with(Bucket::App(42), 0, NOW + 500, 429);
    assert_eq!(scene.as_app("GET", "/app").send().await.status, 429);
    github.lift_limits();
    assert_eq!(scene.as_app("GET", "/app").send().await.status, 200);
}

#[tokio::test]
async fn a_secondary_limit_says_when_to_come_again() {
    let scene = scene().await;
    let github = scene.sim.github();
    github.limit_secondary(Bucket::App(42), 1, 17);
    let refused = scene.as_app("GET", "/app").send().await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("retry-after"), "17");
    assert_ne!(refused.header("x-ratelimit-remaining"), "0");
    let page = refused.json()["documentation_url"]
        .as_str()
        .map(str::to_owned);
    assert!(page.unwrap().ends_with("secondary-rate-limits"));
    assert_eq!(scene.as_app("GET", "/app").send().await.status, 200);
}

#[tokio::test]
async fn nothing_is_limited_unless_a_test_says_so() {
    let scene = scene().await;
    for _ in 0..3 {
        assert_eq!(scene.as_app("GET", "/app").send().await.status, 200);
    }
    let answer = scene.as_app("GET", "/app").send().await;
    assert_eq!(answer.header("x-ratelimit-remaining"), "4996");
}
