//! `exchange`'s world over WASI and `octo-sts:platform`.

use crate::bindings::octo_sts::platform::{cache, journal, signer, verifier};
use exchange::{
    CacheName, Led, Limits, LogLevel, Outside, Reservation, Room, SignerFailure, Unanswered,
};
use github::AppJwt;
use http::{Request, Response};
use oidc::{JwsAlgorithm, PublicKey, VerifySignature};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The world of one request.
pub(crate) struct World {
    began: Instant,
}

impl World {
    pub(crate) fn begin() -> Self {
        Self {
            began: Instant::now(),
        }
    }
}

impl VerifySignature for World {
    fn verify(
        &self,
        algorithm: JwsAlgorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = match key {
            PublicKey::Rsa { modulus, exponent } => {
                pair(modulus, exponent, verifier::PublicKey::Rsa)
            }
            PublicKey::Ec { x, y } => pair(x, y, verifier::PublicKey::Ec),
            PublicKey::Ed25519(bytes) => verifier::PublicKey::Ed25519(bytes.to_vec()),
        };
        verifier::verify(algorithm_of(algorithm), &key, message, signature)
    }
}

fn pair(
    first: &[u8],
    second: &[u8],
    key: fn(verifier::Pair) -> verifier::PublicKey,
) -> verifier::PublicKey {
    key(verifier::Pair {
        first: first.to_vec(),
        second: second.to_vec(),
    })
}

fn algorithm_of(algorithm: JwsAlgorithm) -> verifier::Algorithm {
    match algorithm {
        JwsAlgorithm::Rs256 => verifier::Algorithm::Rs256,
        JwsAlgorithm::Rs384 => verifier::Algorithm::Rs384,
        JwsAlgorithm::Rs512 => verifier::Algorithm::Rs512,
        JwsAlgorithm::Ps256 => verifier::Algorithm::Ps256,
        JwsAlgorithm::Ps384 => verifier::Algorithm::Ps384,
        JwsAlgorithm::Ps512 => verifier::Algorithm::Ps512,
        JwsAlgorithm::Es256 => verifier::Algorithm::Es256,
        JwsAlgorithm::Es384 => verifier::Algorithm::Es384,
        JwsAlgorithm::Es512 => verifier::Algorithm::Es512,
        JwsAlgorithm::EdDsa => verifier::Algorithm::Eddsa,
    }
}

fn name_of(name: &CacheName) -> cache::Name {
    cache::Name {
        kind: name.kind.to_owned(),
        parts: name.parts.clone(),
    }
}

fn room_of(room: Room) -> cache::Room {
    match room {
        Room::Kept => cache::Room::Kept,
        Room::Negative => cache::Room::Negative,
        Room::Unproven => cache::Room::Unproven,
        Room::Reserved => cache::Room::Reserved,
    }
}

fn milliseconds<T: TryFrom<u128> + Ord>(time: Duration, most: T) -> T {
    T::try_from(time.as_millis()).unwrap_or(most)
}

impl Outside for World {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        milliseconds(since, u64::MAX)
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    async fn send(
        &self,
        request: Request<Vec<u8>>,
        limits: Limits,
    ) -> Result<Response<Vec<u8>>, Unanswered> {
        crate::outbound::send(request, limits).await
    }

    async fn sleep(&self, time: Duration) {
        wstd::task::sleep(time.into()).await;
    }

    fn app_jwt(&self, app: u64, refused: bool) -> Result<AppJwt, SignerFailure> {
        signer::app_jwt(app, refused)
            .map(AppJwt::new)
            .map_err(|failure| match failure {
                signer::Failure::UnknownApp => SignerFailure::UnknownApp,
                signer::Failure::Unavailable(why) => SignerFailure::Unavailable(why),
            })
    }

    fn cache_get(&self, name: &CacheName) -> Option<Vec<u8>> {
        cache::get(&name_of(name))
    }

    fn cache_get_or_lead(&self, name: &CacheName, wait: Duration, lead: Duration) -> Led {
        match cache::get_or_lead(
            &name_of(name),
            milliseconds(wait, u32::MAX),
            milliseconds(lead, u32::MAX),
        ) {
            cache::Answer::Hit(value) => Led::Hit(value),
            cache::Answer::Lead => Led::Lead,
            cache::Answer::Busy => Led::Busy,
            cache::Answer::Alone => Led::Alone,
        }
    }

    fn cache_put(&self, name: &CacheName, room: Room, value: Vec<u8>, keep: Duration) {
        cache::put(
            &name_of(name),
            room_of(room),
            &value,
            milliseconds(keep, u64::MAX),
        );
    }

    fn cache_remove(&self, name: &CacheName) {
        cache::remove(&name_of(name));
    }

    fn cache_reserve(&self, name: &CacheName, keep: Duration) -> Reservation {
        match cache::reserve(&name_of(name), milliseconds(keep, u64::MAX)) {
            cache::Reservation::Reserved => Reservation::Reserved,
            cache::Reservation::Taken => Reservation::Taken,
            cache::Reservation::Failed => Reservation::Failed,
        }
    }

    fn cache_release(&self, name: &CacheName) {
        cache::release(&name_of(name));
    }

    fn cache_count(&self, name: &CacheName, room: Room, add: u32, window: Duration) -> Option<u32> {
        cache::count(
            &name_of(name),
            room_of(room),
            add,
            milliseconds(window, u32::MAX),
        )
    }

    fn audit(&self, decision: &str, entry: &str) -> Result<(), String> {
        journal::audit(decision, entry)
    }

    fn log(&self, level: LogLevel, decision: &str, message: &str, fields: &[(&str, String)]) {
        let level = match level {
            LogLevel::Error => journal::Level::Error,
            LogLevel::Warn => journal::Level::Warn,
            LogLevel::Info => journal::Level::Info,
            LogLevel::Debug => journal::Level::Debug,
        };
        let fields: Vec<(String, String)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        journal::log(level, decision, message, &fields);
    }
}
