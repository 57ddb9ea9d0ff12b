//! The token service in a hyper program, beside a route of its own. COMPONENT, ADDRESS and all settings are in the
//! environment.

use std::{convert::Infallible, error::Error, pin::pin};

use host_wasmtime::{Body, Host};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::{conn::auto, graceful::GracefulShutdown};
use tokio::net::TcpListener;

async fn route(host: Host, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    if request.uri().path() == "/about" {
        let body = Full::from("my own route\n").map_err(|never| match never {});
        return Ok(Response::new(body.boxed_unsync()));
    }
    Ok(host.handle(request).await)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let builder = Host::builder(std::fs::read(std::env::var("COMPONENT")?)?);
    let host = builder.variables(std::env::vars()).build().await?;
    let listener = TcpListener::bind(std::env::var("ADDRESS")?).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    let open = GracefulShutdown::new();
    let mut interrupted = pin!(tokio::signal::ctrl_c());
    loop {
        let (stream, _) = tokio::select! {
            _ = &mut interrupted => break,
            accepted = listener.accept() => accepted?,
        };
        let host = host.clone();
        let service = service_fn(move |request| route(host.clone(), request));
        let server = auto::Builder::new(TokioExecutor::new());
        let served = server.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(open.watch(served.into_owned()));
    }
    drop(listener);
    open.shutdown().await;
    host.finish().await;
    Ok(())
}
