//! The engine: how the component is compiled and how much it may take.

use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig};

use crate::error::Error;

/// How much a host takes on. The defaults serve a small machine; none of them is about who gets a token.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Requests inside the component at one time, each in an instance of its own.
    pub in_flight: u32,
    /// Requests that wait for their turn beyond these. More are answered `busy`.
    pub waiting: u32,
    /// How long they wait.
    pub longest_wait: Duration,
    /// Bytes of linear memory of one instance.
    pub memory: usize,
    /// Requests that an instance serves before it is replaced.
    pub requests_per_instance: usize,
    /// An instance without a request is dropped after this time.
    pub idle: Duration,
    /// Connections at one time; further ones wait in the listener's queue.
    pub connections: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            in_flight: 128,
            waiting: 512,
            longest_wait: Duration::from_secs(2),
            memory: 64 * 1024 * 1024,
            requests_per_instance: 128,
            idle: Duration::from_secs(30),
            connections: 1024,
        }
    }
}

/// How often a running guest must let others run and be looked at.
const TICK: Duration = Duration::from_millis(10);

/// Core instances, memories and tables of one component: a composed file has several of each.
const PARTS: u32 = 16;

/// An engine whose instances come from a pool, or one by one where the machine does not give a pool's address space.
///
/// # Errors
/// This machine can't run the engine.
pub(crate) fn engine(limits: &Limits) -> Result<Engine, Error> {
    Engine::new(&config(Some(limits)))
        .or_else(|_| Engine::new(&config(None)))
        .map_err(|error| Error::Engine(format!("{error:#}")))
}

fn config(pooled: Option<&Limits>) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    config.epoch_interruption(true);
    config.memory_init_cow(true);
    config.parallel_compilation(true);
    config.cranelift_opt_level(OptLevel::Speed);
    if let Some(limits) = pooled {
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    }
    config
}

fn pool(limits: &Limits) -> PoolingAllocationConfig {
    // An instance that ends overlaps with the one that takes its place, so there is room for twice as many.
    let instances = limits.in_flight.saturating_mul(2).max(8);
    let parts = instances.saturating_mul(PARTS);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances);
    pool.max_core_instances_per_component(PARTS);
    pool.max_memories_per_component(2);
    pool.max_tables_per_component(PARTS);
    pool.total_core_instances(parts);
    pool.total_memories(instances.saturating_mul(2));
    pool.total_tables(parts);
    pool.total_stacks(instances.saturating_mul(4));
    pool.max_component_instance_size(4 * 1024 * 1024);
    pool.max_core_instance_size(4 * 1024 * 1024);
    pool.max_memory_size(limits.memory);
    // What an instance touches is kept mapped for the next one instead of being given back each time.
    pool.linear_memory_keep_resident(64 * 1024);
    pool
}

/// Moves the engine's epoch on, in a thread of its own (a spinning guest could hold every thread of the runtime),
/// until the engine is gone.
///
/// # Errors
/// The thread can't be started.
pub(crate) fn start_ticker(engine: &Engine) -> Result<(), Error> {
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(TICK);
            }
        })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn the_pool_fits_here() {
        assert!(Engine::new(&config(Some(&Limits::default()))).is_ok());
        assert!(Engine::new(&config(None)).is_ok());
    }

    #[test]
    fn a_pool_that_no_machine_has_gives_way() {
        let limits = Limits {
            in_flight: 1_000_000,
            ..Limits::default()
        };
        assert!(engine(&limits).is_ok());
    }
}
