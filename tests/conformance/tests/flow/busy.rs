//! What is too much is told so.

use std::sync::Arc;
use std::time::Duration;

use conformance::Building;
use host_wasmtime::Limits;
use simulator::{Fault, Route};

#[tokio::test(flavor = "multi_thread")]
async fn more_than_there_is_room_for_are_told_that_the_server_is_busy() {
    let limits = Limits {
        in_flight: 1,
        waiting: 0,
        ..Limits::default()
    };
    let world = Arc::new(Building::default().limits(limits).start().await);
    let slow = Fault::Delay(Duration::from_secs(1));
    world
        .github()
        .faults()
        .next(Route::AppInstallations, 1, slow);
    let first = tokio::spawn({
        let world = world.clone();
        async move { world.usual().await }
    });
    world
        .until("the first is inside", |world| {
            world.calls().contains_key("discovery")
        })
        .await;
    let second = world.usual().await;
    second.refused(503, 14, "unavailable", "server is busy");
    assert_eq!(second.retry_after(), Some(1));
    let _ = first.await.unwrap().granted();
    assert_eq!(world.records().len(), 1);
}
