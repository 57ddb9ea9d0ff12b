//! What an issuer shows to the world: its discovery document and its keys.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::Issuer;
use crate::keys::{Algorithm, SigningKey};
use crate::route::Route;
use crate::server::{Received, Reply, Taken};

/// The state of an issuer's addresses.
#[derive(Debug)]
pub(super) struct Published {
    /// Published keys; the first one signs.
    pub(super) keys: Vec<SigningKey>,
    pub(super) jwks_uri: String,
    pub(super) named_issuer: Option<String>,
    pub(super) discovery: Option<Value>,
    pub(super) jwks: Option<Value>,
    pub(super) cache_control: Option<String>,
    /// Path below the issuer to location.
    pub(super) redirects: HashMap<String, String>,
}

impl Published {
    pub(super) fn new(jwks_uri: String, key: SigningKey) -> Self {
        Self {
            keys: vec![key],
            jwks_uri,
            named_issuer: None,
            discovery: None,
            jwks: None,
            cache_control: None,
            redirects: HashMap::new(),
        }
    }

    fn discovery(&self, url: &str) -> Value {
        let algorithms: Vec<&str> = Algorithm::ALL.iter().map(|alg| alg.name()).collect();
        self.discovery.clone().unwrap_or_else(|| {
            json!({
                "claims_supported": ["sub", "aud", "exp", "iat", "iss", "jti", "nbf"],
                "id_token_signing_alg_values_supported": algorithms,
                "issuer": self.named_issuer.as_deref().unwrap_or(url),
                "jwks_uri": self.jwks_uri,
                "response_types_supported": ["id_token"],
                "scopes_supported": ["openid"],
                "subject_types_supported": ["public", "pairwise"],
            })
        })
    }

    fn jwks(&self) -> Value {
        let keys = || self.keys.iter().map(SigningKey::jwk).collect::<Vec<_>>();
        self.jwks.clone().unwrap_or_else(|| json!({"keys": keys()}))
    }
}

impl Issuer {
    /// What a request below the issuer is for; `path` is the rest behind the issuer's own.
    pub(crate) fn recognise(&self, path: &str) -> Taken {
        let route = match path {
            "/.well-known/openid-configuration" => Route::Discovery,
            "/jwks" | "/.well-known/jwks" => Route::Jwks,
            _ => Route::Other,
        };
        Taken {
            site: self.url(),
            route,
            path: path.to_owned(),
        }
    }

    pub(crate) fn answer(&self, request: &Received, taken: &Taken) -> Reply {
        let published = self.0.published.read();
        if let Some(location) = published.redirects.get(&taken.path) {
            let mut reply = Reply::empty(StatusCode::FOUND);
            reply.set("location", location);
            return reply;
        }
        let document = match taken.route {
            _ if request.method != http::Method::GET => None,
            Route::Discovery => Some(published.discovery(&self.0.url)),
            Route::Jwks => Some(published.jwks()),
            _ => None,
        };
        let mut reply = document.map_or_else(
            || Reply::json(StatusCode::NOT_FOUND, &json!({"error": "not_found"})),
            |document| Reply::json(StatusCode::OK, &document),
        );
        if let Some(value) = &published.cache_control {
            reply.set("cache-control", value);
        }
        reply
    }
}
