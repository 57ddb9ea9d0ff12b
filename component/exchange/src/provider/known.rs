//! What is remembered of an issuer, and when it is asked again (rules 12, 17 and 18).

use super::{BUDGET, ProviderTrouble, not_verified, refused};
use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::memory::{self, Keep};
use crate::outside::{CacheName, Led, LogLevel, Outside, Room};
use oidc::{
    AdmittedIssuer, IssuerKeys, JwkSet, NumericDate, ProviderMetadata, Standing, UnverifiedIdToken,
    VerifiedIdToken, VerifyError,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Keys are fresh for an hour, whatever `cache-control` says (rule 17).
const FRESH: i64 = 3600;
/// An empty key set is asked again after a minute (rule 17).
const FRESH_EMPTY: i64 = 60;
/// One refetch in this many seconds for an issuer (rule 18).
const REFETCH: u64 = 20;
/// How long a failure is remembered: of a stranger's issuer (rule 12), and of this GitHub's and listed ones, for which it
/// is short, so that an outage ends when it ends.
const FAILED_STRANGER: u64 = 30;
const FAILED_LISTED: u64 = 2;

/// An issuer's documents, as fetched.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Documents {
    pub(super) fetched: i64,
    pub(super) metadata: String,
    pub(super) keys: String,
    /// Whether a token of this issuer ever led to a grant.
    pub(super) proven: bool,
}

/// The same, read.
#[derive(Clone)]
pub(super) struct Published {
    pub(super) documents: Documents,
    pub(super) metadata: ProviderMetadata,
    pub(super) keys: JwkSet,
}

impl Published {
    /// They could be read when they were kept: what cannot be read now is a miss.
    fn read(documents: Documents, issuer: &AdmittedIssuer) -> Option<Self> {
        let metadata = documents.metadata.as_bytes();
        Some(Self {
            metadata: ProviderMetadata::parse(metadata, issuer.issuer()).ok()?,
            keys: JwkSet::parse(documents.keys.as_bytes()).ok()?,
            documents,
        })
    }
}

/// What is remembered of an issuer.
#[derive(Clone, Serialize, Deserialize)]
enum Known {
    Documents(Documents),
    Failed(ProviderTrouble),
}

/// One issuer, as one request meets it.
pub(super) struct Provider<'a, 'b, O> {
    pub(super) context: &'a Context<'b, O>,
    pub(super) issuer: &'a AdmittedIssuer,
    /// When waiting and fetching have to be over, as [`Outside::elapsed`] counts.
    pub(super) ends: Duration,
}

impl<O: Outside> Provider<'_, '_, O> {
    pub(super) fn time_left(&self) -> Duration {
        self.ends.saturating_sub(self.context.outside.elapsed())
    }

    fn name(&self) -> CacheName {
        memory::name("provider", &[self.issuer.issuer().as_str()])
    }

    pub(super) fn check(
        &self,
        token: &UnverifiedIdToken,
        published: &Published,
    ) -> Result<VerifiedIdToken, VerifyError> {
        let keys = IssuerKeys::discovered(&published.metadata, &published.keys);
        let now = NumericDate(self.context.now());
        oidc::verify(token, &keys, now, self.context.outside)
    }

    fn known(&self) -> Option<Known> {
        memory::get(self.context.outside, &self.name())
    }

    /// What the issuer publishes: remembered documents while they are fresh, new ones if they can be had, old ones within the
    /// grace period if not.
    pub(super) async fn published(&self) -> Result<Published, Refusal> {
        let outside = self.context.outside;
        let mut lead = Led::Alone;
        let known = match self.known() {
            None => {
                lead = outside.cache_get_or_lead(&self.name(), self.time_left(), BUDGET);
                match &lead {
                    Led::Hit(bytes) => serde_json::from_slice::<Known>(bytes).ok(),
                    Led::Lead | Led::Busy | Led::Alone => None,
                }
            }
            known => known,
        };
        let known = match known {
            Some(Known::Failed(trouble)) => return Err(refused(&trouble)),
            Some(Known::Documents(documents)) => Published::read(documents, self.issuer),
            None => None,
        };
        match known {
            Some(published) => self.refreshed(published).await,
            None if lead == Led::Busy => Err(refused(&ProviderTrouble::Unreachable(
                "others wait for it too".into(),
            ))),
            None => self.first().await,
        }
    }

    async fn first(&self) -> Result<Published, Refusal> {
        match self.fetch(false).await {
            Ok(published) => {
                self.keep(&published.documents);
                Ok(published)
            }
            // A caller's own lack of time is nobody else's failure; whoever waits for this one goes on by himself.
            Err(_) if self.context.left().is_zero() => {
                self.context.outside.cache_remove(&self.name());
                Err(ExchangeError::Deadline.into())
            }
            Err(trouble) => {
                self.remember_failure(&trouble);
                Err(refused(&trouble))
            }
        }
    }

    /// Renews documents that are not fresh any more, one request at a time; everybody else goes on with the old ones.
    async fn refreshed(&self, old: Published) -> Result<Published, Refusal> {
        let age = self.context.now().saturating_sub(old.documents.fetched);
        let fresh = if old.keys.is_empty() {
            FRESH_EMPTY
        } else {
            FRESH
        };
        if (0..=fresh).contains(&age) || !self.may_refetch() {
            return Ok(old);
        }
        match self.refetch(old.documents.proven).await? {
            Ok(new) => Ok(new),
            Err(trouble) => {
                let fields = [
                    ("issuer", self.issuer.issuer().as_str().to_owned()),
                    ("because", trouble.to_string()),
                ];
                self.context.log(
                    LogLevel::Warn,
                    "an issuer's keys could not be renewed; the old ones serve",
                    &fields,
                );
                Ok(old)
            }
        }
    }

    /// Rule 18: an unknown key is looked for once in 20 seconds; meanwhile nobody is told that the token is bad.
    pub(super) async fn check_with_fresh_keys(
        &self,
        token: &UnverifiedIdToken,
        old: Published,
    ) -> Result<(VerifiedIdToken, Published), Refusal> {
        if !self.may_refetch() {
            return self.check_with_others_keys(token, &old.documents);
        }
        let new = self.refetch(old.documents.proven).await?;
        let pending = ExchangeError::KeysPending {
            retry_after: REFETCH,
        };
        let new = new.map_err(|trouble| Refusal::new(pending, trouble))?;
        let checked = self.check(token, &new);
        let verified = checked.map_err(|error| not_verified(&error))?;
        Ok((verified, new))
    }

    /// Fetches, and leaves the mark that it was done. The inner error leaves the old documents in force.
    async fn refetch(&self, proven: bool) -> Result<Result<Published, ProviderTrouble>, Refusal> {
        let fetched = self.fetch(proven).await;
        if fetched.is_err() && self.context.left().is_zero() {
            // A caller without time takes no turn from those who have some.
            self.context.outside.cache_remove(&self.refetch_name());
            return Err(ExchangeError::Deadline.into());
        }
        if let Ok(new) = &fetched {
            self.keep(&new.documents);
        }
        // After the keys: who sees this mark finds them.
        self.refetched(proven);
        match fetched {
            Err(ProviderTrouble::OtherIssuer) => Err(self.stopped()),
            fetched => Ok(fetched),
        }
    }

    /// The issuer's document names another issuer: what was known of it is void (rule 17).
    fn stopped(&self) -> Refusal {
        self.context.outside.cache_remove(&self.name());
        self.remember_failure(&ProviderTrouble::OtherIssuer);
        refused(&ProviderTrouble::OtherIssuer)
    }

    /// After a grant the issuer's keys move to the room that strangers can't reach (rule 12): those that are kept now,
    /// which may be newer than the ones that verified the token; where none are, since strangers' are not kept or were
    /// pushed out, those; and none if the issuer was stopped meanwhile.
    pub(super) fn prove(&self, used: &Documents) {
        let documents = match self.known() {
            None => used.clone(),
            Some(Known::Documents(kept)) if kept.fetched >= used.fetched => kept,
            Some(_) => return,
        };
        self.keep(&Documents {
            proven: true,
            ..documents
        });
    }

    /// Somebody else refetched a moment ago, or does so now: what they found may be enough.
    fn check_with_others_keys(
        &self,
        token: &UnverifiedIdToken,
        old: &Documents,
    ) -> Result<(VerifiedIdToken, Published), Refusal> {
        if let Some(Known::Documents(new)) = self.known()
            && new.fetched > old.fetched
            && let Some(new) = Published::read(new, self.issuer)
            && let Ok(verified) = self.check(token, &new)
        {
            return Ok((verified, new));
        }
        let because = "the key is unknown, and the last refetch is less than 20 s old";
        Err(Refusal::new(
            ExchangeError::KeysPending {
                retry_after: REFETCH,
            },
            because,
        ))
    }

    fn refetch_name(&self) -> CacheName {
        memory::name("keys-refetch", &[self.issuer.issuer().as_str()])
    }

    fn may_refetch(&self) -> bool {
        matches!(
            self.context
                .outside
                .cache_get_or_lead(&self.refetch_name(), Duration::ZERO, BUDGET),
            Led::Lead | Led::Alone
        )
    }

    fn refetched(&self, proven: bool) {
        let keep = self.keep_for(proven, Duration::from_secs(REFETCH));
        memory::put(self.context.outside, &self.refetch_name(), keep, &());
    }

    /// Rule 12: whoever writes a token must not push out what others need by choosing its issuer.
    fn keep_for(&self, proven: bool, time: Duration) -> Keep {
        let room = match (self.issuer.is_inventable(), proven) {
            (false, _) => Room::Reserved,
            (true, true) => Room::Kept,
            (true, false) => Room::Unproven,
        };
        Keep { room, time }
    }

    /// Keeps documents for the grace period after they were fetched, and at least while they are fresh.
    pub(super) fn keep(&self, documents: &Documents) {
        let fresh = Duration::from_secs(FRESH.unsigned_abs());
        let whole = self.context.settings.issuer_grace.max(fresh);
        let age = u64::try_from(self.context.now().saturating_sub(documents.fetched)).unwrap_or(0);
        let time = whole.saturating_sub(Duration::from_secs(age));
        let known = Known::Documents(documents.clone());
        memory::put(
            self.context.outside,
            &self.name(),
            self.keep_for(documents.proven, time),
            &known,
        );
    }

    fn remember_failure(&self, trouble: &ProviderTrouble) {
        let seconds = if self.issuer.standing() == Standing::Other {
            FAILED_STRANGER
        } else {
            FAILED_LISTED
        };
        let keep = self.keep_for(false, Duration::from_secs(seconds));
        let known = Known::Failed(trouble.clone());
        memory::put(self.context.outside, &self.name(), keep, &known);
    }
}
