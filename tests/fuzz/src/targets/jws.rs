//! A token, and what may stand in its header and payload.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oidc::{
    CompactJws, Issuer, IssuerKeys, JwkSet, JwsAlgorithm, MAX_TOKEN, NumericDate, ProviderMetadata,
    PublicKey, UnverifiedIdToken, VerifySignature, verify,
};
use serde_json::{Map, Value};

pub(crate) const PIECES: &[&str] = &[
    ".",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\u0000",
    "\\",
    "null",
    "true",
    "0",
    "-1",
    "1e9",
    "9223372036854775808",
    "\"alg\":\"none\"",
    "\"alg\":\"EdDSA\"",
    "\"kid\":\"a\"",
    "\"crit\":[]",
    "\"b64\":false",
    "\"iss\":\"https://issuer.example\"",
    "\"sub\":\"s\"",
    "\"Sub\":\"s\"",
    "\"aud\":[\"a\",\"b\"]",
    "\"exp\":2000000",
    "\"nbf\":0",
    "\"_claim_names\":{\"a\":\"s\"}",
    "\"_claim_sources\":{\"s\":{}}",
    "eyJhbGciOiJFZERTQSJ9",
    "e30",
    "AA==",
    "-_",
    "\u{17f}",
];

const ISSUER: &str = "https://issuer.example";
const NOW: NumericDate = NumericDate(1_000_000);
const METADATA: &[u8] = br#"{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/keys","id_token_signing_alg_values_supported":["EdDSA","RS256"]}"#;
const KEYS: &[u8] = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
const HEADER: &[u8] = br#"{"alg":"EdDSA","kid":"a"}"#;
const PAYLOAD: &[u8] = br#"{"iss":"https://issuer.example","sub":"s","exp":2000000}"#;

/// The worst case: somebody can sign whatever he likes.
struct Genuine;

impl VerifySignature for Genuine {
    fn verify(&self, algorithm: JwsAlgorithm, key: &PublicKey, _: &[u8], signature: &[u8]) -> bool {
        assert_eq!(
            algorithm,
            JwsAlgorithm::EdDsa,
            "the only algorithm with a key"
        );
        assert!(matches!(key, PublicKey::Ed25519(_)));
        !signature.is_empty()
    }
}

/// The bytes as a whole token, as the payload of one, and as its header.
pub fn jws(bytes: &[u8]) -> bool {
    let whole = str::from_utf8(bytes).is_ok_and(token);
    let signed = |header: &[u8], payload: &[u8]| {
        let encoded = [header, payload].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{}.c2ln", encoded.join("."))
    };
    let payload = token(&signed(HEADER, bytes));
    let header = token(&signed(bytes, PAYLOAD));
    whole || payload || header
}

/// Whether it was verified.
fn token(text: &str) -> bool {
    let compact = CompactJws::parse(text);
    let token = UnverifiedIdToken::parse(text);
    assert!(token.is_err() || compact.is_ok(), "an ID token is a JWS");
    let (Ok(compact), Ok(token)) = (compact, token) else {
        return false;
    };
    assert!(text.len() <= MAX_TOKEN);
    let issuer = Issuer::parse(ISSUER).unwrap();
    let metadata = ProviderMetadata::parse(METADATA, &issuer).unwrap();
    let keys = JwkSet::parse(KEYS).unwrap();
    let issuer_keys = IssuerKeys::discovered(&metadata, &keys);
    let signed = compact.verify(metadata.algorithms(), &keys, &Genuine);
    let Ok(verified) = verify(&token, &issuer_keys, NOW, &Genuine) else {
        return false;
    };
    assert_eq!(signed, Ok(()));
    let claims = verified.claims();
    assert_eq!(
        (claims.issuer.as_str(), token.unverified_issuer()),
        (ISSUER, ISSUER)
    );
    assert!(claims.expires_at.is_some_and(|at| at > NOW));
    // A reader that folds case, or takes the last of several, sees the same.
    let payload: Map<String, Value> = serde_json::from_slice(compact.unverified_payload()).unwrap();
    let spellings = |name: &str| {
        payload
            .keys()
            .filter(|key| key.to_uppercase() == name)
            .count()
    };
    assert!(spellings("SUB") <= 1 && spellings("ISS") == 1 && spellings("EXP") == 1);
    let last = payload.get("sub").and_then(Value::as_str).unwrap_or("");
    assert_eq!(last, claims.subject);
    if claims.check_formats().is_ok() {
        assert!(!claims.subject.is_empty());
        assert!(!claims.subject.contains(['\n', '\0', '"', '\u{2028}']));
    }
    let shown = format!("{verified:?}{token:?}");
    assert!(!shown.contains("c2ln"), "{shown}");
    true
}
