//! Doors for those who do not write Rust: HTTP at `/_simulator/…` on a port of its own. The README lists them.

mod commands;
mod faults;
mod issuers;
mod tokens;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::calls::{Call, Calls};
use crate::error::Error;
use crate::faults::Fault;
use crate::route::Route;
use crate::server::{Answering, Later, Listener, Received, Reply, Site, Taken, bind};
use crate::simulator::Simulator;
use crate::world::file::WorldFile;

/// The control port of a simulator. It closes when this is dropped.
pub struct Control {
    url: String,
    _listener: Listener,
}

impl Control {
    /// Opens the port. Anybody who reaches it commands the simulator; it is plain http and loopback only.
    pub async fn start(simulator: Arc<Simulator>, at: SocketAddr) -> Result<Self, Error> {
        let bound = bind(at).await?;
        let url = format!("http://{}/_simulator", bound.1);
        let clock = simulator.clock().clone();
        let calls = Calls::default();
        calls.record(false);
        let answering = Answering {
            site: Arc::new(ControlSite(simulator)),
            clock,
            calls: Arc::new(calls),
        };
        Ok(Self {
            url,
            _listener: Listener::start(bound, answering, None),
        })
    }

    /// `http://127.0.0.1:PORT/_simulator`
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// Adds what a world file (JSON, see the README) names to a simulator.
pub fn build_world(simulator: &Simulator, text: &[u8]) -> Result<(), Error> {
    WorldFile::parse(text)?.build(simulator.github())
}

/// The world that the program has if it is given no other, as JSON.
pub const DEFAULT_WORLD: &str = include_str!("default_world.json");

struct ControlSite(Arc<Simulator>);

impl Site for ControlSite {
    fn recognise(&self, request: &Received) -> Taken {
        Taken {
            site: "control".to_owned(),
            route: Route::Other,
            path: request.path.clone(),
        }
    }

    fn fault(&self, _request: &Received, _taken: &Taken) -> Option<Fault> {
        None
    }

    fn answer(&self, request: &Received, taken: &Taken) -> Reply {
        let (status, body) = match self.obey(request, &taken.path) {
            Ok(Some(answer)) => (StatusCode::OK, answer),
            Ok(None) => (StatusCode::NOT_FOUND, json!({"error": "no such command"})),
            Err(error) => (StatusCode::BAD_REQUEST, json!({"error": error.to_string()})),
        };
        Reply::json(status, &body)
    }

    fn answer_later(&self, request: &Received) -> Option<Later> {
        let path = request.path.trim_end_matches('/');
        let port = match (request.method.as_str(), path) {
            ("POST", "/_simulator/github") => Port::GitHub,
            ("POST", "/_simulator/issuers") => Port::Issuers,
            _ => return None,
        };
        let wanted = serde_json::from_slice::<Value>(&request.body).ok()?;
        let listening = wanted.get("listening")?.as_bool()?;
        let simulator = Arc::clone(&self.0);
        Some(Box::pin(async move {
            match port.set(&simulator, listening).await {
                Ok(()) => Reply::json(StatusCode::OK, &json!({"listening": listening})),
                Err(error) => Reply::json(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    &json!({"error": error.to_string()}),
                ),
            }
        }))
    }
}

/// Whose port is opened or closed.
#[derive(Clone, Copy)]
enum Port {
    GitHub,
    Issuers,
}

impl Port {
    async fn set(self, simulator: &Simulator, listening: bool) -> Result<(), Error> {
        match (self, listening) {
            (Self::GitHub, true) => simulator.github().listen_again().await,
            (Self::Issuers, true) => simulator.start_issuer().await,
            (Self::GitHub, false) => {
                simulator.github().stop_listening().await;
                Ok(())
            }
            (Self::Issuers, false) => {
                simulator.stop_issuer().await;
                Ok(())
            }
        }
    }
}

impl ControlSite {
    /// None if there is no such command.
    fn obey(&self, request: &Received, path: &str) -> Result<Option<Value>, Error> {
        let Some(path) = path.strip_prefix("/_simulator") else {
            return Ok(None);
        };
        let (simulator, body) = (&*self.0, &request.body);
        let path: Vec<&str> = path.trim_matches('/').split('/').collect();
        let answer = match (request.method.as_str(), path.as_slice()) {
            ("GET", [""]) => commands::about(simulator),
            ("POST", ["token"]) => tokens::token(simulator, read(body)?)?,
            ("POST", ["faults"]) => faults::order(simulator, read(body)?)?,
            ("DELETE", ["faults"]) => faults::clear(simulator),
            ("GET", ["clock"]) => json!({"now": simulator.clock().now()}),
            ("POST", ["clock"]) => commands::clock(simulator, read(body)?),
            ("GET", ["calls"]) => {
                let calls = simulator.calls();
                json!({"calls": calls.iter().map(Call::to_json).collect::<Vec<_>>()})
            }
            ("DELETE", ["calls"]) => {
                simulator.clear_calls();
                json!({})
            }
            ("POST", ["world"]) => {
                build_world(simulator, body)?;
                json!({})
            }
            ("PUT" | "DELETE", ["files", owner, name, file @ ..]) if !file.is_empty() => {
                let is_put = request.method == http::Method::PUT;
                let content = is_put.then_some(body.as_ref());
                commands::file(simulator, owner, name, &file.join("/"), content)?
            }
            ("POST", ["issuer"]) => issuers::issuer(simulator, read(body)?)?,
            ("POST", ["installations", id]) => commands::installation(simulator, id, read(body)?)?,
            ("POST", ["accounts", login]) => commands::account(simulator, login, &read(body)?)?,
            ("POST", ["repositories", owner, name]) => {
                commands::repository(simulator, owner, name, &read(body)?)?
            }
            ("DELETE", ["repositories", owner, name]) => {
                simulator.github().delete_repository(owner, name)?;
                json!({})
            }
            ("POST", ["apps", id]) => commands::app(simulator, id, &read(body)?)?,
            ("POST", ["mints"]) => commands::mints(simulator, &read(body)?),
            ("POST", ["limits"]) => commands::limit(simulator, read(body)?)?,
            ("DELETE", ["limits"]) => {
                simulator.github().lift_limits();
                json!({})
            }
            ("POST", ["tamper"]) => faults::tamper(simulator, read(body)?)?,
            ("DELETE", ["tamper"]) => {
                simulator.github().clear_tampers();
                json!({})
            }
            _ => return Ok(None),
        };
        Ok(Some(answer))
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Error> {
    serde_json::from_slice(body).map_err(|error| Error::Unreadable(error.to_string()))
}
