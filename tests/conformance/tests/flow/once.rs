//! A `single_use` token whose use cannot be recorded gets nothing (rule 32).

use std::sync::Arc;
use std::time::Duration;

use conformance::{Building, Policy};
use host_wasmtime::cache::{Cache, Name, Room};
use host_wasmtime::{BoxFuture, Unavailable};

/// It promises to be atomic, and its store is away.
struct Away;

impl Cache for Away {
    fn get<'a>(&'a self, _: &'a Name) -> BoxFuture<'a, Result<Option<Vec<u8>>, Unavailable>> {
        Box::pin(async { Err(Unavailable::because("away")) })
    }

    fn put(
        &self,
        _: Name,
        _: Room,
        _: Vec<u8>,
        _: Duration,
    ) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async { Err(Unavailable::because("away")) })
    }

    fn remove<'a>(&'a self, _: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async { Err(Unavailable::because("away")) })
    }

    fn is_atomic(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn a_use_that_cannot_be_recorded_mints_nothing() {
    let world = Building::default().cache(Arc::new(Away)).start().await;
    let issuer = world.sim.actions_issuer().url();
    let policy = Policy::new(&issuer, "repo:acme/app:ref:refs/heads/main");
    world.put_policy("acme/app", "once", policy.line("single_use: true").text());
    let token = world.token(&world.run("acme", "app"));
    let answer = world.exchange(&token, "acme/app", "once").await;
    answer.refused(503, 14, "unavailable", "token use could not be recorded");
    world.until_live(0).await;
    let _ = world.usual().await.granted();
}
