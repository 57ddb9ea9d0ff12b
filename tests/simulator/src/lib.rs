//! A fake GitHub and a fake OIDC issuer on real sockets, for tests, demonstrations and benchmarks.
//!
//! GitHub's side checks what the real one checks and answers as its public REST documentation says; time stands where
//! the test puts it; failures come on order; every call is logged. In a test:
//!
//! ```
//! # async fn example() -> Result<(), simulator::Error> {
//! use simulator::{AccountKind, ActionsWorkload, RepositorySelection, Simulator};
//!
//! let sim = Simulator::builder().start().await?;
//! let github = sim.github();
//! let key = github.add_app(1001, "demo")?;
//! github.add_account("acme", 7001, AccountKind::Organization)?;
//! github.add_repository("acme", "app", 8001, true)?;
//! github.put_file("acme", "app", ".github/chainguard/ci.sts.yaml", "issuer: …")?;
//! github.install(1001, "acme", [("contents", "write")], RepositorySelection::All)?;
//! let run = ActionsWorkload::new("acme", 7001, "app", 8001).audience("localhost");
//! let id_token = sim.actions_issuer().token(run.claims())?;
//! # let _ = (key, id_token);
//! # Ok(())
//! # }
//! ```
//!
//! It listens on loopback only: what it guards is open to everybody who can reach it.

mod calls;
mod clock;
pub mod control;
mod error;
mod faults;
mod github;
mod guarded;
mod issuer;
mod jose;
mod keys;
mod random;
mod route;
mod server;
mod simulator;
mod tls;
mod world;

pub use calls::Call;
pub use clock::Clock;
pub use error::Error;
pub use faults::{Fault, Faults, Target};
pub use github::{Bucket, GitHub, Tamper, TamperMint};
pub use issuer::{ActionsWorkload, Forgery, Issuer};
pub use keys::{Algorithm, AppKey, SigningKey};
pub use route::Route;
pub use simulator::{Builder, Simulator};
pub use world::{AccountKind, RepositorySelection};
