//! Files: `GET` and `PUT /repos/{owner}/{repo}/contents/{path}` (GitHub's page "REST API endpoints for repository
//! contents").

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::routing::RepositoryName;
use super::state::{Caller, State};
use crate::server::{Received, Reply};
use crate::world::{Entry, Level, Repository, World, git_blob_sha};

/// Larger files come without content and with encoding `none` (bytes).
const SHOWN: usize = 1_000_000;

/// A directory shows no more entries than this, and does not say so.
const ENTRIES: usize = 1_000;

/// base64 comes in lines of this length.
const LINE: usize = 60;

const PAGE: &str = "https://docs.github.com/rest/repos/contents#get-repository-content";

const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_');

impl State {
    pub(super) fn read_contents(
        &self,
        name: &RepositoryName,
        path: &str,
        caller: &Caller,
        received: &Received,
    ) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let (repository, reached) = self.visible(&world, name, caller, received)?;
        if let Caller::Installation(token) = caller
            && reached
            && !token.may("contents", Level::Read)
        {
            return Err(Refusal::not_accessible().documented(PAGE));
        }
        on_main(received)?;
        let path = path.trim_matches('/');
        let accept = received.header("accept");
        match repository.entry(path) {
            Some(Entry::File(bytes)) if accept.contains("raw") => Ok(Reply::new(
                StatusCode::OK,
                "application/vnd.github.raw+json; charset=utf-8",
                Bytes::copy_from_slice(&bytes),
            )),
            Some(Entry::File(bytes)) => {
                Ok(self.file_reply(&world, repository, path, &bytes, received))
            }
            Some(Entry::Directory(entries)) => {
                let list = self.listing(&world, repository, path, &entries);
                let body = if accept.contains("object") {
                    let mut object = self.entry_object(&world, repository, path, "dir", None);
                    if let Some(object) = object.as_object_mut() {
                        object.insert("entries".to_owned(), list);
                    }
                    object
                } else {
                    list
                };
                Ok(Reply::json(StatusCode::OK, &body))
            }
            None if path.is_empty() => Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "This repository is empty.",
            )
            .documented(PAGE)),
            None => Err(Refusal::not_found().documented(PAGE)),
        }
    }

    /// A file with its content; 304 if the caller has it already.
    fn file_reply(
        &self,
        world: &World,
        repository: &Repository,
        path: &str,
        bytes: &[u8],
        received: &Received,
    ) -> Reply {
        let mut file = self.entry_object(world, repository, path, "file", Some(bytes));
        let (content, encoding) = if bytes.len() > SHOWN {
            (String::new(), "none")
        } else {
            (in_lines(bytes), "base64")
        };
        let etag = file
            .get("sha")
            .and_then(Value::as_str)
            .map(|sha| format!("\"{sha}\""))
            .unwrap_or_default();
        if let Some(file) = file.as_object_mut() {
            file.insert("content".to_owned(), json!(content));
            file.insert("encoding".to_owned(), json!(encoding));
        }
        let unchanged = received.header("if-none-match").trim_start_matches("W/") == etag;
        let mut reply = if unchanged {
            Reply::empty(StatusCode::NOT_MODIFIED)
        } else {
            Reply::json(StatusCode::OK, &file)
        };
        reply.set("etag", &etag);
        reply
    }

    fn listing(
        &self,
        world: &World,
        repository: &Repository,
        path: &str,
        entries: &[(String, Option<std::sync::Arc<[u8]>>)],
    ) -> Value {
        let list = entries.iter().take(ENTRIES).map(|(name, bytes)| {
            let path = if path.is_empty() {
                name.clone()
            } else {
                format!("{path}/{name}")
            };
            let kind = if bytes.is_some() { "file" } else { "dir" };
            self.entry_object(world, repository, &path, kind, bytes.as_deref())
        });
        Value::Array(list.collect())
    }

    /// What files and directories have in common, and lists show.
    fn entry_object(
        &self,
        world: &World,
        repository: &Repository,
        path: &str,
        kind: &str,
        bytes: Option<&[u8]>,
    ) -> Value {
        let owner = world
            .account_by_id(repository.owner)
            .map_or("", |owner| owner.login.as_str());
        let full_name = format!("{owner}/{}", repository.name);
        let encoded = utf8_percent_encode(path, IN_PATH).to_string();
        let sha = git_blob_sha(bytes.unwrap_or(path.as_bytes()));
        let (web, api) = (&self.objects.web, &self.objects.api);
        let (page, of_git) = if kind == "file" {
            ("blob", "blobs")
        } else {
            ("tree", "trees")
        };
        let url = format!("{api}/repos/{full_name}/contents/{encoded}?ref=main");
        let git_url = format!("{api}/repos/{full_name}/git/{of_git}/{sha}");
        let html_url = format!("{web}/{full_name}/{page}/main/{encoded}");
        json!({
            "_links": {"git": git_url, "html": html_url, "self": url},
            "download_url": bytes.map(|_| format!("{web}/raw/{full_name}/main/{encoded}")),
            "git_url": git_url,
            "html_url": html_url,
            "name": path.rsplit('/').next().unwrap_or_default(),
            "path": path,
            "sha": sha,
            "size": bytes.map_or(0, <[u8]>::len),
            "type": kind,
            "url": url,
        })
    }

    pub(super) fn write_contents(
        &self,
        name: &RepositoryName,
        path: &str,
        caller: &Caller,
        received: &Received,
    ) -> Result<Reply, Refusal> {
        let mut world = self.world.write();
        let (repository, reached) = self.visible(&world, name, caller, received)?;
        let Caller::Installation(token) = caller else {
            return Err(Refusal::unauthorized("Requires authentication"));
        };
        // GitHub guards workflow files by a permission of their own.
        let is_workflow = path.starts_with(".github/workflows/");
        let may = token.may("contents", Level::Write)
            && (!is_workflow || token.may("workflows", Level::Write));
        if !reached || !may {
            return Err(Refusal::not_accessible().documented(PAGE));
        }
        let request: Value =
            serde_json::from_slice(&received.body).map_err(|_| Refusal::not_json())?;
        let content = new_content(&request)?;
        let known = match repository.entry(path) {
            Some(Entry::File(bytes)) => Some(git_blob_sha(&bytes)),
            Some(Entry::Directory(_)) => return Err(invalid("path is a directory")),
            None => None,
        };
        let given = request.get("sha").and_then(Value::as_str);
        match (&known, given) {
            (Some(_), None) => return Err(invalid("\"sha\" wasn't supplied.")),
            (Some(known), Some(given)) if known != given => {
                let message = format!("{path} does not match {given}");
                return Err(Refusal::new(StatusCode::CONFLICT, message).documented(PAGE));
            }
            _ => {}
        }
        let id = repository.id;
        if let Some(repository) = world.repositories.get_mut(&id) {
            repository.put(path, content.clone());
        }
        let repository = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
        let body = json!({
            "commit": {
                "message": request.get("message"),
                "sha": git_blob_sha(received.body.as_ref()),
            },
            "content": self.entry_object(&world, repository, path, "file", Some(&content)),
        });
        let status = if known.is_some() {
            StatusCode::OK
        } else {
            StatusCode::CREATED
        };
        Ok(Reply::json(status, &body))
    }
}

/// The only branch is `main`.
fn on_main(received: &Received) -> Result<(), Refusal> {
    match received.parameter("ref").as_deref() {
        None | Some("" | "main" | "refs/heads/main" | "heads/main" | "HEAD") => Ok(()),
        Some(other) => Err(Refusal::new(
            StatusCode::NOT_FOUND,
            format!("No commit found for the ref {other}"),
        )
        .documented(PAGE)),
    }
}

fn invalid(why: &str) -> Refusal {
    Refusal::unprocessable(format!("Invalid request.\n\n{why}")).documented(PAGE)
}

fn new_content(request: &Value) -> Result<Vec<u8>, Refusal> {
    let text = |field: &str| {
        let missing = format!("\"{field}\" wasn't supplied.");
        request
            .get(field)
            .and_then(Value::as_str)
            .ok_or_else(|| invalid(&missing))
    };
    text("message")?;
    let content: String = text("content")?.split_ascii_whitespace().collect();
    STANDARD
        .decode(content)
        .map_err(|_| Refusal::unprocessable("content is not valid Base64").documented(PAGE))
}

/// base64 in lines of 60 characters, each with its newline.
fn in_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(text.len() + text.len() / LINE + 1);
    for line in text.as_bytes().chunks(LINE) {
        lines.push_str(&String::from_utf8_lossy(line));
        lines.push('\n');
    }
    lines
}
