//! OIDC issuers: discovery, keys and ID tokens (OpenID Connect Discovery 1.0, RFC 7517, RFC 7519).

mod claims;
mod forge;
mod published;
mod site;

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

pub use claims::ActionsWorkload;
pub use forge::Forgery;

pub(crate) use site::IssuerSite;

use crate::clock::Clock;
use crate::error::Error;
use crate::faults::Faults;
use crate::guarded::Guarded;
use crate::keys::{Algorithm, SigningKey};
use published::Published;

/// Where GitHub Enterprise Server has its Actions issuer.
pub(crate) const ACTIONS_PREFIX: &str = "/_services/token";

/// How long a token lives unless its claims say otherwise, in seconds: as long as GitHub Actions' do.
const LIFETIME: i64 = 300;

/// An issuer: what a test tells it. Clones are one issuer.
#[derive(Clone)]
pub struct Issuer(Arc<Inner>);

struct Inner {
    url: String,
    clock: Clock,
    published: Guarded<Published>,
    faults: Faults,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Issuer({})", self.0.url)
    }
}

impl Issuer {
    /// An issuer with one key.
    pub(crate) fn new(url: String, jwks_path: &str, clock: Clock, key: SigningKey) -> Self {
        let published = Published::new(format!("{url}{jwks_path}"), key);
        Self(Arc::new(Inner {
            url,
            clock,
            published: Guarded::new(published),
            faults: Faults::default(),
        }))
    }

    /// The issuer's identifier, which is also its address: `http://127.0.0.1:PORT…`, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.url.clone()
    }

    /// The failures on order, of this issuer alone.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.0.faults
    }

    /// A new key of the same algorithm signs from now on, and is the only one published. Says its `kid`.
    pub fn rotate(&self) -> Result<String, Error> {
        let algorithm = self.signing_key()?.algorithm();
        let key = SigningKey::generate(algorithm)?;
        let kid = key.kid().to_owned();
        self.set_keys(vec![key]);
        Ok(kid)
    }

    /// Publishes a new key beside the others, without signing with it. Says its `kid`.
    pub fn add_key(&self, algorithm: Algorithm) -> Result<String, Error> {
        let key = SigningKey::generate(algorithm)?;
        let kid = key.kid().to_owned();
        self.0.published.write().keys.push(key);
        Ok(kid)
    }

    /// Replaces all keys; the first one signs. None leaves an empty set published, and no token can be minted.
    pub fn set_keys(&self, keys: Vec<SigningKey>) {
        self.0.published.write().keys = keys;
    }

    /// All keys; the first one signs.
    #[must_use]
    pub fn keys(&self) -> Vec<SigningKey> {
        self.0.published.read().keys.clone()
    }

    /// Takes a key out of the published set.
    pub fn remove_key(&self, kid: &str) {
        let mut published = self.0.published.write();
        published.keys.retain(|key| key.kid() != kid);
    }

    /// The key of this `kid` signs from now on.
    pub fn sign_with(&self, kid: &str) -> Result<(), Error> {
        let mut published = self.0.published.write();
        let place = published.keys.iter().position(|key| key.kid() == kid);
        let place = place.ok_or_else(|| Error::NoKey(kid.to_owned()))?;
        let key = published.keys.remove(place);
        published.keys.insert(0, key);
        Ok(())
    }

    /// The key that signs now.
    pub fn signing_key(&self) -> Result<SigningKey, Error> {
        let published = self.0.published.read();
        let first = published.keys.first().cloned();
        first.ok_or_else(|| Error::NoKey(String::new()))
    }

    /// Discovery names this address instead of the issuer's own.
    pub fn set_jwks_uri(&self, uri: impl Into<String>) {
        self.0.published.write().jwks_uri = uri.into();
    }

    /// Discovery names this issuer instead of itself.
    pub fn set_named_issuer(&self, issuer: impl Into<String>) {
        self.0.published.write().named_issuer = Some(issuer.into());
    }

    /// Discovery answers exactly this instead; none: the true document again.
    pub fn set_discovery(&self, document: Option<Value>) {
        self.0.published.write().discovery = document;
    }

    /// The key set answers exactly this instead; none: the true set again.
    pub fn set_jwks(&self, document: Option<Value>) {
        self.0.published.write().jwks = document;
    }

    /// Answers carry this `cache-control`.
    pub fn set_cache_control(&self, value: Option<String>) {
        self.0.published.write().cache_control = value;
    }

    /// GET of `path` (below the issuer, `/jwks`) redirects to `location` with 302.
    pub fn redirect(&self, path: impl Into<String>, location: impl Into<String>) {
        let mut published = self.0.published.write();
        published.redirects.insert(path.into(), location.into());
    }

    /// Redirects no more.
    pub fn clear_redirects(&self) {
        self.0.published.write().redirects.clear();
    }

    /// An ID token with these claims, signed by the current key. `iss`, `iat`, `nbf`, `exp` (five minutes) and `jti`
    /// are added where absent; a claim that is `null` is left out.
    pub fn token(&self, claims: Value) -> Result<String, Error> {
        self.signing_key()?;
        self.forge(claims).build()
    }

    /// The same, to be changed before it is signed.
    pub fn forge(&self, claims: Value) -> Forgery {
        Forgery::new(self.signing_key().ok(), self.completed(claims))
    }

    fn completed(&self, mut claims: Value) -> Value {
        let now = self.0.clock.now();
        if let Some(claims) = claims.as_object_mut() {
            for (name, value) in [
                ("iss", json!(self.0.url)),
                ("iat", json!(now)),
                ("nbf", json!(now)),
                ("exp", json!(now.saturating_add(LIFETIME))),
                ("jti", json!(crate::random::id())),
            ] {
                claims.entry(name).or_insert(value);
            }
            claims.retain(|_, value| !value.is_null());
        }
        claims
    }
}
