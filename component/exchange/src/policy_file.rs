//! Reading a trust policy: its text, or that there is none, and for how long that is believed. Rules 1, 14 and 15 of
//! docs/SECURITY.md.

use crate::apps::{Apps, Serving};
use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::memory::{self, Keep};
use crate::outside::{CacheName, LogLevel, Outside};
use crate::read_token;
use crate::target::PolicyName;
use crate::trouble::Trouble;
use github::access_token::Repository;
use github::contents::{self, Contents};
use github::{Installation, InstallationAccessToken, Owner, RepositoryName};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Seconds that a policy's text, and its absence, is believed.
const KEEP: u64 = 300;
/// Seconds that a text may serve while it can't be read, at most (rule 13).
const KEEP_STALE: u64 = 3600;
/// Seconds that a refusal to read it is believed.
const KEEP_FORBIDDEN: u64 = 60;
/// The largest policy file, in bytes.
const MAX_POLICY: usize = 64 * 1024;
/// Seconds that a directory's listing answers for names that are not in it.
const KEEP_NAMES: u64 = 60;
/// After so many missing names of one repository in five minutes, the directory is listed instead (rule 15).
const MISSING_NAMES: u32 = 3;
const MISSING_WINDOW: Duration = Duration::from_secs(300);

/// The directory of all policies.
const DIRECTORY: &str = ".github/chainguard";

/// Where a policy is read.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    pub(crate) owner: &'a Owner,
    pub(crate) repository: &'a RepositoryName,
    pub(crate) policy: &'a PolicyName,
}

/// A policy's file with what GitHub said of its repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PolicyText {
    /// The text, or why there is none: a directory and the like.
    pub(crate) text: Result<String, String>,
    pub(crate) sha: String,
    /// Carried from the read to the mint (rule 1).
    pub(crate) repository_id: u64,
    /// Whether strangers may not read it (rule 3).
    pub(crate) private: bool,
    /// When GitHub gave it, in Unix seconds.
    confirmed: i64,
    /// Whether it came from memory. Never stored.
    #[serde(skip, default = "yes")]
    pub(crate) remembered: bool,
    /// Whether it serves because GitHub could not be asked (rule 13). Never stored.
    #[serde(skip)]
    pub(crate) stale: bool,
}

fn yes() -> bool {
    true
}

#[derive(Clone, Serialize, Deserialize)]
enum PolicyFile {
    Text(PolicyText),
    Missing,
    Forbidden,
}

impl Place<'_> {
    /// `.github/chainguard/NAME.sts.yaml`.
    pub(crate) fn path(&self) -> String {
        format!("{DIRECTORY}/{}", self.policy.file_name())
    }

    fn stale_name(&self, installation: &Installation) -> CacheName {
        CacheName {
            kind: "policy-stale",
            ..self.name(installation)
        }
    }

    fn parts(&self, installation: &Installation) -> [String; 3] {
        // The account's id is among them, so that a recycled login never meets its predecessor's policies.
        [
            installation.account_id.to_string(),
            self.owner.key(),
            self.repository.key(),
        ]
    }

    fn name(&self, installation: &Installation) -> CacheName {
        let [account, owner, repository] = self.parts(installation);
        memory::name(
            "policy",
            &[&account, &owner, &repository, self.policy.as_str()],
        )
    }

    fn directory(&self, kind: &'static str, installation: &Installation) -> CacheName {
        let [account, owner, repository] = self.parts(installation);
        memory::name(kind, &[&account, &owner, &repository])
    }
}

/// The policy's text, from memory or from GitHub. Another App may read it while one is limited, and the installation may be
/// looked up once more; `serving` is then replaced.
pub(crate) async fn read<O: Outside>(
    apps: &Apps<'_, '_, O>,
    place: &Place<'_>,
    serving: &mut Serving,
) -> Result<PolicyText, Refusal> {
    let context = apps.context;
    for last in [false, true] {
        let name = place.name(&serving.installation);
        let file = memory::remembered(context.outside, &name, context.left(), async || {
            let read = async |serving: &Serving| fetch(context, place, serving).await;
            let (file, keep) = match apps.by_any(serving, |_| true, read).await {
                Err(Trouble::Unprocessable) => nothing_here(context, place, serving),
                read => read?,
            };
            keep_stale(context, place, &serving.installation, &file);
            Ok((file, keep))
        });
        match file.await {
            Ok(PolicyFile::Text(text)) => return Ok(text),
            Ok(PolicyFile::Missing) => {
                return Err(ExchangeError::PolicyNotFound {
                    identity: identity(place),
                }
                .into());
            }
            Ok(PolicyFile::Forbidden) => {
                return Err(ExchangeError::PolicyForbidden {
                    identity: identity(place),
                }
                .into());
            }
            Err(trouble) if !last && is_gone(&trouble, apps.several()) => {
                context.outside.cache_remove(&name);
                apps.look_again(serving, |_| true).await?;
            }
            Err(trouble) => {
                let stale = stale(context, place, &serving.installation, &trouble);
                return stale.ok_or_else(|| refused(place, &trouble));
            }
        }
    }
    Err(ExchangeError::NotInstalled {
        owner: place.owner.to_string(),
    }
    .into())
}

/// Whether the installation may not be what it was: it is gone, its account has another name, or one of several is suspended.
fn is_gone(trouble: &Trouble, several: bool) -> bool {
    match trouble {
        Trouble::NotFound(_) | Trouble::OtherOwner => true,
        Trouble::Forbidden => several,
        _ => false,
    }
}

/// Drops what is remembered of a policy.
pub(crate) fn forget<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    installation: &Installation,
) {
    context.outside.cache_remove(&place.name(installation));
    context
        .outside
        .cache_remove(&place.stale_name(installation));
}

/// Rule 13: the last text serves while GitHub can't be asked, for a few minutes; until a proven primary limit ends, which
/// may be an hour.
fn stale<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    installation: &Installation,
    trouble: &Trouble,
) -> Option<PolicyText> {
    let most = match trouble {
        Trouble::Limited { primary: true, .. } => KEEP_STALE,
        Trouble::Limited { .. }
        | Trouble::Status(_)
        | Trouble::Network(_)
        | Trouble::Unreadable(_) => context.settings.policy_grace.as_secs().min(KEEP_STALE),
        _ => return None,
    };
    let name = place.stale_name(installation);
    let text: PolicyText = memory::get(context.outside, &name)?;
    let age = u64::try_from(context.now().saturating_sub(text.confirmed)).ok()?;
    if age > most {
        return None;
    }
    let fields = [
        ("identity", identity(place)),
        ("because", trouble.to_string()),
    ];
    let message = "a policy can't be read; its last text serves";
    context.log(LogLevel::Warn, message, &fields);
    Some(PolicyText {
        stale: true,
        ..text
    })
}

/// Keeps a text for when it can't be read, and nothing once GitHub says that it is gone.
fn keep_stale<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    installation: &Installation,
    file: &PolicyFile,
) {
    let name = place.stale_name(installation);
    match file {
        PolicyFile::Text(text) if text.text.is_ok() => {
            // A minute more than it is believed, so that the age decides and not the store.
            memory::put(context.outside, &name, Keep::kept(KEEP_STALE + 60), text);
        }
        _ => context.outside.cache_remove(&name),
    }
}

fn identity(place: &Place<'_>) -> String {
    place.policy.as_str().to_owned()
}

fn refused(place: &Place<'_>, trouble: &Trouble) -> Refusal {
    let error = match trouble {
        Trouble::Limited { retry_after, .. } => ExchangeError::Limited {
            what: identity(place),
            retry_after: *retry_after,
        },
        Trouble::NotFound(_) | Trouble::OtherOwner => ExchangeError::NotInstalled {
            owner: place.owner.to_string(),
        },
        Trouble::Wider(_) => ExchangeError::TokenWider,
        Trouble::Forbidden => ExchangeError::PolicyForbidden {
            identity: identity(place),
        },
        other => crate::context::general(other),
    };
    Refusal::new(error, trouble)
}

async fn fetch<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    serving: &Serving,
) -> Result<(PolicyFile, Keep), Trouble> {
    let installation = &serving.installation;
    // What a listing answered is believed no longer than the listing: the file may be there by then.
    if absent_from(&remembered_names(context, place, installation), place) {
        return Ok((PolicyFile::Missing, Keep::negative(KEEP_NAMES)));
    }
    let asked = read_token::Asked {
        serving,
        owner: place.owner,
        repository: place.repository,
    };
    let (token, repository) = match read_token::get(context, &asked).await {
        Ok(read) => read,
        // Of several Apps another one may: which says nothing about this one's policy.
        Err(Trouble::Forbidden) if !context.settings.has_several_apps() => {
            return Ok((PolicyFile::Forbidden, Keep::negative(KEEP_FORBIDDEN)));
        }
        Err(other) => return Err(other),
    };
    fetch_with(context, place, serving, &token, &repository).await
}

/// No App has such a repository: no other name in it is worth a question for a while (rule 15).
fn nothing_here<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    serving: &Serving,
) -> (PolicyFile, Keep) {
    let names = place.directory("policy-names", &serving.installation);
    let none: Option<Vec<String>> = Some(Vec::new());
    memory::put(context.outside, &names, Keep::negative(KEEP_NAMES), &none);
    (PolicyFile::Missing, Keep::negative(KEEP))
}

async fn fetch_with<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    serving: &Serving,
    token: &InstallationAccessToken,
    repository: &Repository,
) -> Result<(PolicyFile, Keep), Trouble> {
    if listed_as_absent(context, place, serving, token).await? {
        return Ok((PolicyFile::Missing, Keep::negative(KEEP_NAMES)));
    }
    let path = place.path();
    let contents = context
        .as_installation(
            serving.app,
            place.owner,
            |requests| requests.contents(token, place.owner, place.repository, &path),
            contents::read_file,
        )
        .await;
    match contents {
        Ok(Contents::File { bytes, sha }) => Ok((
            policy_file(context, text_of(bytes), sha, repository),
            Keep::kept(KEEP),
        )),
        Ok(Contents::NotAFile(why)) => {
            let file = policy_file(context, Err(why.to_owned()), String::new(), repository);
            Ok((file, Keep::negative(KEEP_FORBIDDEN)))
        }
        Err(Trouble::NotFound(moved)) => {
            if !moved.is_empty() {
                context.log(
                    LogLevel::Warn,
                    "the policy's repository is elsewhere",
                    &[("answer", moved)],
                );
            }
            count_missing(context, place, &serving.installation, 1);
            Ok((PolicyFile::Missing, Keep::negative(KEEP)))
        }
        Err(Trouble::Forbidden) => Ok((PolicyFile::Forbidden, Keep::negative(KEEP_FORBIDDEN))),
        Err(other) => Err(other),
    }
}

fn policy_file<O: Outside>(
    context: &Context<'_, O>,
    text: Result<String, String>,
    sha: String,
    repository: &Repository,
) -> PolicyFile {
    PolicyFile::Text(PolicyText {
        text,
        sha,
        repository_id: repository.id,
        private: repository.private,
        confirmed: context.now(),
        remembered: false,
        stale: false,
    })
}

fn text_of(bytes: Vec<u8>) -> Result<String, String> {
    if bytes.len() > MAX_POLICY {
        return Err("larger than 64 KiB".into());
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8".into())
}

fn count_missing<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    installation: &Installation,
    add: u32,
) -> u32 {
    let name = place.directory("missing-names", installation);
    memory::count_roughly(context.outside, &name, add, MISSING_WINDOW)
}

/// The names of a recent listing of the directory: `None` if there is none, or it proves nothing.
fn remembered_names<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    installation: &Installation,
) -> Option<Vec<String>> {
    memory::get::<Option<Vec<String>>>(
        context.outside,
        &place.directory("policy-names", installation),
    )
    .flatten()
}

/// Only "absent" may come from a listing: what is in it is read all the same.
fn absent_from(names: &Option<Vec<String>>, place: &Place<'_>) -> bool {
    names
        .as_ref()
        .is_some_and(|names| !names.contains(&place.policy.file_name()))
}

/// Rule 15: a stranger who makes up names must not cost a call for each. After a few missing ones the directory is
/// listed, and the listing answers for a minute.
async fn listed_as_absent<O: Outside>(
    context: &Context<'_, O>,
    place: &Place<'_>,
    serving: &Serving,
    token: &InstallationAccessToken,
) -> Result<bool, Trouble> {
    let installation = &serving.installation;
    let name = place.directory("policy-names", installation);
    let known = memory::get::<Option<Vec<String>>>(context.outside, &name).is_some();
    if known || count_missing(context, place, installation, 0) < MISSING_NAMES {
        return Ok(false);
    }
    let listing = context
        .as_installation(
            serving.app,
            place.owner,
            |requests| requests.contents(token, place.owner, place.repository, DIRECTORY),
            contents::read_listing,
        )
        .await;
    let names = match listing {
        Ok(names) => names,
        Err(Trouble::NotFound(_)) => Some(Vec::new()),
        Err(other) => return Err(other),
    };
    memory::put(context.outside, &name, Keep::negative(KEEP_NAMES), &names);
    Ok(absent_from(&names, place))
}
