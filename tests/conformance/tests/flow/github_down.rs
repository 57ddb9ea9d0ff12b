//! GitHub is slow, broken, limited or away: the answer says so in time, and everything recovers by itself.

use std::time::{Duration, Instant};

use conformance::{Answer, Building, NOW, World};
use simulator::{Bucket, Fault, Route};

#[track_caller]
fn unavailable(answer: &Answer, message: &str) {
    answer.refused(503, 14, "unavailable", message);
}

/// The failure of a look-up is shared for a second with those who wait for the same one.
fn forget_failures(world: &World) {
    world.advance(2);
}

#[tokio::test]
async fn while_github_is_away_the_answer_is_unavailable_and_then_it_is_not() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    let token = world.token(&world.run("acme", "app"));
    world.github().stop_listening().await;
    // Warm: the mint fails. Cold: the look-ups do.
    let began = Instant::now();
    unavailable(
        &world.exchange(&token, "acme/app", "ci").await,
        "failed to get token",
    );
    unavailable(
        &world.exchange(&token, "acme/lib", "ci").await,
        "GitHub is unavailable",
    );
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    world.github().listen_again().await.unwrap();
    forget_failures(&world);
    let _ = world.exchange(&token, "acme/app", "ci").await.granted();
    let answer = world.exchange(&token, "acme/lib", "ci").await;
    answer.refused(
        404,
        5,
        "policy_not_found",
        "unable to find trust policy for \"ci\"",
    );
}

#[tokio::test]
async fn reads_are_tried_three_times_and_mints_twice() {
    let world = World::new().await;
    let github = world.github();
    for route in [
        Route::AppInstallations,
        Route::AccessTokens,
        Route::ReadContents,
    ] {
        // What is remembered is over; two failures are survived.
        world.advance(3601);
        world.forget_calls();
        github.faults().next(route, 2, Fault::status(502));
        let _ = world.usual().await.granted();
        assert!(world.sim.count(route) >= 3, "{route:?}");
        // Three are not.
        world.advance(3601);
        world.forget_calls();
        github.faults().next(route, 3, Fault::status(503));
        unavailable(&world.usual().await, "GitHub is unavailable");
        assert_eq!(world.sim.count(route), 3, "{route:?}");
        assert_eq!(github.faults().left(), 0);
        forget_failures(&world);
    }
    let _ = world.usual().await.granted();
    world.forget_calls();
    github
        .faults()
        .next(Route::AccessTokens, 1, Fault::status(502));
    let _ = world.usual().await.granted();
    github
        .faults()
        .next(Route::AccessTokens, 2, Fault::status(502));
    unavailable(&world.usual().await, "failed to get token");
    assert_eq!(world.sim.count(Route::AccessTokens), 4);
}

#[tokio::test]
async fn a_mint_that_may_have_arrived_is_not_made_twice() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    for fault in [Fault::Cut, Fault::CutMidBody, Fault::Garbage] {
        world.forget_calls();
        world
            .github()
            .faults()
            .next(Route::AccessTokens, 1, fault.clone());
        unavailable(&world.usual().await, "failed to get token");
        assert_eq!(world.sim.count(Route::AccessTokens), 1, "{fault:?}");
    }
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn a_token_in_an_answer_that_is_too_large_or_cut_is_revoked() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    for fault in [Fault::HugeBody(9 * 1024 * 1024), Fault::CutMidBody] {
        world.github().faults().next(Route::AccessTokens, 1, fault);
        unavailable(&world.usual().await, "failed to get token");
        world.until_live(1).await;
    }
    // Large, but not too large.
    let full = Fault::HugeBody(7 * 1024 * 1024);
    world.github().faults().next(Route::AccessTokens, 1, full);
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn answers_that_cannot_be_read_are_no_answers() {
    let world = World::new().await;
    let huge = Fault::HugeBody(3 * 1024 * 1024);
    for (route, fault) in [
        (Route::AppInstallations, Fault::Garbage),
        (Route::AppInstallations, huge.clone()),
        (Route::AppInstallations, Fault::CutMidBody),
        (Route::ReadContents, Fault::Garbage),
        (Route::ReadContents, huge),
        (Route::ReadContents, Fault::Cut),
    ] {
        world.github().faults().next(route, 3, fault.clone());
        unavailable(&world.usual().await, "GitHub is unavailable");
        world.github().faults().clear();
        world.until_live(0).await;
        forget_failures(&world);
    }
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn a_hang_ends_with_the_deadline() {
    let world = Building::default()
        .set("OCTOSTS_DEADLINE", "2s")
        .start()
        .await;
    for (route, fault) in [
        (Route::AppInstallations, Fault::Hang),
        (Route::ReadContents, Fault::HangMidBody),
        (Route::AccessTokens, Fault::Hang),
    ] {
        world.github().faults().next(route, 9, fault);
        let began = Instant::now();
        let answer = world.usual().await;
        answer.refused(504, 4, "upstream_timeout", "deadline exceeded");
        let took = began.elapsed();
        let bounds = Duration::from_millis(1500)..Duration::from_secs(8);
        assert!(bounds.contains(&took), "{route:?} took {took:?}");
        world.github().faults().clear();
        forget_failures(&world);
    }
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn limits_are_passed_on_with_the_time_to_wait() {
    let world = World::new().await;
    let github = world.github();
    let app = Bucket::App(conformance::APP);
    let limited = |answer: &Answer, what: &str, seconds: u64| {
        let message = format!("GitHub API rate limit exceeded for \"{what}\"");
        answer.refused(429, 8, "rate_limited", &message);
        assert_eq!(answer.retry_after(), Some(seconds));
    };
    // At the look-up, by the owner's name; at the read and the mint, by the policy's.
    for status in [403, 429] {
        github.limit_with(app, 0, NOW + 900, status);
        limited(&world.usual().await, "acme", 900);
        github.lift_limits();
        world.sim.clock().set(NOW);
    }
    forget_failures(&world);
    github.limit_secondary(app, 1, 33);
    limited(&world.usual().await, "acme", 33);
    forget_failures(&world);
    github.limit(app, 1, NOW + 604);
    limited(&world.usual().await, "ci", 600);
    github.lift_limits();
    forget_failures(&world);
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    github.limit_secondary(app, 9, 7);
    world.forget_calls();
    limited(&world.usual().await, "ci", 7);
    assert_eq!(world.github_calls(), 1, "a limit is not tried again");
    github.lift_limits();
    let far = NOW + 100_000;
    github.limit(app, 0, far);
    limited(&world.usual().await, "ci", 3600);
    github.lift_limits();
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn bare_refusals_are_no_limits() {
    let world = World::new().await;
    let faults = || world.github().faults();
    let usual = async || world.usual().await;
    faults().next(Route::AppInstallations, 1, Fault::status(403));
    usual()
        .await
        .refused(500, 13, "upstream_error", "failed to get token");
    forget_failures(&world);
    // The read token: remembered for a minute.
    let forbidden = "not permitted to read trust policy for \"ci\"";
    faults().next(Route::AccessTokens, 1, Fault::status(403));
    usual().await.refused(403, 7, "policy_forbidden", forbidden);
    world.forget_calls();
    world.advance(59);
    usual().await.refused(403, 7, "policy_forbidden", forbidden);
    assert_eq!(world.github_calls(), 0);
    world.advance(1);
    let _ = usual().await.granted();
    // The mint.
    faults().next(Route::AccessTokens, 1, Fault::status(403));
    usual()
        .await
        .refused(403, 7, "permission_denied", "failed to get token");
    let _ = usual().await.granted();
}

#[tokio::test]
async fn a_refused_app_jwt_is_not_sent_twice() {
    let building = Building::default().signs_with(conformance::another_app_key());
    let world = building.start().await;
    let answer = world.usual().await;
    answer.refused(500, 13, "upstream_error", "failed to get token");
    assert_eq!(
        world.github_calls(),
        1,
        "the same JWT would be refused again"
    );
    let line = "GitHub refuses this App's key, or the clock is wrong";
    assert!(world.logged(&answer.decision(), line));
    forget_failures(&world);
    let answer = world.usual().await;
    answer.refused(500, 13, "upstream_error", "failed to get token");
    assert_eq!(world.github_calls(), 2);
    // Once GitHub knows the key, it works.
    world
        .github()
        .set_app_keys(conformance::APP, vec![conformance::another_app_key()])
        .unwrap();
    forget_failures(&world);
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn a_replaced_key_file_is_read_again() {
    let file = std::env::temp_dir().join(format!("conformance-{}.pem", std::process::id()));
    std::fs::write(&file, conformance::app_key().pem()).unwrap();
    let building = Building::default()
        .unset("APP_SECRET_CERTIFICATE_ENV_VAR")
        .set("APP_SECRET_CERTIFICATE_FILE", file.to_str().unwrap());
    let world = building.start().await;
    let _ = world.usual().await.granted();
    let new = conformance::another_app_key();
    world
        .github()
        .set_app_keys(conformance::APP, vec![new.clone()])
        .unwrap();
    std::fs::write(&file, new.pem()).unwrap();
    world.until_live(1).await;
    world.forget_calls();
    let granted = world.usual().await.granted();
    assert_eq!(
        world.github_calls(),
        2,
        "refused once, then with the new key"
    );
    assert!(!granted.token.is_empty());
    std::fs::remove_file(file).unwrap();
}

#[tokio::test]
async fn a_fresh_token_is_given_a_second_to_be_known() {
    for status in [401, 403] {
        let world = World::new().await;
        world.github().refuse_fresh_tokens(1, status);
        let began = Instant::now();
        let _ = world.usual().await.granted();
        assert!(began.elapsed() >= Duration::from_secs(1), "{status}");
        assert_eq!(world.sim.count(Route::ReadContents), 2);
    }
}

#[tokio::test]
async fn a_policy_that_stays_forbidden_is_forbidden() {
    let world = World::new().await;
    world
        .github()
        .faults()
        .next(Route::ReadContents, 9, Fault::status(403));
    let answer = world.usual().await;
    answer.refused(
        403,
        7,
        "policy_forbidden",
        "not permitted to read trust policy for \"ci\"",
    );
    assert_eq!(world.sim.count(Route::ReadContents), 2);
    world.until_live(0).await;
}
