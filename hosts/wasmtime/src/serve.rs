//! The listener: connections, their limits, and a shutdown that lets requests finish.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::door::LARGEST_HEAD;
use crate::host::Host;
use portable::LogLevel;

/// So much of a head is read, so that the door can say what is wrong with one above its own limit. What is longer than
/// this is refused by the HTTP library, with 431 and no body.
const LARGEST_READ: usize = 2 * LARGEST_HEAD;
/// The head of a request must come within this time.
const LONGEST_HEAD: Duration = Duration::from_secs(10);
/// A connection without any request yet is closed after this time: one that sends nothing, or half a preface.
const FIRST_REQUEST: Duration = Duration::from_secs(10);
/// A connection without a request under way is closed after this time.
const IDLE: Duration = Duration::from_secs(60);
/// Requests of one HTTP/2 connection at one time.
const MOST_STREAMS: u32 = 64;

/// Accepts until `shutdown`, then waits for connections, at most for the deadline of a request; says until when work after
/// answers may go on.
pub(crate) async fn serve(
    host: &Host,
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
) -> Instant {
    let places = Arc::new(Semaphore::new(
        host.0.limits.connections.try_into().unwrap_or(1024),
    ));
    let (stop, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = accept(&places, &listener) => accepted,
        };
        match accepted {
            Ok((place, stream)) => {
                let (host, stopped) = (host.clone(), stopped.clone());
                connections.spawn(async move {
                    connection(host, stream, stopped).await;
                    drop(place);
                });
            }
            // Too many open files, most likely: others must close first.
            Err(error) => {
                let fields = [("error".to_owned(), error.kind().to_string())];
                let log = &host.0.parts.log;
                log.write(LogLevel::Warn, "", "cannot accept connections", &fields);
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    let _ = stop.send(());
    let until = Instant::now() + host.0.deadline;
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout_at(until, all).await;
    until
}

/// The next connection, once there is a place for it.
async fn accept(
    places: &Arc<Semaphore>,
    listener: &TcpListener,
) -> std::io::Result<(tokio::sync::OwnedSemaphorePermit, TcpStream)> {
    let place = places.clone().acquire_owned().await;
    let place = place.map_err(std::io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((place, stream))
}

/// What a connection is doing.
struct Activity {
    under_way: AtomicUsize,
    /// When the last request ended, or the connection began.
    last: Mutex<(Instant, Duration)>,
}

impl Activity {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            under_way: AtomicUsize::new(0),
            last: Mutex::new((Instant::now(), FIRST_REQUEST)),
        })
    }

    fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::SeqCst);
        UnderWay(self.clone())
    }

    fn is_over(&self) -> bool {
        let (since, most) = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.under_way.load(Ordering::SeqCst) == 0 && since.elapsed() >= most
    }
}

/// A request under way, also one that its client gives up.
struct UnderWay(Arc<Activity>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let now = (Instant::now(), IDLE);
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) = now;
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn connection(host: Host, stream: TcpStream, mut stopped: watch::Receiver<()>) {
    // Answers are small and go out whole.
    let _ = stream.set_nodelay(true);
    let activity = Activity::new();
    let watched = activity.clone();
    let service = service_fn(move |request: http::Request<Incoming>| {
        let (host, under_way) = (host.clone(), activity.begin());
        async move {
            let response = host.handle(request).await;
            drop(under_way);
            Ok::<_, Infallible>(response)
        }
    });
    let builder = builder();
    let mut served = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut look = tokio::time::interval(Duration::from_secs(1));
    let mut stopping = false;
    loop {
        tokio::select! {
            // A client that breaks the protocol or leaves is no event of ours.
            _ = served.as_mut() => return,
            _ = look.tick() => {
                if watched.is_over() {
                    return;
                }
            }
            _ = stopped.changed(), if !stopping => {
                stopping = true;
                served.as_mut().graceful_shutdown();
            }
        }
    }
}

fn builder() -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(LONGEST_HEAD)
        .max_buf_size(LARGEST_READ);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(LARGEST_READ).unwrap_or(u32::MAX))
        .max_concurrent_streams(MOST_STREAMS)
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10));
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_over_when_it_was_idle_for_long() {
        let activity = Activity::new();
        tokio::time::advance(FIRST_REQUEST - Duration::from_millis(1)).await;
        assert!(!activity.is_over());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(activity.is_over(), "no request came");

        let activity = Activity::new();
        let (first, second) = (activity.begin(), activity.begin());
        tokio::time::advance(IDLE * 2).await;
        assert!(!activity.is_over(), "requests are under way");
        drop(first);
        tokio::time::advance(IDLE * 2).await;
        assert!(!activity.is_over());
        drop(second);
        tokio::time::advance(IDLE - Duration::from_millis(1)).await;
        assert!(!activity.is_over());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert!(activity.is_over());
    }
}
