//! What is said of each claim that is missing, of another type, written twice, in another letter case or at its edge: the
//! exact words that the operator's log has.
#![allow(clippy::unwrap_used, reason = "tests")]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::{
    Issuer, IssuerKeys, JwkSet, JwsAlgorithm, NumericDate, ProviderMetadata, PublicKey,
    UnverifiedIdToken, VerifySignature, verify,
};

/// `NAME: VALUE => WORDS` has that value in place of the usual one, `NAME: => WORDS` no such claim, and
/// `+ MEMBERS => WORDS` those members after the usual ones.
const SNAPSHOTS: &str = include_str!("claims.txt");
const USUAL: [(&str, &str); 4] = [
    ("iss", r#""https://issuer.example""#),
    ("sub", r#""subject""#),
    ("aud", r#""audience""#),
    ("exp", "1000300"),
];
const NOW: NumericDate = NumericDate(1_000_000);

/// Any key: the algorithm must have one.
const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// The signature is not what is looked at here.
struct Genuine;

impl VerifySignature for Genuine {
    fn verify(&self, _: JwsAlgorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> bool {
        true
    }
}

/// The claims as JSON, by one line of the file.
fn payload(change: &str) -> String {
    let usual = |without: &str| {
        let kept = USUAL.iter().filter(|(name, _)| *name != without);
        kept.map(|(name, value)| format!("\"{name}\":{value}"))
            .collect::<Vec<_>>()
    };
    let mut members;
    if let Some(more) = change.strip_prefix("+ ") {
        members = usual("");
        members.push(more.to_owned());
    } else {
        let (name, value) = change.split_once(':').unwrap();
        members = usual(name);
        if !value.is_empty() {
            members.push(format!("\"{name}\":{}", value.trim()));
        }
    }
    format!("{{{}}}", members.join(","))
}

fn words(payload: &str) -> String {
    let issuer = Issuer::parse("https://issuer.example").unwrap();
    let metadata =
        br#"{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys","id_token_signing_alg_values_supported":["EdDSA"]}"#;
    let metadata = ProviderMetadata::parse(metadata, &issuer).unwrap();
    let keys = JwkSet::parse(KEYS.as_bytes()).unwrap();
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA"}"#);
    let compact = format!("{header}.{}.c2ln", URL_SAFE_NO_PAD.encode(payload));
    let token = match UnverifiedIdToken::parse(&compact) {
        Ok(token) => token,
        Err(error) => return format!("malformed: {error}"),
    };
    match verify(
        &token,
        &IssuerKeys::discovered(&metadata, &keys),
        NOW,
        &Genuine,
    ) {
        Err(error) => format!("not verified: {error}"),
        Ok(verified) => match verified.claims().check_formats() {
            Err(error) => format!("form: {error}"),
            Ok(()) => "accepted".to_owned(),
        },
    }
}

#[test]
fn every_claim_is_answered_in_these_words() {
    let mut wrong = Vec::new();
    let lines = SNAPSHOTS.lines().filter(|line| !line.is_empty());
    for line in lines.clone() {
        let (change, wanted) = line.split_once(" => ").unwrap();
        let got = words(&payload(change));
        if got != wanted {
            wrong.push(format!("{change} => {got}"));
        }
    }
    assert!(wrong.is_empty(), "now:\n{}", wrong.join("\n"));
    assert_eq!(lines.count(), 163);
}
