//! The App JWT, checked as GitHub's page "Generating a JSON Web Token (JWT) for a GitHub App" describes.

use std::collections::HashMap;

use http::StatusCode;
use serde_json::Value;

use super::refusal::Refusal;
use crate::guarded::Guarded;
use crate::jose::UnverifiedJws;
use crate::world::{App, World};

/// `exp` may be this many seconds ahead of GitHub's clock. The attack: a stolen assertion that works for long.
const LONGEST: i64 = 600;

/// Assertions whose signature is remembered; services send the same one for minutes.
const REMEMBERED: usize = 1_024;

const NOT_DECODED: &str = "A JSON web token could not be decoded";

/// A JWT with a good signature; its times are judged at each use.
#[derive(Clone, Copy, Debug)]
struct Signed {
    app: u64,
    iat: i64,
    exp: i64,
}

/// Checks App JWTs and remembers whose signature was good.
#[derive(Debug, Default)]
pub(super) struct AppJwts(Guarded<HashMap<String, Signed>>);

impl AppJwts {
    /// The App that `jwt` speaks for at `now`.
    pub(super) fn authenticate(&self, world: &World, jwt: &str, now: i64) -> Result<u64, Refusal> {
        let remembered = self.0.read().get(jwt).copied();
        let signed = match remembered {
            Some(signed) if world.apps.contains_key(&signed.app) => signed,
            _ => {
                let signed = verify(world, jwt)?;
                let mut known = self.0.write();
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(jwt.to_owned(), signed);
                signed
            }
        };
        in_time(signed, now)
    }

    /// Forgets all signatures, because keys changed.
    pub(super) fn forget(&self) {
        self.0.write().clear();
    }
}

fn verify(world: &World, jwt: &str) -> Result<Signed, Refusal> {
    let undecodable = || Refusal::unauthorized(NOT_DECODED);
    let jws = UnverifiedJws::parse(jwt).ok_or_else(undecodable)?;
    if jws.header.get("alg").and_then(Value::as_str) != Some("RS256") {
        return Err(undecodable());
    }
    let app = issuer(world, jws.payload.get("iss"))?;
    let genuine = app
        .keys
        .iter()
        .any(|key| key.verifies(jws.signing_input.as_bytes(), &jws.signature));
    if !genuine {
        return Err(undecodable());
    }
    let time = |name: &str, message: &str| {
        let value = jws.payload.get(name);
        // GitHub takes whole numbers only; a float is "not an Integer".
        value
            .and_then(Value::as_i64)
            .ok_or_else(|| Refusal::unauthorized(message))
    };
    Ok(Signed {
        app: app.id,
        iat: time("iat", IAT)?,
        exp: time("exp", EXP)?,
    })
}

const IAT: &str = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
const EXP: &str = "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
const TOO_FAR: &str = "'Expiration time' claim ('exp') is too far in the future";

/// The App that `iss` names: its id as number or text, or its client id.
fn issuer<'a>(world: &'a World, iss: Option<&Value>) -> Result<&'a App, Refusal> {
    let missing = || Refusal::unauthorized("Missing 'issuer' claim ('iss') in assertion");
    let app = match iss.ok_or_else(missing)? {
        Value::Number(id) => id.as_u64().and_then(|id| world.apps.get(&id)),
        Value::String(text) => match text.parse() {
            Ok(id) => world.apps.get(&id),
            Err(_) => world.apps.values().find(|app| app.client_id() == *text),
        },
        _ => {
            return Err(Refusal::unauthorized(
                "'Issuer' claim ('iss') must be an Integer",
            ));
        }
    };
    app.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "Integration not found"))
}

fn in_time(signed: Signed, now: i64) -> Result<u64, Refusal> {
    if signed.iat > now {
        return Err(Refusal::unauthorized(IAT));
    }
    if signed.exp <= now {
        return Err(Refusal::unauthorized(EXP));
    }
    if signed.exp > now.saturating_add(LONGEST) {
        return Err(Refusal::unauthorized(TOO_FAR));
    }
    Ok(signed.app)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::keys::AppKey;

    const NOW: i64 = 1_800_000_000;

    fn world() -> (World, AppKey) {
        let key = AppKey::generate().unwrap();
        let mut world = World::default();
        world.add_app(42, "it", key.clone()).unwrap();
        (world, key)
    }

    fn status(world: &World, jwt: &str) -> u16 {
        let jwts = AppJwts::default();
        // Twice: what is remembered is judged as what is new.
        let first = jwts.authenticate(world, jwt, NOW);
        let second = jwts.authenticate(world, jwt, NOW);
        assert_eq!(first.is_ok(), second.is_ok());
        first.map_or_else(|refusal| refusal.status.as_u16(), |_| 200)
    }

    #[test]
    fn claims_are_judged() {
        let (world, key) = world();
        for (wanted, claims) in [
            (200, json!({"iss": 42, "iat": NOW, "exp": NOW + 600})),
            (200, json!({"iss": "42", "iat": NOW - 60, "exp": NOW + 1})),
            (
                200,
                json!({"iss": "Iv23li00000000000042", "iat": NOW, "exp": NOW + 60}),
            ),
            (401, json!({"iss": 42, "iat": NOW + 1, "exp": NOW + 60})),
            (401, json!({"iss": 42, "iat": NOW, "exp": NOW + 601})),
            (401, json!({"iss": 42, "iat": NOW - 60, "exp": NOW})),
            (401, json!({"iss": 42, "iat": NOW})),
            (401, json!({"iss": 42, "exp": NOW + 60})),
            (401, json!({"iss": 42, "iat": "x", "exp": NOW + 60})),
            (401, json!({"iss": null, "iat": NOW, "exp": NOW + 60})),
            (401, json!({"iat": NOW, "exp": NOW + 60})),
            (404, json!({"iss": 43, "iat": NOW, "exp": NOW + 60})),
        ] {
            let text = claims.to_string();
            let jwt = key
                .sign_jws(br#"{"alg":"RS256"}"#, text.as_bytes())
                .unwrap();
            assert_eq!(status(&world, &jwt), wanted, "{claims}");
        }
    }

    #[test]
    fn signature_and_algorithm_are_judged() {
        let (mut world, key) = world();
        let good = key.app_jwt(42, NOW, NOW + 60).unwrap();
        assert_eq!(status(&world, &good), 200);
        let other = AppKey::generate().unwrap();
        assert_eq!(
            status(&world, &other.app_jwt(42, NOW, NOW + 60).unwrap()),
            401
        );
        let claims = format!(r#"{{"iss":42,"iat":{NOW},"exp":{}}}"#, NOW + 60);
        let none = key
            .sign_jws(br#"{"alg":"none"}"#, claims.as_bytes())
            .unwrap();
        assert_eq!(status(&world, &none), 401);
        assert_eq!(status(&world, "ghs_x"), 401);
        // Two keys while one is rotated, then only the new one.
        world.set_app_keys(42, vec![key, other.clone()]).unwrap();
        assert_eq!(status(&world, &good), 200);
        world.set_app_keys(42, vec![other]).unwrap();
        assert_eq!(status(&world, &good), 401);
    }
}
