//! The two files: from memory, from GitHub, or stale ones while GitHub can't be asked (octo-sts's organisation list of
//! issuers, whose rules hold for both).

use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::installation;
use crate::memory::{self, Keep};
use crate::outside::{CacheName, LogLevel, Outside};
use crate::read_token;
use crate::trouble::Trouble;
use github::contents::{self, Contents};
use github::{Installation, InstallationAccessToken, Owner};
use policy::{GuardRails, TrustedIssuers};
use serde::{Deserialize, Serialize};

/// Seconds that the files are believed, and that they serve while they can't be read.
const KEEP: u64 = 300;
const KEEP_STALE: u64 = 3600;

const ISSUERS: &str = ".github/chainguard/trusted-token-issuers.yaml";
const GUARD_RAILS: &str = ".github/chainguard/guard-rails.yaml";

/// A file that GitHub was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum File {
    /// GitHub says that there is none. Nothing else is taken for that.
    Absent,
    /// Its text, which can be used.
    Text(String),
    /// What is there cannot be used: why, for the log.
    Invalid(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Files {
    pub(super) issuers: File,
    pub(super) guard_rails: File,
}

/// What is known of an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Found {
    Files(Files),
    /// No App of the owner may read the policy repository, or there is none.
    NoAccess,
}

/// The last answers that could be used, each by itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stale {
    issuers: Option<File>,
    guard_rails: Option<File>,
}

impl Files {
    pub(super) fn absent() -> Self {
        Self {
            issuers: File::Absent,
            guard_rails: File::Absent,
        }
    }

    pub(super) fn all_absent(&self) -> bool {
        *self == Self::absent()
    }
}

/// An organisation as one exchange reads it.
struct Reading<'a, 'b, O> {
    context: &'a Context<'b, O>,
    app: u64,
    owner: &'a Owner,
    installation: &'a Installation,
}

/// What is known of the owner's files. The installation may be looked up once more on the way, and is then replaced.
pub(super) async fn read<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    owner: &Owner,
    current: &mut Installation,
) -> Result<Found, Refusal> {
    for last in [false, true] {
        let reading = Reading {
            context,
            app,
            owner,
            installation: current,
        };
        let name = reading.name("organisation");
        let looked_up = memory::remembered(context.outside, &name, context.left(), async || {
            reading.look_up().await
        });
        match looked_up.await {
            Ok(found) => return Ok(found),
            // The installation is gone, or its account has another name now: look once more.
            Err(Trouble::NotFound(_) | Trouble::OtherOwner) if !last => {
                context.outside.cache_remove(&name);
                installation::forget(context, app, owner, current);
                *current = installation::find(context, app, owner).await?;
            }
            Err(trouble) => return reading.stale_instead(&trouble),
        }
    }
    Err(ExchangeError::Internal.into())
}

impl<O: Outside> Reading<'_, '_, O> {
    fn name(&self, kind: &'static str) -> CacheName {
        let settings = self.context.settings;
        let account = self.installation.account_id.to_string();
        let repository = settings.policy_repository.key();
        memory::name(kind, &[&account, &self.owner.key(), &repository])
    }

    /// Asks GitHub. Only an answer about both files counts.
    async fn look_up(&self) -> Result<(Found, Keep), Trouble> {
        let asked = read_token::Asked {
            app: self.app,
            owner: self.owner,
            repository: &self.context.settings.policy_repository,
            installation: self.installation,
        };
        let found = match read_token::get(self.context, &asked).await {
            Ok((token, _)) => Found::Files(Files {
                issuers: self.file(&token, ISSUERS, &check_issuers).await?,
                guard_rails: self
                    .file(&token, GUARD_RAILS, &|text| self.check_guard_rails(text))
                    .await?,
            }),
            Err(Trouble::Unprocessable) => Found::NoAccess,
            Err(trouble) => return Err(trouble),
        };
        Ok((self.settled(found), Keep::kept(KEEP)))
    }

    async fn file(
        &self,
        token: &InstallationAccessToken,
        path: &str,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<File, Trouble> {
        let repository = &self.context.settings.policy_repository;
        let contents = self
            .context
            .as_installation(
                |requests| requests.contents(token, self.owner, repository, path),
                contents::read_file,
            )
            .await;
        let bytes = match contents {
            Ok(Contents::File { bytes, .. }) => bytes,
            Ok(Contents::NotAFile(why)) => return Ok(File::Invalid(why.to_owned())),
            Err(Trouble::NotFound(moved)) if moved.is_empty() => return Ok(File::Absent),
            // A file that is elsewhere is not absent, and the installation is not to blame.
            Err(Trouble::NotFound(moved)) => return Err(Trouble::Unreadable(moved)),
            Err(trouble) => return Err(trouble),
        };
        let Ok(text) = String::from_utf8(bytes) else {
            return Ok(File::Invalid("not UTF-8".to_owned()));
        };
        Ok(match check(&text) {
            Ok(()) => File::Text(text),
            Err(because) => File::Invalid(because),
        })
    }

    fn check_guard_rails(&self, text: &str) -> Result<(), String> {
        let known = |name: &str| super::knows(self.context, self.installation, name);
        let parsed = GuardRails::parse(text.as_bytes(), &known);
        parsed.map(drop).map_err(|error| error.to_string())
    }

    /// Remembers what can be used, and lets the last text that could be used stand for one that can't.
    fn settled(&self, found: Found) -> Found {
        let name = self.name("organisation-stale");
        let stale: Stale = memory::get(self.context.outside, &name).unwrap_or_default();
        let (new, no_access) = match &found {
            Found::Files(files) => (files.clone(), false),
            Found::NoAccess => (Files::absent(), true),
        };
        let files = Files {
            issuers: self.instead("issuers", &new.issuers, stale.issuers.as_ref()),
            guard_rails: self.instead("guard-rails", &new.guard_rails, stale.guard_rails.as_ref()),
        };
        let usable = |file: &File, old: Option<File>| match file {
            File::Invalid(_) => old,
            file => Some(file.clone()),
        };
        let stale = Stale {
            issuers: usable(&files.issuers, stale.issuers),
            guard_rails: usable(&files.guard_rails, stale.guard_rails),
        };
        memory::put(self.context.outside, &name, Keep::kept(KEEP_STALE), &stale);
        if no_access {
            self.warn(
                "no App may read the organization's files: nothing there is enforced",
                "",
            );
            return Found::NoAccess;
        }
        Found::Files(files)
    }

    fn instead(&self, which: &str, new: &File, stale: Option<&File>) -> File {
        match (new, stale) {
            (File::Absent, Some(File::Text(_))) => {
                let message =
                    format!("an organization's file is gone ({which}): enforcement removed");
                self.warn(&message, "");
            }
            (File::Invalid(because), Some(File::Text(text))) => {
                let message =
                    format!("an organization's file is invalid ({which}); its last text serves");
                self.error(&message, because);
                return File::Text(text.clone());
            }
            (File::Invalid(because), _) => {
                self.error(
                    &format!("an organization's file is invalid ({which})"),
                    because,
                );
            }
            _ => {}
        }
        new.clone()
    }

    /// Old files stand for a look-up that failed; they are not put in its place, so the next exchange asks again.
    fn stale_instead(&self, trouble: &Trouble) -> Result<Found, Refusal> {
        if *trouble == Trouble::TooManyRefusals {
            return Err(Refusal::new(crate::context::general(trouble), trouble));
        }
        let name = self.name("organisation-stale");
        let stale: Stale = memory::get(self.context.outside, &name).unwrap_or_default();
        if let (Some(issuers), Some(guard_rails)) = (stale.issuers, stale.guard_rails) {
            let message = "the organization's files can't be read; the last ones serve";
            self.warn(message, &trouble.to_string());
            return Ok(Found::Files(Files {
                issuers,
                guard_rails,
            }));
        }
        let error = match trouble {
            Trouble::Deadline => ExchangeError::Deadline,
            // As for a policy: twice no installation, and a token that must not be used.
            Trouble::NotFound(_) | Trouble::OtherOwner => ExchangeError::NotInstalled {
                owner: self.owner.to_string(),
            },
            Trouble::Wider(_) => ExchangeError::TokenWider,
            Trouble::Limited { retry_after, .. } => ExchangeError::OrganisationLimited {
                retry_after: *retry_after,
            },
            _ => ExchangeError::OrganisationUnavailable { retry_after: 5 },
        };
        Err(Refusal::new(error, trouble))
    }

    fn warn(&self, message: &str, because: &str) {
        self.log(LogLevel::Warn, message, because);
    }

    fn error(&self, message: &str, because: &str) {
        self.log(LogLevel::Error, message, because);
    }

    fn log(&self, level: LogLevel, message: &str, because: &str) {
        let fields = [
            ("owner", self.owner.to_string()),
            ("because", because.to_owned()),
        ];
        self.context.log(level, message, &fields);
    }
}

fn check_issuers(text: &str) -> Result<(), String> {
    let parsed = TrustedIssuers::parse(text.as_bytes());
    parsed.map(drop).map_err(|error| error.to_string())
}
