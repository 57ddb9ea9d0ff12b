//! Which App of an owner's pool serves an exchange, and which one mints.
//!
//! Any App does, so load is spread: the one with the most quota left where that is known, else one after the other. A policy
//! may choose among them (`app`, `app_pattern`). What may write checks is minted by the same App each time, since only the
//! App that made a check run can change it.

mod quota;
mod rendezvous;

use crate::context::Context;
use crate::detail;
use crate::error::{ExchangeError, Refusal};
use crate::installation;
use crate::memory::{self, Keep};
use crate::outside::{CacheName, Outside, Room};
use crate::settings::{App, Pool};
use crate::trouble::Trouble;
use github::{Installation, Owner};
use oidc::Claims;
use std::time::Duration;

pub(crate) use quota::note as note_quota;

/// Other Apps that are tried when one is limited.
const OTHERS: usize = 3;
/// Apps that are asked for one thing, at most.
const MOST_ASKED: usize = 16;
/// Turns are counted so long; where a count ends, the next begins.
const TURNS: Duration = Duration::from_secs(86_400);

/// The Apps of one exchange.
pub(crate) struct Apps<'a, 'b, O> {
    pub(crate) context: &'a Context<'b, O>,
    pub(crate) owner: &'a Owner,
    pool: &'a Pool,
    claims: &'a Claims,
}

/// An App and its installation for the owner.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) app: u64,
    pub(crate) installation: Installation,
}

impl<'a, 'b, O: Outside> Apps<'a, 'b, O> {
    /// The owner's own pool, else the one for everybody.
    pub(crate) fn of(
        context: &'a Context<'b, O>,
        owner: &'a Owner,
        claims: &'a Claims,
    ) -> Result<Self, Refusal> {
        let owner_key = owner.key();
        let pool = context.settings.pool_for(owner);
        let pool = pool.ok_or(ExchangeError::NoApp { owner: owner_key })?;
        Ok(Self {
            context,
            owner,
            pool,
            claims,
        })
    }

    /// Whether there is more than one.
    pub(crate) fn several(&self) -> bool {
        self.pool.apps.len() > 1
    }

    /// One of them.
    pub(crate) fn get(&self, id: u64) -> Option<&App> {
        self.pool.apps.iter().find(|app| app.id == id)
    }

    /// The first one that is asked.
    pub(crate) async fn first(&self) -> Result<Serving, Refusal> {
        if let [only] = self.pool.apps.as_slice() {
            return self.installed(only.id).await;
        }
        if let Some(serving) = quota::most_left(self) {
            return self.installed(serving).await;
        }
        self.first_of(self.in_turn()).await
    }

    /// The installation is not what it was: GitHub is asked once more. Where it is gone, another App that suits serves.
    pub(crate) async fn look_again(
        &self,
        serving: &mut Serving,
        suits: impl Fn(&App) -> bool,
    ) -> Result<(), Refusal> {
        let gone = match self.refreshed(serving).await {
            Err(refusal) if self.several() && cannot_serve(&refusal) => refusal,
            found => return found,
        };
        let other = self.instead_of(serving, &[serving.app], suits).await;
        *serving = other.map_err(|refusal| match refusal.error {
            ExchangeError::NoAppMatches => gone,
            _ => refusal,
        })?;
        Ok(())
    }

    /// Whether GitHub, asked once more, says that the App is not installed any more.
    pub(crate) async fn is_gone(&self, serving: &Serving) -> bool {
        let again = self.refreshed(&mut serving.clone()).await;
        again.is_err_and(|refusal| is_not_installed(&refusal))
    }

    async fn refreshed(&self, serving: &mut Serving) -> Result<(), Refusal> {
        self.forget(serving);
        serving.installation = installation::find(self.context, serving.app, self.owner).await?;
        Ok(())
    }

    /// Drops what is remembered of the installation.
    pub(crate) fn forget(&self, serving: &Serving) {
        let Serving { app, installation } = serving;
        installation::forget(self.context, *app, self.owner, installation);
    }

    /// An App that suits, instead of one that does not or that is limited; its installation is of the same account.
    pub(crate) async fn instead_of(
        &self,
        serving: &Serving,
        tried: &[u64],
        suits: impl Fn(&App) -> bool,
    ) -> Result<Serving, Refusal> {
        let mut candidates = self.in_turn();
        candidates.retain(|app| !tried.contains(&app.id) && suits(app));
        let other = self.first_of(candidates).await?;
        self.same_account(serving.installation.account_id, other)
    }

    /// The App that mints what may write checks: the same one each time, unless it is not installed. A failed look-up is
    /// never a reason for the next one.
    pub(crate) async fn always_the_same(
        &self,
        account_id: u64,
        what: &[&str],
        suits: impl Fn(&App) -> bool,
    ) -> Result<Serving, Refusal> {
        let candidates: Vec<&App> = self.pool.apps.iter().filter(|app| suits(app)).collect();
        for app in rendezvous::order(what, candidates) {
            match self.installed(app.id).await {
                Err(refusal) if is_not_installed(&refusal) => {}
                found => return self.same_account(account_id, found?),
            }
        }
        Err(ExchangeError::NoAppMatches.into())
    }

    /// Does something by one App after the other while GitHub limits, or says that this one's installation has not what it
    /// takes: another one's may.
    pub(crate) async fn by_any<T>(
        &self,
        serving: &mut Serving,
        suits: impl Fn(&App) -> bool,
        mut act: impl AsyncFnMut(&Serving) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let mut tried = Vec::new();
        let (mut limited, mut limits) = (None, 0);
        loop {
            match act(serving).await {
                Err(trouble @ Trouble::Limited { retry_after, .. }) => {
                    self.note_limit(serving.app, retry_after);
                    limited = Some(trouble);
                    limits += 1;
                }
                Err(Trouble::Unprocessable) => {}
                other => return other,
            }
            tried.push(serving.app);
            if limits > OTHERS {
                break;
            }
            if tried.len() >= MOST_ASKED {
                let unknown = "not every App was asked";
                return Err(limited.unwrap_or(Trouble::Unreadable(unknown.to_owned())));
            }
            match self.instead_of(serving, &tried, &suits).await {
                Ok(other) => *serving = other,
                Err(refusal) if is_nobody(&refusal) => break,
                // One that was not asked might have had it: nothing is known.
                Err(_) => {
                    let unknown = "another App could not be asked for its installation";
                    return Err(limited.unwrap_or(Trouble::Unreadable(unknown.to_owned())));
                }
            }
        }
        // That one of them could not be asked says more than that the others have not what it takes.
        Err(limited.unwrap_or(Trouble::Unprocessable))
    }

    /// Whether an installation of the owner lists a permission: this one, or another App's that was looked up.
    pub(crate) fn lists(&self, serving: &Serving, permission: &str) -> bool {
        let account = serving.installation.account_id;
        let mut others = self.pool.apps.iter().filter_map(|app| {
            installation::known(self.context, app.id, self.owner)
                .flatten()
                .filter(|known| known.account_id == account)
        });
        serving.installation.lists(permission) || others.any(|known| known.lists(permission))
    }

    /// Every other App that is installed for the same account; and whether some could not be asked.
    pub(crate) async fn all_others(&self, serving: &Serving) -> (Vec<Serving>, bool) {
        let (mut found, mut whole) = (Vec::new(), true);
        for app in self.pool.apps.iter().filter(|app| app.id != serving.app) {
            let other = self.installed(app.id).await;
            match other.and_then(|o| self.same_account(serving.installation.account_id, o)) {
                Ok(other) => found.push(other),
                Err(refusal) if is_not_installed(&refusal) => {}
                Err(_) => whole = false,
            }
        }
        (found, whole)
    }

    /// Forgets of which Apps it is remembered that the owner has none.
    pub(crate) fn forget_absent(&self) {
        for app in &self.pool.apps {
            installation::forget_absent(self.context, app.id, self.owner);
        }
    }

    fn same_account(&self, account_id: u64, other: Serving) -> Result<Serving, Refusal> {
        if other.installation.account_id == account_id {
            return Ok(other);
        }
        self.forget(&other);
        Err(Refusal::another_account(self.owner))
    }

    /// The first that is installed. Who is not, is suspended, limited or has a key that GitHub refuses leaves it to the next
    /// one; anything else is GitHub's failure, and the next one's too.
    async fn first_of(&self, candidates: Vec<&App>) -> Result<Serving, Refusal> {
        let mut worst = None;
        for app in candidates {
            let refusal = match self.installed(app.id).await {
                Ok(serving) => return Ok(serving),
                Err(refusal) => refusal,
            };
            match &refusal.error {
                ExchangeError::NotInstalled { .. } => {}
                ExchangeError::Limited { retry_after, .. } => self.note_limit(app.id, *retry_after),
                ExchangeError::Suspended { .. } | ExchangeError::AppRefused => {}
                _ => return Err(refusal),
            }
            if worst.as_ref().is_none_or(is_not_installed) {
                worst = Some(refusal);
            }
        }
        Err(worst.unwrap_or_else(|| ExchangeError::NoAppMatches.into()))
    }

    /// An App's installation. A token of this GitHub's own issuer that names the owner with another account id proves that
    /// the login has changed hands since the installation was looked up, or since the token was made (rule 1).
    async fn installed(&self, app: u64) -> Result<Serving, Refusal> {
        let installation = installation::find(self.context, app, self.owner).await?;
        let mut serving = Serving { app, installation };
        if !self.is_a_strangers(&serving) {
            return Ok(serving);
        }
        self.refreshed(&mut serving).await?;
        if self.is_a_strangers(&serving) {
            let owner = self.owner.to_string();
            let because = "the token is of another account that had or has this login";
            return Err(Refusal::new(ExchangeError::NotInstalled { owner }, because));
        }
        Ok(serving)
    }

    fn is_a_strangers(&self, serving: &Serving) -> bool {
        detail::named_owner(self.context.settings, self.claims).is_some_and(|(login, id)| {
            login.eq_ignore_ascii_case(self.owner.as_str())
                && id != serving.installation.account_id.to_string()
        })
    }

    /// One after the other where the platform counts, else as chance has it; those that are limited come last.
    fn in_turn(&self) -> Vec<&'a App> {
        let apps: Vec<&App> = self.pool.apps.iter().collect();
        let turn = self.turns(1);
        let mut apps = match turn.and_then(|turn| usize::try_from(turn).ok()) {
            Some(turn) => {
                let mut apps = apps;
                let first = turn.checked_rem(apps.len()).unwrap_or(0);
                apps.rotate_left(first);
                apps
            }
            None => rendezvous::order(&[self.context.decision], apps),
        };
        apps.sort_by_key(|app| self.is_limited(app.id));
        apps
    }

    /// How many turns there were; none where the platform does not count.
    fn turns(&self, add: u32) -> Option<u32> {
        let name = memory::name("turn", &[&self.pool.owner]);
        let outside = self.context.outside;
        outside.cache_count(&name, Room::Kept, add, TURNS)
    }

    fn limit_name(&self, app: u64) -> CacheName {
        memory::name("limited", &[&app.to_string(), &self.owner.key()])
    }

    fn is_limited(&self, app: u64) -> bool {
        memory::get::<bool>(self.context.outside, &self.limit_name(app)).unwrap_or(false)
    }

    /// A limited App is the last one until its limit ends.
    pub(crate) fn note_limit(&self, app: u64, retry_after: u64) {
        if self.several() {
            let keep = Keep::negative(retry_after);
            memory::put(self.context.outside, &self.limit_name(app), keep, &true);
        }
    }
}

/// No App is left that could serve; those that are suspended, or whose key GitHub refuses, have nothing to say.
fn is_nobody(refusal: &Refusal) -> bool {
    let refused = [ExchangeError::NoAppMatches, ExchangeError::AppRefused];
    cannot_serve(refusal) || refused.contains(&refusal.error)
}

fn cannot_serve(refusal: &Refusal) -> bool {
    is_not_installed(refusal) || matches!(refusal.error, ExchangeError::Suspended { .. })
}

fn is_not_installed(refusal: &Refusal) -> bool {
    matches!(refusal.error, ExchangeError::NotInstalled { .. })
}
