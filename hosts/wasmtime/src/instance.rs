//! Instances of the component: what each of them holds, what it is linked to, and when it ends.
//!
//! An instance serves one request at a time and many one after the other. It is dropped when it trapped, took too long,
//! served its number of requests or was idle.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use wasmtime::component::{Component, GuestTaskId, HasSelf, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::bindings::Service;
use crate::clock::{Clock, GuestWallClock};
use crate::engine::Limits;
use crate::error::Error;
use crate::guest_output::{GuestOutput, GuestStderr};
use crate::outbound::{Hooks, Outbound};
use crate::platform::{Platform, Tenure};
use portable::LogLevel;

/// Making an instance takes microseconds; a start function that spins must not hold a request's place for longer.
const LONGEST_START: Duration = Duration::from_secs(10);
/// An instance that does not let its request be expired is dropped so long after the deadline.
const GRACE: Duration = Duration::from_secs(1);
/// After its call has returned, a component of WASI 0.2 has nothing left to do.
const POST_RETURN: Duration = Duration::from_millis(250);

/// Ticks that a request sees before it is slowed down; a tick comes with every wait for an answer, too.
const FREE_TICKS: u32 = 16;

/// What one instance holds.
pub(crate) struct Guest {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    table: ResourceTable,
    limits: StoreLimits,
    /// Ticks of the current request.
    ticks: u32,
    pub(crate) tenure: Tenure,
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Makes instances.
pub(crate) struct Instances {
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<Guest>,
    pub(crate) platform: Arc<Platform>,
    pub(crate) outbound: Arc<Outbound>,
    pub(crate) output: Arc<GuestOutput>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    /// How long the component may work on a request, its own deadline and ten seconds.
    pub(crate) deadline: Duration,
    pub(crate) next_leader: AtomicU64,
}

/// Links a component: `octo-sts:platform`, `wasi:http`, clocks, randomness, and the parts of `wasi:cli` that Rust's
/// standard library asks for. No files, no sockets: a component that imports them does not link.
///
/// # Errors
/// The component asks for something else, or exports no `wasi:http/incoming-handler`.
pub(crate) fn link(engine: &Engine, component: &Component) -> Result<ProxyPre<Guest>, Error> {
    let linked = || {
        use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
        use wasmtime_wasi::p2::bindings::{cli, random};
        use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
        let mut linker = Linker::<Guest>::new(engine);
        wasmtime_wasi_http::p2::add_to_linker_async(&mut linker)?;
        cli::environment::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        cli::exit::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        cli::terminal_input::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        cli::terminal_output::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(&mut linker, Guest::cli)?;
        // The seed of hash maps in the standard library.
        random::insecure_seed::add_to_linker::<_, WasiRandom>(&mut linker, Guest::random)?;
        Service::add_to_linker::<_, HasSelf<_>>(&mut linker, |guest: &mut Guest| guest)?;
        let pre = linker.instantiate_pre(component)?;
        wasmtime_wasi_http::p2::bindings::ProxyPre::new(pre)
    };
    let pre = linked().map_err(|error: wasmtime::Error| Error::Component(format!("{error:#}")))?;
    Ok(ProxyPre::P2(pre))
}

impl Instances {
    /// Empty environment, no arguments, no files, no input; errors go to the log; time is the host's.
    fn guest(&self) -> Guest {
        let leader = self.next_leader.fetch_add(1, Ordering::Relaxed);
        let wasi = WasiCtx::builder()
            .wall_clock(GuestWallClock(self.clock.clone()))
            .stderr(GuestStderr(self.output.clone()))
            .build();
        Guest {
            wasi,
            http: WasiHttpCtx::new(),
            hooks: Hooks(self.outbound.clone()),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new()
                .memory_size(self.limits.memory)
                .build(),
            ticks: 0,
            tenure: Tenure::new(self.platform.clone(), leader),
        }
    }
}

impl HandlerState for Instances {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Worker>> {
        let mut store = Store::new(&self.engine, self.guest());
        store.limiter(|guest| &mut guest.limits);
        // At each tick the guest lets go of its thread, so that its expiration is looked at.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(let_others_run);
        let made = tokio::time::timeout(LONGEST_START, self.pre.instantiate_async(&mut store));
        let proxy = made.await??;
        Ok(Instance {
            store,
            proxy,
            view: Guest::http,
            expiration: Expiration {
                timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
                deadline: self.deadline,
                idle: self.limits.idle,
            },
            state: Worker {
                platform: self.platform.clone(),
                requests: self.limits.requests_per_instance,
            },
        })
    }
}

/// At a tick, the guest yields. One that has seen many of them in a request works more than it waits: it sleeps for a
/// moment, since a runtime whose threads all have something to run looks at its sockets only now and then, and all other
/// requests would be late.
fn let_others_run(mut store: StoreContextMut<'_, Guest>) -> wasmtime::Result<UpdateDeadline> {
    let guest = store.data_mut();
    guest.ticks = guest.ticks.saturating_add(1);
    if guest.ticks <= FREE_TICKS {
        return Ok(UpdateDeadline::Yield(1));
    }
    let moment = tokio::time::sleep(Duration::from_millis(1));
    Ok(UpdateDeadline::YieldCustom(1, Box::pin(moment)))
}

/// What comes with a request.
pub(crate) struct Ticket {
    /// When it expires.
    pub(crate) deadline: tokio::time::Instant,
    /// Its place inside; held until the component's call has ended, not only until it answered.
    pub(crate) place: OwnedSemaphorePermit,
}

/// How an instance takes requests.
pub(crate) struct Worker {
    platform: Arc<Platform>,
    requests: usize,
}

impl WorkerState for Worker {
    type StoreData = Guest;
    type RequestData = Ticket;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        match (concurrent, total) {
            (_, total) if total >= self.requests => ShouldAccept::Never,
            (0, _) => ShouldAccept::Yes,
            _ => ShouldAccept::No,
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, Guest>,
        ticket: Ticket,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        store.data().tenure.end_leads();
        store.data_mut().ticks = 0;
        Box::pin(async move {
            tokio::time::sleep_until(ticket.deadline).await;
            drop(ticket.place);
        })
    }

    fn drop(&self, store: Store<Guest>, result: Result<(), wasmtime::Error>) {
        drop(store);
        if let Err(error) = result {
            let fields = [("error".to_owned(), format!("{error:#}"))];
            let message = "an instance of the component ended";
            self.platform
                .log
                .write(LogLevel::Error, "", message, &fields);
        }
    }
}

/// When an instance is dropped. This is looked at from outside, also while the guest spins or a verb waits.
pub(crate) struct Expiration {
    timer: Pin<Box<Sleep>>,
    deadline: Duration,
    idle: Duration,
}

impl WorkerExpiration for Expiration {
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let this = self.get_mut();
        let most = match status {
            WorkerStatus::Idle => this.idle,
            WorkerStatus::Requests => this.deadline + GRACE,
            WorkerStatus::PostReturn => POST_RETURN,
        };
        let until = tokio::time::Instant::from_std(start + most);
        if this.timer.deadline() != until {
            this.timer.as_mut().reset(until);
        }
        this.timer.as_mut().poll(cx)
    }
}
