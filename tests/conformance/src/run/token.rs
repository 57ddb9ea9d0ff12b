//! ID tokens, honest and forged: the simulator makes them, the kit spoils their signatures.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::stage::Stage;
use crate::case::Case;
use crate::world::DOMAIN;

/// Makes a token of what `POST /token` of the simulator takes, and `signature` or `signature_of` beside it. Who says
/// nothing else gets a run's in `run` (`OWNER/REPOSITORY`); who says no audience gets this server's.
pub(crate) async fn make(
    case: &Case,
    stage: &Stage,
    run: Option<&str>,
    mut request: Map<String, Value>,
) -> Result<String, String> {
    let how = request.remove("signature");
    let other = request.remove("signature_of");
    complete(run.unwrap_or(&case.usual.ask.run), &mut request)?;
    let made = stage
        .command("POST /token", &Value::Object(request))
        .await?;
    let token = made.get("token").and_then(Value::as_str);
    let token = token.ok_or("no token came")?.to_owned();
    match (how, other) {
        (None, None) => Ok(token),
        (Some(Value::String(how)), None) => spoilt(&token, &how),
        (None, Some(Value::String(other))) => {
            let (start, _) = token.rsplit_once('.').unwrap_or_default();
            let (_, signature) = other.rsplit_once('.').unwrap_or_default();
            Ok(format!("{start}.{signature}"))
        }
        _ => Err("signature and signature_of are texts, of which there is one".to_owned()),
    }
}

fn complete(run: &str, request: &mut Map<String, Value>) -> Result<(), String> {
    let issuer = request.get("issuer").and_then(Value::as_str);
    let is_run = request.contains_key("workload") || matches!(issuer, None | Some("actions"));
    let member = if is_run { "workload" } else { "claims" };
    let part = request.entry(member).or_insert_with(|| json!({}));
    let part = part.as_object_mut();
    let part = part.ok_or_else(|| format!("{member} is no table"))?;
    if is_run {
        let (owner, repository) = run
            .split_once('/')
            .ok_or_else(|| format!("{run:?} is not OWNER/REPOSITORY"))?;
        part.entry("owner").or_insert_with(|| json!(owner));
        part.entry("repository")
            .or_insert_with(|| json!(repository));
        part.entry("audience").or_insert_with(|| json!(DOMAIN));
    } else {
        part.entry("aud").or_insert_with(|| json!(DOMAIN));
    }
    Ok(())
}

/// The token with another third part.
fn spoilt(token: &str, how: &str) -> Result<String, String> {
    let (start, signature) = token.rsplit_once('.').ok_or("no token came")?;
    let mut bytes = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|error| error.to_string())?;
    match how {
        "empty" => bytes.clear(),
        "zeros" => bytes.fill(0),
        "truncated" => drop(bytes.pop()),
        "extended" => bytes.push(0),
        "flipped" => {
            if let Some(first) = bytes.first_mut() {
                *first ^= 1;
            }
        }
        "der" => bytes = der(&bytes),
        _ => return Err(format!("no signature is {how:?}")),
    }
    Ok(format!("{start}.{}", URL_SAFE_NO_PAD.encode(bytes)))
}

/// r || s as `ECDSA-Sig-Value` (RFC 3279 section 2.2.3), which JOSE does not take.
fn der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let inner = [integer(r), integer(s)].concat();
    tagged(0x30, &inner)
}

fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0);
    let mut digits = bytes
        .get(start.unwrap_or(bytes.len())..)
        .unwrap_or_default()
        .to_vec();
    if digits.first().is_none_or(|first| *first >= 0x80) {
        digits.insert(0, 0);
    }
    tagged(0x02, &digits)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap_or(u8::MAX);
    let mut bytes = vec![tag];
    if length >= 0x80 {
        bytes.push(0x81);
    }
    bytes.push(length);
    bytes.extend(content);
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn integers_of_der_are_positive_and_short() {
        let signature = [&[0, 0, 0x80, 1][..], &[0, 0, 0, 5]].concat();
        let wanted = [0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 5];
        assert_eq!(der(&signature), wanted);
        let long = der(&[0xff; 132]);
        assert_eq!(long[..3], [0x30, 0x81, 138]);
        assert_eq!(long.len(), 3 + 138);
    }

    #[test]
    fn a_spoilt_signature_is_another() {
        let token = format!("a.b.{}", URL_SAFE_NO_PAD.encode([7; 64]));
        for how in ["empty", "zeros", "truncated", "extended", "flipped", "der"] {
            let other = spoilt(&token, how).unwrap();
            assert!(other.starts_with("a.b.") && other != token, "{how}");
        }
        assert!(spoilt(&token, "upside down").is_err());
    }
}
