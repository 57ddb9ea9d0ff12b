//! Instances of the component: what each of them holds, what it is linked to, and when it ends.
//!
//! An instance serves one request at a time and many one after the other. It is dropped when it trapped, took too long,
//! served its number of requests or was idle.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Sleep;
use wasmtime::component::{Component, GuestTaskId, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, ProxyPre, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::clock::{Clock, GuestWallClock};
use crate::engine::Limits;
use crate::error::Error;
use crate::journal::Log;
use crate::outbound::{Calls, Hooks};
use portable::LogLevel;

/// Making an instance takes microseconds; a start function that spins must not hold a request's place for longer.
const LONGEST_START: Duration = Duration::from_secs(10);
/// An instance that does not let its request be expired is dropped so long after the deadline.
const GRACE: Duration = Duration::from_secs(1);
/// After its call has returned, a component of WASI 0.2 has nothing left to do.
const POST_RETURN: Duration = Duration::from_millis(250);

/// Ticks that a request sees before it is slowed down; a tick comes with every wait for an answer, too.
const FREE_TICKS: u32 = 16;

/// What a component is offered beyond `wasi:http`, clocks and randomness: interfaces, and what comes and goes by `wasi:cli`.
pub(crate) trait Offer: Send + Sync + Sized + 'static {
    /// What one instance holds of it.
    type Held: Send + 'static;

    /// For a new instance.
    fn hold(&self) -> Self::Held;

    /// Its environment and where its output goes. Without it: no variables, and what is written is lost.
    fn wasi(&self, wasi: &mut WasiCtxBuilder);

    /// Links the interfaces.
    fn link(&self, linker: &mut Linker<Guest<Self>>) -> wasmtime::Result<()>;

    /// An instance begins a request; what its last one left is over.
    fn request_begins(_held: &mut Self::Held) {}
}

/// What one instance holds.
pub(crate) struct Guest<O: Offer> {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: Hooks,
    pub(crate) table: ResourceTable,
    limits: StoreLimits,
    /// Ticks of the current request.
    ticks: u32,
    pub(crate) held: O::Held,
}

impl<O: Offer> WasiView for Guest<O> {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl<O: Offer> WasiHttpView for Guest<O> {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            hooks: &mut self.hooks,
            table: &mut self.table,
            ctx: &mut self.http,
        }
    }
}

/// Makes instances.
pub(crate) struct Instances<O: Offer> {
    pub(crate) engine: Engine,
    pub(crate) pre: ProxyPre<Guest<O>>,
    pub(crate) offer: O,
    pub(crate) calls: Arc<Calls>,
    pub(crate) log: Arc<Log>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) limits: Limits,
    /// How long the component may work on a request, its own deadline and ten seconds.
    pub(crate) deadline: Duration,
    /// Changes when the host has finished, and closes when it is gone.
    pub(crate) gone: watch::Receiver<()>,
}

/// Links a component: what is offered, `wasi:http`, clocks, randomness, and the parts of `wasi:cli` that Rust's
/// standard library asks for. No files, no sockets: a component that imports them does not link.
///
/// # Errors
/// The component asks for something else, or exports no `wasi:http/incoming-handler`.
pub(crate) fn link<O: Offer>(
    engine: &Engine,
    component: &Component,
    offer: &O,
) -> Result<ProxyPre<Guest<O>>, Error> {
    let linked = || {
        use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
        use wasmtime_wasi::p2::bindings::{cli, random};
        use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};
        let mut linker = Linker::<Guest<O>>::new(engine);
        wasmtime_wasi_http::p2::add_to_linker_async(&mut linker)?;
        cli::environment::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        cli::exit::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        cli::terminal_input::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        cli::terminal_output::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        cli::terminal_stdin::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        cli::terminal_stdout::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        cli::terminal_stderr::add_to_linker::<_, WasiCli>(&mut linker, Guest::<O>::cli)?;
        // The seed of hash maps in the standard library.
        random::insecure_seed::add_to_linker::<_, WasiRandom>(&mut linker, Guest::<O>::random)?;
        offer.link(&mut linker)?;
        let pre = linker.instantiate_pre(component)?;
        wasmtime_wasi_http::p2::bindings::ProxyPre::new(pre)
    };
    let pre = linked().map_err(|error: wasmtime::Error| Error::Component(format!("{error:#}")))?;
    Ok(ProxyPre::P2(pre))
}

impl<O: Offer> Instances<O> {
    /// No arguments, no files, no input; time is the host's.
    fn guest(&self) -> Guest<O> {
        let mut wasi = WasiCtx::builder();
        wasi.wall_clock(GuestWallClock(self.clock.clone()));
        self.offer.wasi(&mut wasi);
        Guest {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks: Hooks(self.calls.clone()),
            table: ResourceTable::new(),
            limits: StoreLimitsBuilder::new()
                .memory_size(self.limits.memory)
                .build(),
            ticks: 0,
            held: self.offer.hold(),
        }
    }
}

impl<O: Offer> HandlerState for Instances<O> {
    type StoreData = Guest<O>;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker<O>;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest<O>, Expiration, Worker<O>>> {
        let mut store = Store::new(&self.engine, self.guest());
        store.limiter(|guest| &mut guest.limits);
        // At each tick the guest lets go of its thread, so that its expiration is looked at.
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(let_others_run::<O>);
        let mut gone = self.gone.clone();
        let made = tokio::time::timeout(LONGEST_START, self.pre.instantiate_async(&mut store));
        let proxy = made.await??;
        Ok(Instance {
            store,
            proxy,
            view: Guest::<O>::http,
            expiration: Expiration {
                timer: Box::pin(tokio::time::sleep(Duration::ZERO)),
                deadline: self.deadline,
                idle: self.limits.idle,
                gone: Box::pin(async move {
                    let _ = gone.changed().await;
                }),
                is_gone: false,
            },
            state: Worker {
                log: self.log.clone(),
                requests: self.limits.requests_per_instance,
                gone: self.gone.clone(),
                offered: PhantomData,
            },
        })
    }
}

/// At a tick, the guest yields. One that has seen many of them in a request works more than it waits: it sleeps for a
/// moment, since a runtime whose threads all have something to run looks at its sockets only now and then, and all other
/// requests would be late.
fn let_others_run<O: Offer>(
    mut store: StoreContextMut<'_, Guest<O>>,
) -> wasmtime::Result<UpdateDeadline> {
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
pub(crate) struct Worker<O> {
    log: Arc<Log>,
    requests: usize,
    gone: watch::Receiver<()>,
    offered: PhantomData<O>,
}

impl<O: Offer> WorkerState for Worker<O> {
    type StoreData = Guest<O>;
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
        mut store: StoreContextMut<'_, Guest<O>>,
        ticket: Ticket,
        _task: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        let guest = store.data_mut();
        guest.ticks = 0;
        O::request_begins(&mut guest.held);
        Box::pin(async move {
            tokio::time::sleep_until(ticket.deadline).await;
            drop(ticket.place);
        })
    }

    fn drop(&self, store: Store<Guest<O>>, result: Result<(), wasmtime::Error>) {
        drop(store);
        // A runtime that ends drops idle instances, which is no event once their host is gone.
        let gone = !matches!(self.gone.has_changed(), Ok(false));
        if let Err(error) = result
            && !gone
        {
            let fields = [("error".to_owned(), format!("{error:#}"))];
            let message = "an instance of the component ended";
            self.log.write(LogLevel::Error, "", message, &fields);
        }
    }
}

/// When an instance is dropped. This is looked at from outside, also while the guest spins or a verb waits.
pub(crate) struct Expiration {
    timer: Pin<Box<Sleep>>,
    deadline: Duration,
    idle: Duration,
    /// Nobody will ask any more. An instance that idled on would keep its place in a pool that others share.
    gone: Pin<Box<dyn Future<Output = ()> + Send + Sync>>,
    is_gone: bool,
}

impl WorkerExpiration for Expiration {
    fn poll(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        status: WorkerStatus,
        start: Instant,
    ) -> Poll<()> {
        let this = self.get_mut();
        if matches!(status, WorkerStatus::Idle) {
            this.is_gone = this.is_gone || this.gone.as_mut().poll(cx).is_ready();
            if this.is_gone {
                return Poll::Ready(());
            }
        }
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
