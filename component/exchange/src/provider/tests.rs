//! Where an issuer's documents are remembered (rule 12). Conformance cases can't show it: their issuers are on loopback, so
//! they are listed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use crate::outside::Reservation;
use crate::outside::{CacheName, Led, Limits, LogLevel, Room, SignerFailure, Unanswered};
use crate::settings::{App, Pool, Settings, Traits};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use github::AppJwt;
use http::{Request, Response};
use oidc::{JwsAlgorithm, PublicKey, VerifySignature};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::pin::pin;
use std::task::{Poll, Waker};

const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const STRANGER: &str = "https://stranger.example";
const LISTED: &str = "https://listed.example:8443";
const TOLD: &str = "https://told.example";
const OWN: &str = "https://token.actions.githubusercontent.com";

/// Where something is kept, what, and for how long.
type Kept = (Room, Vec<u8>, Duration);

/// Issuers that answer, or not, and a store.
struct World {
    issuers: &'static [&'static str],
    /// As on Spin and wasmCloud (rule 11).
    forgets_strangers: bool,
    store: RefCell<BTreeMap<CacheName, Kept>>,
    sent: Cell<u32>,
    elapsed: Cell<Duration>,
}

impl World {
    fn of(issuers: &'static [&'static str]) -> Self {
        Self {
            issuers,
            forgets_strangers: false,
            store: RefCell::default(),
            sent: Cell::new(0),
            elapsed: Cell::default(),
        }
    }

    /// Verifies a token; afterwards it led to a grant, or it did not.
    fn exchange(&self, issuer: &str, granted: bool) -> Result<bool, ExchangeError> {
        self.exchange_with(issuer, "", granted)
    }

    fn exchange_with(
        &self,
        issuer: &str,
        header: &str,
        granted: bool,
    ) -> Result<bool, ExchangeError> {
        let settings = settings();
        let context = Context::new(self, &settings, "decision");
        let parts = [
            format!(r#"{{"alg":"EdDSA"{header}}}"#),
            format!(r#"{{"iss":"{issuer}","sub":"s","exp":2000000}}"#),
            "genuine".to_owned(),
        ];
        let token = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let mut verified = pin!(verify(&context, &token));
        let mut waker = std::task::Context::from_waker(Waker::noop());
        let Poll::Ready(verified) = verified.as_mut().poll(&mut waker) else {
            panic!("nothing here waits")
        };
        let verified = verified.map_err(|refusal| refusal.error)?;
        if granted {
            verified.mark_proven(&context);
        }
        Ok(verified.proven())
    }

    /// The room of what is remembered of an issuer, and for how many seconds.
    fn remembered(&self, issuer: &str) -> Option<(Room, u64)> {
        let store = self.store.borrow();
        let (room, _, keep) = store.get(&crate::memory::name("provider", &[issuer]))?;
        Some((*room, keep.as_secs()))
    }
}

fn settings() -> Settings {
    let told = format!(r#"{{"{TOLD}": {KEYS}}}"#);
    let get = |name: &str| match name {
        "sts_domain" => Some("sts.example".to_owned()),
        "octosts_private_issuers" => Some("listed.example:8443".to_owned()),
        "octosts_static_keys" => Some(told.clone()),
        _ => None,
    };
    let pool = Pool {
        owner: "*".into(),
        apps: vec![App { id: 7, name: None }],
    };
    let traits = Traits {
        vets_addresses: true,
        outlives: true,
        atomic: true,
    };
    Settings::read(&get, vec![pool], traits).unwrap()
}

impl VerifySignature for World {
    fn verify(&self, _: JwsAlgorithm, _: &PublicKey, _: &[u8], signature: &[u8]) -> bool {
        signature == b"genuine"
    }
}

impl Outside for World {
    fn now_ms(&self) -> u64 {
        1_000_000_000
    }
    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }
    async fn send(
        &self,
        asked: Request<Vec<u8>>,
        _: Limits,
    ) -> Result<Response<Vec<u8>>, Unanswered> {
        self.sent.set(self.sent.get() + 1);
        let url = asked.uri().to_string();
        let issuer = self.issuers.iter().find(|issuer| url.starts_with(**issuer));
        let Some(issuer) = issuer else {
            return Ok(Response::builder().status(404).body(Vec::new()).unwrap());
        };
        let metadata = format!(
            r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys","id_token_signing_alg_values_supported":["EdDSA"]}}"#
        );
        let body = if url.ends_with("/keys") {
            KEYS.to_owned()
        } else {
            metadata
        };
        Ok(Response::new(body.into_bytes()))
    }
    async fn sleep(&self, _: Duration) {}
    fn app_jwt(&self, _: u64, _: bool) -> Result<AppJwt, SignerFailure> {
        Err(SignerFailure::UnknownApp)
    }
    fn cache_get(&self, name: &CacheName) -> Option<Vec<u8>> {
        self.store
            .borrow()
            .get(name)
            .map(|(_, value, _)| value.clone())
    }
    fn cache_get_or_lead(&self, _: &CacheName, _: Duration, _: Duration) -> Led {
        Led::Alone
    }
    fn cache_put(&self, name: &CacheName, room: Room, value: Vec<u8>, keep: Duration) {
        let mut store = self.store.borrow_mut();
        if room == Room::Unproven && self.forgets_strangers {
            store.remove(name);
        } else {
            store.insert(name.clone(), (room, value, keep));
        }
    }
    fn cache_remove(&self, name: &CacheName) {
        self.store.borrow_mut().remove(name);
    }
    fn cache_reserve(&self, _: &CacheName, _: Duration) -> Reservation {
        Reservation::Failed
    }

    fn cache_release(&self, _: &CacheName) {}

    fn cache_count(&self, _: &CacheName, _: Room, _: u32, _: Duration) -> Option<u32> {
        None
    }
    fn audit(&self, _: &str, _: &str) -> Result<(), String> {
        Ok(())
    }
    fn log(&self, _: LogLevel, _: &str, _: &str, _: &[(&str, String)]) {}
}

#[test]
fn a_strangers_keys_are_kept_among_strangers_until_a_grant() {
    let world = World::of(&[STRANGER]);
    assert_eq!(world.exchange(STRANGER, false), Ok(false));
    assert_eq!(world.remembered(STRANGER), Some((Room::Unproven, 6 * 3600)));
    assert_eq!(world.exchange(STRANGER, true), Ok(false));
    assert_eq!(world.remembered(STRANGER), Some((Room::Kept, 6 * 3600)));
    assert_eq!(world.exchange(STRANGER, false), Ok(true));
    assert_eq!(world.remembered(STRANGER), Some((Room::Kept, 6 * 3600)));
    assert_eq!(world.sent.get(), 2, "metadata and keys, once");
}

#[test]
fn where_strangers_are_not_kept_a_grant_keeps_their_keys() {
    let world = World {
        forgets_strangers: true,
        ..World::of(&[STRANGER])
    };
    assert_eq!(world.exchange(STRANGER, false), Ok(false));
    assert_eq!((world.remembered(STRANGER), world.sent.get()), (None, 2));
    assert_eq!(world.exchange(STRANGER, true), Ok(false));
    assert_eq!(world.remembered(STRANGER), Some((Room::Kept, 6 * 3600)));
    assert_eq!(world.exchange(STRANGER, false), Ok(true));
    assert_eq!(world.sent.get(), 4);
}

#[test]
fn an_issuer_that_was_stopped_is_not_proven_by_an_older_grant() {
    let world = World::of(&[STRANGER]);
    let settings = settings();
    let context = Context::new(&world, &settings, "decision");
    let issuer = settings
        .issuers
        .admit(&Issuer::parse(STRANGER).unwrap())
        .unwrap();
    let provider = Provider {
        context: &context,
        issuer: &issuer,
        ends: Duration::ZERO,
    };
    let used = Documents {
        fetched: 1_000_000,
        metadata: String::new(),
        keys: String::new(),
        proven: false,
    };
    let name = crate::memory::name("provider", &[STRANGER]);
    let stopped = br#"{"Failed":"OtherIssuer"}"#.to_vec();
    world.cache_put(
        &name,
        Room::Unproven,
        stopped.clone(),
        Duration::from_secs(30),
    );
    provider.prove(&used);
    assert_eq!(world.cache_get(&name), Some(stopped));
    world.cache_remove(&name);
    provider.prove(&used);
    assert_eq!(world.remembered(STRANGER).unwrap().0, Room::Kept);
}

#[test]
fn failures_are_remembered_where_they_push_out_nobody_else() {
    let world = World::of(&[]);
    for (issuer, remembered) in [
        (STRANGER, Some((Room::Unproven, 30))),
        (OWN, Some((Room::Reserved, 2))),
        // Whoever writes a token can invent paths below it.
        (LISTED, Some((Room::Unproven, 2))),
    ] {
        let before = world.sent.get();
        for _ in 0..2 {
            assert_eq!(
                world.exchange(issuer, false),
                Err(ExchangeError::ProviderRefused)
            );
        }
        assert_eq!(world.remembered(issuer), remembered, "{issuer}");
        assert_eq!(world.sent.get() - before, 1, "{issuer}");
    }
}

#[test]
fn reserved_room_is_for_issuers_that_nobody_can_invent() {
    let world = World::of(&[OWN, LISTED]);
    assert_eq!(world.exchange(OWN, false), Ok(true));
    assert_eq!(world.remembered(OWN), Some((Room::Reserved, 6 * 3600)));
    // A path below a listed host and port is its like, and the host decides which there are.
    assert_eq!(world.exchange(LISTED, false), Ok(false));
    assert_eq!(world.remembered(LISTED), Some((Room::Unproven, 6 * 3600)));
    assert_eq!(world.exchange(LISTED, true), Ok(false));
    assert_eq!(world.remembered(LISTED), Some((Room::Kept, 6 * 3600)));
}

#[test]
fn a_caller_without_time_takes_no_turn_from_others() {
    let world = World::of(&[OWN]);
    assert_eq!(world.exchange(OWN, false), Ok(true));
    let unknown = r#","kid":"new""#;
    world.elapsed.set(Duration::from_secs(26));
    let late = world.exchange_with(OWN, unknown, false);
    assert_eq!(late, Err(ExchangeError::Deadline));
    assert_eq!(world.sent.get(), 2, "nothing was asked");
    world.elapsed.set(Duration::ZERO);
    let looked_for = world.exchange_with(OWN, unknown, false);
    assert_eq!(looked_for, Err(ExchangeError::NotVerified));
    assert_eq!(world.sent.get(), 4);
}

#[test]
fn documents_that_cannot_be_read_any_more_are_a_miss() {
    let world = World::of(&[OWN]);
    let garbage = r#"{"Documents":{"fetched":1000000,"metadata":"{}","keys":"","proven":true}}"#;
    let name = crate::memory::name("provider", &[OWN]);
    world.cache_put(
        &name,
        Room::Reserved,
        garbage.into(),
        Duration::from_secs(60),
    );
    assert_eq!(world.exchange(OWN, false), Ok(true));
    assert_eq!(world.sent.get(), 2);
}

#[test]
fn an_issuer_whose_keys_are_told_is_neither_asked_nor_remembered() {
    let world = World::of(&[TOLD]);
    assert_eq!(world.exchange(TOLD, true), Ok(true));
    assert_eq!((world.sent.get(), world.store.borrow().len()), (0, 0));
}
