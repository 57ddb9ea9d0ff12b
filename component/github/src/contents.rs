//! Files and directories (<https://docs.github.com/rest/repos/contents>).

use crate::failure::{Failure, success};
use crate::installations::json;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use serde::Deserialize;

/// The contents API lists at most this many entries of a directory, so a listing of this length proves nothing.
pub const MAX_LISTING: usize = 1000;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contents {
    /// A file.
    File {
        /// Its bytes.
        bytes: Vec<u8>,
        /// Its blob's SHA.
        sha: String,
    },
    /// Something that cannot be read as a file: a directory, a symbolic link, a submodule, a file above 1 MB.
    NotAFile(&'static str),
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    encoding: String,
    #[serde(default)]
    content: String,
    #[serde(default)]
    sha: String,
}

#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

/// Reads `GET /repos/{owner}/{repo}/contents/{path}` for a file.
///
/// # Errors
/// [`Failure`], also for a body that is neither a file nor a directory.
pub fn read_file(answer: &Response<Vec<u8>>, now: i64) -> Result<Contents, Failure> {
    let body = success(answer, now)?;
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Ok(Contents::NotAFile("a directory"));
    }
    let body: Body = json(body)?;
    if body.kind != "file" {
        return Ok(Contents::NotAFile("no regular file"));
    }
    match body.encoding.as_str() {
        "base64" => match decode(&body.content) {
            Some(bytes) => Ok(Contents::File {
                bytes,
                sha: body.sha,
            }),
            None => Ok(Contents::NotAFile("not base64")),
        },
        "" => Ok(Contents::File {
            bytes: body.content.into_bytes(),
            sha: body.sha,
        }),
        _ => Ok(Contents::NotAFile("too large for the contents API")),
    }
}

/// Reads the same for a directory: the names of its files. `None` if the listing may be cut off, or is none.
///
/// # Errors
/// [`Failure`].
pub fn read_listing(answer: &Response<Vec<u8>>, now: i64) -> Result<Option<Vec<String>>, Failure> {
    let body = success(answer, now)?;
    let Ok(entries) = serde_json::from_slice::<Vec<Entry>>(body) else {
        return Ok(None);
    };
    if entries.len() >= MAX_LISTING {
        return Ok(None);
    }
    Ok(Some(
        entries
            .into_iter()
            .filter(|entry| entry.kind != "dir")
            .map(|entry| entry.name)
            .collect(),
    ))
}

/// Base64 with the line breaks that GitHub puts in.
fn decode(content: &str) -> Option<Vec<u8>> {
    let compact: String = content
        .chars()
        .filter(|c| !matches!(c, '\n' | '\r'))
        .collect();
    STANDARD.decode(compact).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn answer(body: &str) -> Response<Vec<u8>> {
        Response::builder()
            .status(200)
            .body(body.as_bytes().to_vec())
            .unwrap()
    }

    #[test]
    fn reads_a_file_as_github_writes_it() {
        let body = r#"{"type":"file","encoding":"base64","content":"aXNzdWVy\nOiBh\n","sha":"s1"}"#;
        let file = Contents::File {
            bytes: b"issuer: a".to_vec(),
            sha: "s1".into(),
        };
        assert_eq!(read_file(&answer(body), 0), Ok(file));
        let empty = r#"{"type":"file","encoding":"base64","content":"","sha":"s"}"#;
        assert_eq!(
            read_file(&answer(empty), 0),
            Ok(Contents::File {
                bytes: vec![],
                sha: "s".into()
            })
        );
    }

    #[test]
    fn nothing_else_is_a_file() {
        for (body, why) in [
            ("[]", "a directory"),
            (r#" [{"type":"file"}]"#, "a directory"),
            (r#"{"type":"symlink","content":""}"#, "no regular file"),
            (r#"{"type":"submodule"}"#, "no regular file"),
            (
                r#"{"type":"file","encoding":"none","content":""}"#,
                "too large for the contents API",
            ),
            (
                r#"{"type":"file","encoding":"base64","content":"%%"}"#,
                "not base64",
            ),
        ] {
            assert_eq!(
                read_file(&answer(body), 0),
                Ok(Contents::NotAFile(why)),
                "{body}"
            );
        }
        for body in ["", "null", "{}", "7"] {
            assert!(
                matches!(read_file(&answer(body), 0), Err(Failure::Unreadable(_))),
                "{body:?}"
            );
        }
    }

    #[test]
    fn a_listing_at_the_limit_proves_nothing() {
        let entry = |n: usize| format!(r#"{{"name":"{n}.sts.yaml","type":"file"}}"#);
        let list = |n: usize| format!("[{}]", (0..n).map(entry).collect::<Vec<_>>().join(","));
        assert_eq!(
            read_listing(&answer(&list(999)), 0).unwrap().unwrap().len(),
            999
        );
        assert_eq!(read_listing(&answer(&list(1000)), 0), Ok(None));
        assert_eq!(read_listing(&answer(r#"{"type":"file"}"#), 0), Ok(None));
        let dir = r#"[{"name":"x.sts.yaml","type":"dir"},{"name":"y","type":"file"}]"#;
        assert_eq!(read_listing(&answer(dir), 0), Ok(Some(vec!["y".into()])));
    }
}
