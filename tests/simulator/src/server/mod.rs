//! Sockets: listeners that can be stopped and started again on the same port, and the way from a request to an answer.

mod answering;
mod body;
mod message;

use std::net::SocketAddr;
use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;

pub(crate) use answering::{Answering, Later, Site};
pub(crate) use message::{Received, Reply, Taken};

use crate::error::Error;

/// One address where a site is served.
pub(crate) struct Listener {
    address: SocketAddr,
    answering: Arc<Answering>,
    tls: Option<TlsAcceptor>,
    running: Mutex<Option<Running>>,
}

struct Running {
    /// Dropping it stops the loop too.
    stop: oneshot::Sender<()>,
    accepting: JoinHandle<()>,
}

/// A port that is taken, before anyone knows what will be served there.
pub(crate) struct Bound(TcpListener, pub(crate) SocketAddr);

/// Takes a port. Only on loopback: the simulator has doors that open for everybody.
pub(crate) async fn bind(address: SocketAddr) -> Result<Bound, Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback(address));
    }
    let io = |error| Error::Io(address.to_string(), error);
    let listener = TcpListener::bind(address).await.map_err(io)?;
    let address = listener.local_addr().map_err(io)?;
    Ok(Bound(listener, address))
}

impl Listener {
    /// Serves `answering` at a port that was taken.
    pub(crate) fn start(bound: Bound, answering: Answering, tls: Option<TlsAcceptor>) -> Self {
        let Bound(socket, address) = bound;
        let answering = Arc::new(answering);
        let running = run(socket, Arc::clone(&answering), tls.clone());
        Self {
            address,
            answering,
            tls,
            running: Mutex::new(Some(running)),
        }
    }

    /// Closes the port and every connection; returns when that is done.
    pub(crate) async fn stop(&self) {
        if let Some(Running { stop, accepting }) = self.running.lock().await.take() {
            drop(stop);
            // A loop that panicked is as stopped as one that ended.
            let _ended = accepting.await;
        }
    }

    /// Takes the same port again.
    pub(crate) async fn start_again(&self) -> Result<(), Error> {
        let mut running = self.running.lock().await;
        if running.is_none() {
            let Bound(socket, _) = bind(self.address).await?;
            *running = Some(run(socket, Arc::clone(&self.answering), self.tls.clone()));
        }
        Ok(())
    }
}

fn run(socket: TcpListener, answering: Arc<Answering>, tls: Option<TlsAcceptor>) -> Running {
    let (stop, stopped) = oneshot::channel();
    let accepting = tokio::spawn(accept(socket, answering, tls, stopped));
    Running { stop, accepting }
}

async fn accept(
    socket: TcpListener,
    answering: Arc<Answering>,
    tls: Option<TlsAcceptor>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = socket.accept() => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, Arc::clone(&answering), tls.clone()));
                } else {
                    // Out of descriptors: give the others time to close some.
                    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
                }
            }
        }
    }
    drop(socket);
    connections.shutdown().await;
}

async fn connection(stream: TcpStream, answering: Arc<Answering>, tls: Option<TlsAcceptor>) {
    // Without it small answers wait for the client's acknowledgement.
    let _unsupported = stream.set_nodelay(true);
    match tls {
        Some(tls) => {
            if let Ok(stream) = tls.accept(stream).await {
                serve(stream, answering).await;
            }
        }
        None => serve(stream, answering).await,
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, to: Arc<Answering>) {
    let service = hyper::service::service_fn(move |request| {
        let to = Arc::clone(&to);
        async move { to.answer(request).await }
    });
    // Errors are the client's leaving or the cuts that were ordered.
    let _ended = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
