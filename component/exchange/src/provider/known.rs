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
/// How long a failure of an issuer that never led to a grant is remembered (rule 12), and of the others: short, so that
/// an outage ends when it ends.
const FAILED_UNPROVEN: u64 = 30;
const FAILED_PROVEN: u64 = 2;

/// An issuer's documents, as fetched.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Documents {
    pub(super) fetched: i64,
    pub(super) metadata: String,
    pub(super) keys: String,
    /// Whether a token of this issuer ever led to a grant.
    pub(super) proven: bool,
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
        documents: &Documents,
    ) -> Result<VerifiedIdToken, VerifyError> {
        let (metadata, keys) = self.read(documents).ok_or(VerifyError::NoKeys)?;
        oidc::verify(
            token,
            &IssuerKeys::discovered(&metadata, &keys),
            NumericDate(self.context.now()),
            self.context.outside,
        )
    }

    /// What the documents say. They were read before they were kept, so none is a memory that was tampered with.
    fn read(&self, documents: &Documents) -> Option<(ProviderMetadata, JwkSet)> {
        let issuer = self.issuer.issuer();
        let metadata = ProviderMetadata::parse(documents.metadata.as_bytes(), issuer).ok()?;
        Some((metadata, JwkSet::parse(documents.keys.as_bytes()).ok()?))
    }

    /// The issuer's documents: remembered ones while they are fresh, new ones if they can be had, old ones within the
    /// grace period if not.
    pub(super) async fn documents(&self) -> Result<Documents, Refusal> {
        let outside = self.context.outside;
        let mut lead = Led::Alone;
        let known = match memory::get::<Known>(outside, &self.name()) {
            None => {
                lead = outside.cache_get_or_lead(&self.name(), self.time_left(), BUDGET);
                match &lead {
                    Led::Hit(bytes) => serde_json::from_slice::<Known>(bytes).ok(),
                    Led::Lead | Led::Busy | Led::Alone => None,
                }
            }
            known => known,
        };
        match known {
            Some(Known::Documents(documents)) => self.refreshed(documents).await,
            Some(Known::Failed(trouble)) => Err(refused(&trouble)),
            None if lead == Led::Busy => Err(refused(&ProviderTrouble::Unreachable(
                "others wait for it too".into(),
            ))),
            None => self.first().await,
        }
    }

    async fn first(&self) -> Result<Documents, Refusal> {
        match self.fetch(None).await {
            Ok(documents) => {
                self.keep(&documents);
                Ok(documents)
            }
            // A caller's own lack of time is nobody else's failure; whoever waits for this one goes on by himself.
            Err(_) if self.context.left().is_zero() => {
                self.context.outside.cache_remove(&self.name());
                Err(ExchangeError::Deadline.into())
            }
            Err(trouble) => {
                self.forget(&trouble);
                Err(refused(&trouble))
            }
        }
    }

    /// Renews documents that are not fresh any more, one request at a time; everybody else goes on with the old ones.
    async fn refreshed(&self, documents: Documents) -> Result<Documents, Refusal> {
        let age = self.context.now().saturating_sub(documents.fetched);
        let empty = self
            .read(&documents)
            .is_some_and(|(_, keys)| keys.is_empty());
        let fresh = if empty { FRESH_EMPTY } else { FRESH };
        if (0..=fresh).contains(&age) || !self.may_refetch() {
            return Ok(documents);
        }
        match self.fetch(Some(&documents)).await {
            Ok(new) => {
                self.keep(&new);
                self.refetched(new.proven);
                Ok(new)
            }
            Err(ProviderTrouble::OtherIssuer) => {
                self.refetched(documents.proven);
                Err(self.stopped())
            }
            Err(trouble) => {
                self.refetched(documents.proven);
                let fields = [
                    ("issuer", self.issuer.issuer().as_str().to_owned()),
                    ("because", trouble.to_string()),
                ];
                self.context.log(
                    LogLevel::Warn,
                    "an issuer's keys could not be renewed; the old ones serve",
                    &fields,
                );
                Ok(documents)
            }
        }
    }

    /// Rule 18: an unknown key is looked for once in 20 seconds; meanwhile nobody is told that the token is bad.
    pub(super) async fn check_with_fresh_keys(
        &self,
        token: &UnverifiedIdToken,
        old: Documents,
    ) -> Result<(VerifiedIdToken, Documents), Refusal> {
        if !self.may_refetch() {
            return self.check_with_others_keys(token, &old);
        }
        let fetched = self.fetch(Some(&old)).await;
        if let Ok(new) = &fetched {
            self.keep(new);
        }
        // After the keys: who sees this mark finds them.
        self.refetched(old.proven);
        match fetched {
            Ok(new) => {
                let checked = self.check(token, &new);
                let verified = checked.map_err(|error| not_verified(&error))?;
                Ok((verified, new))
            }
            Err(ProviderTrouble::OtherIssuer) => Err(self.stopped()),
            Err(trouble) => {
                let error = ExchangeError::KeysPending {
                    retry_after: REFETCH,
                };
                Err(Refusal::new(error, trouble))
            }
        }
    }

    /// The issuer's document names another issuer: what was known of it is void (rule 17).
    fn stopped(&self) -> Refusal {
        self.context.outside.cache_remove(&self.name());
        self.forget(&ProviderTrouble::OtherIssuer);
        refused(&ProviderTrouble::OtherIssuer)
    }

    /// After a grant the issuer's keys move to the room that strangers can't reach (rule 12): those that are kept now,
    /// which may be newer than the ones that verified the token; where none are, since strangers' are not kept or were
    /// pushed out, those; and none if the issuer was stopped meanwhile.
    pub(super) fn prove(&self, used: &Documents) {
        let documents = match memory::get::<Known>(self.context.outside, &self.name()) {
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
    ) -> Result<(VerifiedIdToken, Documents), Refusal> {
        if let Some(Known::Documents(new)) =
            memory::get::<Known>(self.context.outside, &self.name())
            && new.fetched > old.fetched
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

    fn keep_for(&self, proven: bool, time: Duration) -> Keep {
        let room = match self.issuer.standing() {
            Standing::Own | Standing::Listed => Room::Reserved,
            Standing::Other if proven => Room::Kept,
            Standing::Other => Room::Unproven,
        };
        Keep { room, time }
    }

    /// Keeps documents for the grace period after they were fetched, and at least while they are fresh.
    pub(super) fn keep(&self, documents: &Documents) {
        let whole = self
            .context
            .settings
            .issuer_grace
            .max(Duration::from_secs(3600));
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

    fn forget(&self, trouble: &ProviderTrouble) {
        let seconds = if self.issuer.standing() == Standing::Other {
            FAILED_UNPROVEN
        } else {
            FAILED_PROVEN
        };
        let mut keep = self.keep_for(false, Duration::from_secs(seconds));
        if self.issuer.is_inventable() {
            keep.room = Room::Unproven;
        }
        memory::put(
            self.context.outside,
            &self.name(),
            keep,
            &Known::Failed(trouble.clone()),
        );
    }
}
