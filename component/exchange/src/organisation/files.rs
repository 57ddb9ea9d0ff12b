//! The two files: from memory, from GitHub, or stale ones while GitHub can't be asked (octo-sts's organisation list of
//! issuers, whose rules hold for both).

use crate::apps::{Apps, Serving};
use crate::error::{ExchangeError, Refusal};
use crate::memory::{self, Keep};
use crate::outside::{CacheName, LogLevel, Outside};
use crate::read_token;
use crate::trouble::Trouble;
use github::InstallationAccessToken;
use github::contents::{self, Contents};
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
    issuers: Option<Confirmed>,
    guard_rails: Option<Confirmed>,
}

/// A file that could be used, and when GitHub gave it, in Unix seconds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Confirmed {
    file: File,
    at: i64,
}

impl Confirmed {
    /// What is kept of a new answer: one that can't be used leaves the last one that could, with its time.
    fn after(new: &File, old: Option<Self>, now: i64) -> Option<Self> {
        match new {
            File::Invalid(_) => old,
            file => Some(Self {
                file: file.clone(),
                at: now,
            }),
        }
    }
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
struct Reading<'a, 'b, 'c, O> {
    apps: &'a Apps<'b, 'c, O>,
    account_id: u64,
}

/// What the Apps that gave no answer said.
#[derive(Default)]
struct Tally {
    limited: Option<Trouble>,
    failed: Option<Trouble>,
}

impl Tally {
    fn add(&mut self, trouble: Trouble) {
        let kept = match trouble {
            Trouble::Limited { .. } => &mut self.limited,
            _ => &mut self.failed,
        };
        kept.get_or_insert(trouble);
    }

    /// Nobody may read there only if all Apps said so. A limit says more than other failures.
    fn verdict(self) -> Result<Found, Trouble> {
        self.limited
            .or(self.failed)
            .map_or(Ok(Found::NoAccess), Err)
    }

    fn is_clear(&self) -> bool {
        self.limited.is_none() && self.failed.is_none()
    }
}

/// What is known of the owner's files. The installation may be looked up once more on the way, and is then replaced.
pub(super) async fn read<O: Outside>(
    apps: &Apps<'_, '_, O>,
    serving: &mut Serving,
) -> Result<Found, Refusal> {
    let context = apps.context;
    for last in [false, true] {
        let reading = Reading {
            apps,
            account_id: serving.installation.account_id,
        };
        let name = reading.name("organisation");
        let looked_up = memory::remembered(context.outside, &name, context.left(), async || {
            let found = reading.look_up(serving).await?;
            Ok((reading.settled(found), Keep::kept(KEEP)))
        });
        match looked_up.await {
            Ok(found) => return Ok(found),
            // The installation is gone, or its account has another name now: look once more.
            Err(Trouble::NotFound(_) | Trouble::OtherOwner) if !last => {
                context.outside.cache_remove(&name);
                apps.look_again(serving, |_| true).await?;
            }
            Err(trouble) => return reading.stale_instead(&trouble),
        }
    }
    Err(ExchangeError::Internal.into())
}

impl<O: Outside> Reading<'_, '_, '_, O> {
    fn name(&self, kind: &'static str) -> CacheName {
        let settings = self.apps.context.settings;
        let account = self.account_id.to_string();
        let repository = settings.policy_repository.key();
        memory::name(kind, &[&account, &self.apps.owner.key(), &repository])
    }

    /// Asks one App after the other until one can say what is there. That none may look is believed once it was asked again
    /// which of them are installed: one that was yesterday's stranger may be the one that may look.
    async fn look_up(&self, serving: &Serving) -> Result<Found, Trouble> {
        let mut tally = Tally::default();
        match self.ask(serving).await {
            Ok(Some(files)) => return Ok(Found::Files(files)),
            Ok(None) => {}
            Err(limited @ Trouble::Limited { .. }) => tally.add(limited),
            Err(failed) if failed.passing() && self.apps.several() => tally.add(failed),
            Err(trouble) => return Err(trouble),
        }
        let mut asked = vec![serving.installation.id];
        for again in [false, true] {
            if !self.apps.several() || (again && !tally.is_clear()) {
                break;
            }
            if again {
                self.apps.forget_absent();
            }
            if let Some(files) = self.ask_others(serving, &mut asked, &mut tally).await? {
                return Ok(Found::Files(files));
            }
        }
        tally.verdict()
    }

    async fn ask_others(
        &self,
        serving: &Serving,
        asked: &mut Vec<u64>,
        tally: &mut Tally,
    ) -> Result<Option<Files>, Trouble> {
        let (others, whole) = self.apps.all_others(serving).await;
        if !whole {
            let because = "not every App could be asked for its installation";
            tally.add(Trouble::Unreadable(because.to_owned()));
        }
        for other in others {
            if asked.contains(&other.installation.id) {
                continue;
            }
            asked.push(other.installation.id);
            match self.ask(&other).await {
                Ok(Some(files)) => return Ok(Some(files)),
                Ok(None) => {}
                Err(own @ (Trouble::Deadline | Trouble::TooManyRefusals)) => return Err(own),
                Err(Trouble::NotFound(_)) if self.apps.is_gone(&other).await => {}
                Err(trouble) => tally.add(trouble),
            }
        }
        Ok(None)
    }

    /// Asks by one App: `None` if it may not look there. Only an answer about both files counts.
    async fn ask(&self, serving: &Serving) -> Result<Option<Files>, Trouble> {
        let asked = read_token::Asked {
            serving,
            owner: self.apps.owner,
            repository: &self.apps.context.settings.policy_repository,
        };
        let token = match read_token::get(self.apps.context, &asked).await {
            Ok((token, _)) => token,
            Err(Trouble::Unprocessable) => return Ok(None),
            Err(trouble) => {
                if let Trouble::Limited { retry_after, .. } = &trouble {
                    self.apps.note_limit(serving.app, *retry_after);
                }
                return Err(trouble);
            }
        };
        let known = |text: &str| self.check_guard_rails(serving, text);
        Ok(Some(Files {
            issuers: self.file(serving, &token, ISSUERS, &check_issuers).await?,
            guard_rails: self.file(serving, &token, GUARD_RAILS, &known).await?,
        }))
    }

    async fn file(
        &self,
        serving: &Serving,
        token: &InstallationAccessToken,
        path: &str,
        check: &dyn Fn(&str) -> Result<(), String>,
    ) -> Result<File, Trouble> {
        let Apps { context, owner, .. } = self.apps;
        let repository = &context.settings.policy_repository;
        let contents = context
            .as_installation(
                serving.app,
                owner,
                |requests| requests.contents(token, owner, repository, path),
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
        let mut checked = check(&text);
        if checked.is_err() && self.apps.several() {
            // A permission may be one that another App's installation lists.
            self.apps.all_others(serving).await;
            checked = check(&text);
        }
        Ok(match checked {
            Ok(()) => File::Text(text),
            Err(because) => File::Invalid(because),
        })
    }

    fn check_guard_rails(&self, serving: &Serving, text: &str) -> Result<(), String> {
        let known = |name: &str| super::knows(self.apps, serving, name);
        let parsed = GuardRails::parse(text.as_bytes(), &known);
        parsed.map(drop).map_err(|error| error.to_string())
    }

    /// Remembers what can be used, and lets the last text that could be used stand for one that can't.
    fn settled(&self, found: Found) -> Found {
        let stale = self.stale();
        let (new, no_access) = match &found {
            Found::Files(files) => (files.clone(), false),
            Found::NoAccess => (Files::absent(), true),
        };
        let old = |confirmed: &Option<Confirmed>| confirmed.as_ref().map(|old| old.file.clone());
        let files = Files {
            issuers: self.instead("issuers", &new.issuers, old(&stale.issuers).as_ref()),
            guard_rails: self.instead(
                "guard-rails",
                &new.guard_rails,
                old(&stale.guard_rails).as_ref(),
            ),
        };
        let now = self.apps.context.now();
        let stale = Stale {
            issuers: Confirmed::after(&new.issuers, stale.issuers, now),
            guard_rails: Confirmed::after(&new.guard_rails, stale.guard_rails, now),
        };
        let name = self.name("organisation-stale");
        let outside = self.apps.context.outside;
        memory::put(outside, &name, Keep::kept(KEEP_STALE), &stale);
        if no_access {
            self.warn(
                "no App may read the organization's files: nothing there is enforced",
                "",
            );
            return Found::NoAccess;
        }
        Found::Files(files)
    }

    /// What serves for lack of better: each file for an hour after GitHub gave it, whatever happens to the other one.
    fn stale(&self) -> Stale {
        let context = self.apps.context;
        let name = self.name("organisation-stale");
        let stale: Stale = memory::get(context.outside, &name).unwrap_or_default();
        let young = |confirmed: &Confirmed| {
            let age = context.now().saturating_sub(confirmed.at);
            u64::try_from(age).is_ok_and(|age| age <= KEEP_STALE)
        };
        Stale {
            issuers: stale.issuers.filter(young),
            guard_rails: stale.guard_rails.filter(young),
        }
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
        let stale = self.stale();
        if let (Some(issuers), Some(guard_rails)) = (stale.issuers, stale.guard_rails) {
            let message = "the organization's files can't be read; the last ones serve";
            self.warn(message, &trouble.to_string());
            return Ok(Found::Files(Files {
                issuers: issuers.file,
                guard_rails: guard_rails.file,
            }));
        }
        let error = match trouble {
            Trouble::Deadline => ExchangeError::Deadline,
            // As for a policy: twice no installation, and a token that must not be used.
            Trouble::NotFound(_) | Trouble::OtherOwner => ExchangeError::NotInstalled {
                owner: self.apps.owner.to_string(),
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
            ("owner", self.apps.owner.to_string()),
            ("because", because.to_owned()),
        ];
        self.apps.context.log(level, message, &fields);
    }
}

fn check_issuers(text: &str) -> Result<(), String> {
    let parsed = TrustedIssuers::parse(text.as_bytes());
    parsed.map(drop).map_err(|error| error.to_string())
}
