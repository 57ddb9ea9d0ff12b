#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
use super::*;
use serde_json::json;

fn read(text: &str) -> Result<Claims, ClaimsError> {
    Claims::from_members(&Members::parse(text.as_bytes()).unwrap())
}

#[test]
fn reads_what_is_there() {
    let text = r#"{"iss":"https://a.b","sub":"s","aud":["x","y"],"exp":10.9,"nbf":"5","iat":7,"jti":"j","repository":"o/r","n":1}"#;
    let claims = read(text).unwrap();
    assert_eq!(
        (claims.issuer.as_str(), claims.subject.as_str()),
        ("https://a.b", "s")
    );
    assert_eq!(claims.audience, ["x", "y"]);
    assert_eq!(
        (claims.expires_at, claims.not_before),
        (Some(NumericDate(10)), Some(NumericDate(5)))
    );
    assert_eq!(
        (claims.issued_at, claims.jti.as_deref()),
        (Some(NumericDate(7)), Some("j"))
    );
    assert_eq!(claims.get("repository"), Some(&json!("o/r")));
    assert_eq!(claims.get("iss"), Some(&json!("https://a.b")));
    assert_eq!((claims.get("Repository"), claims.other.len()), (None, 9));
    assert_eq!(
        Claims::from_json(serde_json::from_str(text).unwrap()),
        Ok(claims)
    );
}

#[test]
fn absent_claims_are_empty() {
    for text in ["{}", r#"{"iss":null,"sub":null,"nbf":null,"jti":null}"#] {
        let claims = read(text).unwrap();
        assert_eq!(
            (
                claims.issuer.as_str(),
                claims.subject.as_str(),
                claims.audience.len()
            ),
            ("", "", 0)
        );
        assert_eq!(
            (
                claims.expires_at,
                claims.not_before,
                claims.issued_at,
                claims.jti
            ),
            (None, None, None, None)
        );
    }
    assert_eq!(read(r#"{"aud":[]}"#).unwrap().audience.len(), 0);
    assert_eq!(read(r#"{"aud":"one"}"#).unwrap().audience, ["one"]);
}

#[test]
fn google_is_known_by_one_name() {
    let google = read(r#"{"iss":"accounts.google.com"}"#).unwrap();
    assert_eq!(google.issuer, "https://accounts.google.com");
    assert_eq!(
        google.get("iss"),
        Some(&json!("https://accounts.google.com"))
    );
    assert_eq!(
        read(r#"{"iss":"accounts.google.com."}"#).unwrap().issuer,
        "accounts.google.com."
    );
}

#[test]
fn a_jti_that_is_no_text_is_none() {
    for value in ["1", "true", "[]", r#"{"a":"b"}"#] {
        let claims = read(&format!(r#"{{"jti":{value}}}"#)).unwrap();
        assert_eq!(claims.jti, None, "{value}");
    }
}

#[test]
fn wrong_types_are_refused() {
    for name in ["iss", "sub", "nonce", "at_hash"] {
        for value in ["1", "true", "[]", "{}", r#"["s"]"#] {
            assert_eq!(
                read(&format!(r#"{{"{name}":{value}}}"#)),
                Err(ClaimsError::Type { name })
            );
        }
    }
    for name in ["exp", "nbf", "iat"] {
        for value in ["true", "[]", "{}", r#""soon""#, r#""""#, "1e300", "[1]"] {
            assert_eq!(
                read(&format!(r#"{{"{name}":{value}}}"#)),
                Err(ClaimsError::Type { name })
            );
        }
    }
    for name in ["exp", "iat"] {
        assert_eq!(
            read(&format!(r#"{{"{name}":null}}"#)),
            Err(ClaimsError::Type { name })
        );
    }
    for value in [
        "1",
        "true",
        "null",
        "{}",
        "[1]",
        r#"["a",null]"#,
        r#"["a",["b"]]"#,
    ] {
        assert_eq!(
            read(&format!(r#"{{"aud":{value}}}"#)),
            Err(ClaimsError::Type { name: "aud" }),
            "{value}"
        );
    }
}

#[test]
fn no_claim_may_occur_twice() {
    for name in [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "repository",
    ] {
        let error = Err(ClaimsError::Duplicate { name: name.into() });
        assert_eq!(
            read(&format!(r#"{{"{name}":"1","a":{{}},"{name}":"1"}}"#)),
            error
        );
    }
    assert!(matches!(
        read(r#"{"sub":"a","s\u0075b":"b"}"#),
        Err(ClaimsError::Duplicate { .. })
    ));
}

#[test]
fn no_registered_claim_may_change_its_case() {
    for name in [
        "ISS",
        "Iss",
        "SUB",
        "sUb",
        "Aud",
        "EXP",
        "Nbf",
        "iAt",
        "JTI",
        "\u{17f}ub",
        "i\u{17f}\u{17f}",
        "i\u{17f}S",
    ] {
        for text in [
            format!(r#"{{"{name}":"x"}}"#),
            format!(r#"{{"iss":"a","sub":"b","{name}":"x"}}"#),
        ] {
            assert_eq!(
                read(&text),
                Err(ClaimsError::Case { name: name.into() }),
                "{text}"
            );
        }
    }
    for name in ["Repository", "subs", "su", "sub ", "azp", "s\u{fb}b"] {
        assert!(read(&format!(r#"{{"{name}":"x"}}"#)).is_ok(), "{name}");
    }
}

#[test]
fn distributed_claims_name_a_source() {
    for good in [
        r#"{"_claim_names":{},"_claim_sources":{}}"#,
        r#"{"_claim_sources":{"a":null,"b":{"endpoint":null,"other":1}}}"#,
        r#"{"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":{"endpoint":"https://a.b"}}}"#,
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
    for bad in [
        r#"{"_claim_names":{"groups":"src1"}}"#,
        r#"{"_claim_names":{"groups":"src1"},"_claim_sources":{"src2":{}}}"#,
        r#"{"_claim_names":{"groups":"src1"},"_claim_sources":{"src1":null}}"#,
        r#"{"_claim_names":{"groups":""},"_claim_sources":{"":{}}}"#,
        r#"{"_claim_names":{"groups":1},"_claim_sources":{}}"#,
        r#"{"_claim_names":[]}"#,
        r#"{"_claim_sources":"x"}"#,
        r#"{"_claim_sources":{"a":"b"}}"#,
        r#"{"_claim_sources":{"a":{"endpoint":1}}}"#,
        r#"{"_claim_sources":{"a":{"access_token":{}}}}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn errors_do_not_repeat_a_flood() {
    let name = "a".repeat(10_000);
    let Err(error) = read(&format!(r#"{{"{name}":1,"{name}":2}}"#)) else {
        unreachable!()
    };
    assert!(error.to_string().len() < 200);
}
