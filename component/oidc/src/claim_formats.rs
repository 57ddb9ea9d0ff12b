//! Which texts may stand in `iss`, `sub` and `aud`: what a log, a policy or a shell could misread is refused.

use crate::claims::Claims;
use crate::issuer::{Issuer, IssuerError};
use thiserror::Error;

/// The most code points of a subject. octo-sts has 255, which real subjects outgrow.
pub const MAX_SUBJECT: usize = 1024;
/// The most code points of an audience.
pub const MAX_AUDIENCE: usize = 255;

/// Characters of no subject and no audience, beside those that are not printable.
const FORBIDDEN: [char; 16] = [
    ' ', '"', '\'', '`', '\\', '<', '>', ';', '&', '$', '(', ')', '{', '}', '[', ']',
];

/// Which claim has a form that is never accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FormatError {
    /// `iss`.
    #[error("invalid issuer in token: {0}")]
    Issuer(IssuerError),
    /// `sub`: empty, too long, or with a character that is not allowed.
    #[error("invalid subject in token")]
    Subject,
    /// One of `aud`: empty, too long, or with a character that is not allowed.
    #[error("invalid audience in token")]
    Audience,
}

impl FormatError {
    /// The claim in words: `issuer`, `subject` or `audience`.
    #[must_use]
    pub fn claim(self) -> &'static str {
        match self {
            Self::Issuer(_) => "issuer",
            Self::Subject => "subject",
            Self::Audience => "audience",
        }
    }
}

impl Claims {
    /// Judges the forms of issuer, subject and every audience, in this order. No audience at all is a valid form.
    ///
    /// # Errors
    /// The first claim whose form is not accepted.
    pub fn check_formats(&self) -> Result<(), FormatError> {
        Issuer::parse(&self.issuer).map_err(FormatError::Issuer)?;
        if !is_subject(&self.subject) {
            return Err(FormatError::Subject);
        }
        if !self.audience.iter().all(|audience| is_audience(audience)) {
            return Err(FormatError::Audience);
        }
        Ok(())
    }
}

/// Whether a token may have this subject.
#[must_use]
pub fn is_subject(text: &str) -> bool {
    has_length(text, MAX_SUBJECT) && !text.contains(FORBIDDEN) && is_printable(text)
}

fn is_audience(text: &str) -> bool {
    has_length(text, MAX_AUDIENCE)
        && !text.contains(['|', '@'])
        && !text.contains(FORBIDDEN)
        && is_printable(text)
}

fn has_length(text: &str, most: usize) -> bool {
    !text.is_empty() && text.len() <= 4 * most && text.chars().count() <= most
}

/// Whether every character is a letter, mark, number, punctuation or symbol, in a text without backslash and quotes.
///
/// The standard library escapes exactly the others when it writes a string for debugging, so its table serves here and
/// no second one grows the artifact. It also escapes a combining mark, but only as the first character, hence the `a`.
/// What it shows is no promise of that library; the tests hold it to the categories of Unicode.
fn is_printable(text: &str) -> bool {
    text.is_ascii() && !text.contains(|c: char| c.is_ascii_control())
        || !format!("a{text}").escape_debug().any(|c| c == '\\')
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn agrees_with_octo_sts() {
        let vectors: Value =
            serde_json::from_str(include_str!("../../../tests/vectors/octo-sts.json")).unwrap();
        let rows = vectors["subject_audience_format"]
            .as_array()
            .expect("an array");
        assert!(rows.len() > 35);
        for row in rows {
            let text = row["in"].as_str().unwrap();
            assert_eq!(
                is_audience(text),
                row["audience_valid"].as_bool().unwrap(),
                "audience {text:?}"
            );
            // Wider on purpose: a subject may have 1,024 code points.
            let longer = (256..=MAX_SUBJECT).contains(&text.chars().count());
            assert_eq!(
                is_subject(text),
                longer || row["subject_valid"].as_bool().unwrap(),
                "subject {text:?}"
            );
        }
    }

    #[test]
    fn lengths_count_code_points() {
        for (character, count) in [("a", 1), ("\u{e9}", 1), ("\u{1f600}", 1)] {
            assert!(is_subject(&character.repeat(MAX_SUBJECT * count)));
            assert!(!is_subject(&character.repeat(MAX_SUBJECT * count + 1)));
            assert!(is_audience(&character.repeat(MAX_AUDIENCE * count)));
            assert!(!is_audience(&character.repeat(MAX_AUDIENCE * count + 1)));
        }
    }

    #[test]
    fn forbidden_characters() {
        for character in (0..=0x20_u8)
            .chain([0x7f])
            .map(char::from)
            .chain("\"'`\\<>;&$(){}[]".chars())
        {
            let text = format!("a{character}b");
            assert!(!is_subject(&text) && !is_audience(&text), "{text:?}");
        }
        for character in "|@".chars() {
            let text = format!("a{character}b");
            assert!(is_subject(&text) && !is_audience(&text), "{text:?}");
        }
        for character in ":/,#?%*!~^=+-._".chars() {
            let text = format!("{character}");
            assert!(is_subject(&text) && is_audience(&text), "{text:?}");
        }
    }

    #[test]
    fn printable_is_what_unicode_calls_visible() {
        // One of each category: Lu Ll Lt Lm Lo, Mn Mc Me, Nd Nl No, Pc Pd Ps Pe Pi Pf Po, Sm Sc Sk So.
        let visible = "\u{c9}\u{e9}\u{1c5}\u{2b0}\u{5d0}\u{301}\u{903}\u{20dd}\u{660}\u{2160}\u{b2}\
                       \u{203f}\u{2014}\u{201a}\u{2046}\u{ab}\u{bb}\u{a1}\u{d7}\u{20ac}\u{2c6}\u{a9}\u{fe0f}\u{e0100}";
        for character in visible.chars() {
            assert!(is_subject(&character.to_string()), "{character:?}");
            assert!(is_subject(&format!("\u{e9}{character}x")), "{character:?}");
        }
        // Zs Zl Zp, Cc, Cf, Co, Cn.
        let hidden = "\u{a0}\u{1680}\u{2000}\u{202f}\u{205f}\u{3000}\u{2028}\u{2029}\u{80}\u{85}\u{9f}\u{ad}\u{61c}\u{200b}\
                      \u{200c}\u{200d}\u{200e}\u{202e}\u{2060}\u{2066}\u{feff}\u{e0001}\u{e0041}\u{e000}\u{f8ff}\u{f0000}\
                      \u{10fffd}\u{378}\u{ffff}\u{fffe}\u{e0200}\u{10ffff}";
        for character in hidden.chars() {
            assert!(!is_subject(&character.to_string()), "{character:?}");
            assert!(!is_subject(&format!("a{character}b")), "{character:?}");
        }
    }

    #[test]
    fn claims_are_judged_in_order() {
        let judge = |iss: &str, sub: &str, aud: Value| {
            let claims = json!({"iss": iss, "sub": sub, "aud": aud});
            Claims::from_json(claims.as_object().unwrap().clone())
                .unwrap()
                .check_formats()
                .map_err(FormatError::claim)
        };
        assert_eq!(judge("https://a.b", "s", json!(["x", "y"])), Ok(()));
        assert_eq!(judge("accounts.google.com", "s", json!([])), Ok(()));
        assert_eq!(judge("a.b", " ", json!(" ")), Err("issuer"));
        assert_eq!(judge("", "s", json!("x")), Err("issuer"));
        assert_eq!(judge("https://a.b", "", json!(" ")), Err("subject"));
        assert_eq!(judge("https://a.b", "s", json!(["x", ""])), Err("audience"));
    }

    #[test]
    fn rows_of_octo_stss_own_tests() {
        let most = "a".repeat(255);
        for subject in [
            "user123",
            "123e4567-e89b-12d3-a456-426614174000",
            "1234567890",
            "user-name_1",
            "user.name",
            &most,
            "UserName",
            "user+tag",
            "user=name",
            "110169484474386276334",
            "repo:octocat/hello-world:ref:refs/heads/main",
            "okta|00uhzsq8pw5e6bWGe0h7",
            "248289761001",
            "24400320",
            "AItOawmwtWwcT0k51BayewNvutrJUqsvl6qs7A4",
            "\u{7528}\u{6237}123",
            "user\u{1f600}123",
        ] {
            assert!(is_subject(subject), "{subject:?}");
        }
        for subject in [
            "", "a b", "a\tb", "a\nb", "a\rb", "a\0b", "a\"b", "a'b", "<script>", "a[b]", "a{b}",
            "a;b",
        ] {
            assert!(!is_subject(subject), "{subject:?}");
        }
        for audience in [
            "api",
            "my-api",
            "my_api",
            "api.example.com",
            "urn:api",
            "api/v1",
        ] {
            assert!(is_audience(audience), "{audience:?}");
        }
        let zeros = "\0".repeat(200);
        for audience in ["", &zeros, "a b", "a\nb", "<api>", "user@example.com"] {
            assert!(!is_audience(audience), "{audience:?}");
        }
    }
}
