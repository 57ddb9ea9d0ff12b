//! From an unverified token to a verified one: which issuer, its metadata and keys (cached), the signature.
//! Rules 12, 17, 18 and 20 of docs/SECURITY.md.

use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::memory::{self, Keep};
use crate::outside::{Led, Limits, LogLevel, Outside, Room, SendError};
use http::{Request, Response, Uri};
use oidc::{
    AdmittedIssuer, Issuer, JwkSet, MAX_DOCUMENT, MetadataError, NotAdmitted, NumericDate,
    ProviderMetadata, Standing, UnverifiedIdToken, VerifiedIdToken, VerifyError,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Keys are fresh for an hour, whatever `cache-control` says (rule 17).
const FRESH: i64 = 3600;
/// An empty key set is asked again after a minute (rule 17).
const FRESH_EMPTY: i64 = 60;
/// Discovery and keys have this much of the deadline.
const BUDGET: Duration = Duration::from_secs(10);
/// One refetch in this many seconds for an issuer (rule 18).
const REFETCH: u64 = 20;
/// How long a failure of an issuer that never led to a grant is remembered (rule 12), and of the others: short, so that
/// an outage ends when it ends.
const FAILED_UNPROVEN: u64 = 30;
const FAILED_PROVEN: u64 = 2;
/// Redirects that are followed (rule 20).
const REDIRECTS: usize = 3;

/// An issuer's documents, as fetched.
#[derive(Clone, Serialize, Deserialize)]
struct Documents {
    fetched: i64,
    metadata: String,
    keys: String,
    /// Whether a token of this issuer ever led to a grant.
    proven: bool,
}

/// What is remembered of an issuer.
#[derive(Clone, Serialize, Deserialize)]
enum Known {
    Documents(Documents),
    Failed(ProviderTrouble),
}

/// Why an issuer's documents could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
enum ProviderTrouble {
    /// Wrong, refused, blocked: a retry cures nothing.
    #[error("{0}")]
    Wrong(String),
    /// A valid document names another issuer: what was known of this one is void (rule 17).
    #[error("the document names another issuer")]
    OtherIssuer,
    /// Timeout, connection, name, 5xx.
    #[error("{0}")]
    Unreachable(String),
}

/// A verified token with what is remembered of its issuer.
pub(crate) struct Verified {
    pub(crate) token: VerifiedIdToken,
    issuer: AdmittedIssuer,
    documents: Documents,
}

impl Verified {
    /// Whether the issuer led to a grant before, or needs no proof.
    pub(crate) fn proven(&self) -> bool {
        self.documents.proven || self.issuer.standing() != Standing::Other
    }

    /// After a grant the issuer's keys move to the room that strangers can't reach (rule 12).
    pub(crate) fn mark_proven<O: Outside>(&self, context: &Context<'_, O>) {
        if !self.documents.proven {
            let documents = Documents {
                proven: true,
                ..self.documents.clone()
            };
            Provider {
                context,
                issuer: &self.issuer,
                proven: true,
            }
            .keep(&documents);
        }
    }
}

/// Verifies a token.
pub(crate) async fn verify<O: Outside>(
    context: &Context<'_, O>,
    unverified_token: &str,
) -> Result<Verified, Refusal> {
    let token = UnverifiedIdToken::parse(unverified_token)
        .map_err(|error| Refusal::new(ExchangeError::MalformedToken, error))?;
    let issuer = Issuer::parse(token.unverified_issuer())
        .map_err(|error| Refusal::new(ExchangeError::IssuerFormat, error))?;
    let issuer = context
        .settings
        .issuers
        .admit(&issuer)
        .map_err(|reason| not_admitted(&reason))?;
    let provider = Provider {
        context,
        issuer: &issuer,
        proven: false,
    };
    let documents = provider.documents().await?;
    let first = provider.check(&token, &documents);
    let (verified, documents) = match first {
        Err(error) if error.wants_fresh_keys() => {
            provider.check_with_fresh_keys(&token, documents).await?
        }
        Err(error) => return Err(not_verified(&error)),
        Ok(verified) => (verified, documents),
    };
    Ok(Verified {
        token: verified,
        issuer,
        documents,
    })
}

fn not_admitted(reason: &NotAdmitted) -> Refusal {
    let error = if reason.is_by_operator() {
        ExchangeError::IssuerNotPermitted
    } else {
        ExchangeError::ProviderRefused
    };
    Refusal::new(error, reason)
}

fn not_verified(error: &VerifyError) -> Refusal {
    Refusal::new(ExchangeError::NotVerified, error)
}

struct Provider<'a, 'b, O> {
    context: &'a Context<'b, O>,
    issuer: &'a AdmittedIssuer,
    proven: bool,
}

impl<O: Outside> Provider<'_, '_, O> {
    fn name(&self) -> crate::outside::CacheName {
        memory::name("provider", &[self.issuer.issuer().as_str()])
    }

    fn check(
        &self,
        token: &UnverifiedIdToken,
        documents: &Documents,
    ) -> Result<VerifiedIdToken, VerifyError> {
        let (metadata, keys) = self.read(documents).map_err(|_| VerifyError::NoKeys)?;
        oidc::verify(
            token,
            &metadata,
            &keys,
            NumericDate(self.context.now()),
            self.context.outside,
        )
    }

    fn read(&self, documents: &Documents) -> Result<(ProviderMetadata, JwkSet), ProviderTrouble> {
        let metadata = ProviderMetadata::parse(documents.metadata.as_bytes(), self.issuer.issuer())
            .map_err(|error| wrong_metadata(&error))?;
        let keys = JwkSet::parse(documents.keys.as_bytes())
            .map_err(|error| ProviderTrouble::Wrong(error.to_string()))?;
        Ok((metadata, keys))
    }

    /// The issuer's documents: remembered ones while they are fresh, new ones if they can be had, old ones within the
    /// grace period if not.
    async fn documents(&self) -> Result<Documents, Refusal> {
        let outside = self.context.outside;
        let mut lead = Led::Alone;
        let known = match memory::get::<Known>(outside, &self.name()) {
            None => {
                lead = outside.cache_get_or_lead(
                    &self.name(),
                    BUDGET.min(self.context.left()),
                    BUDGET,
                );
                match &lead {
                    Led::Hit(bytes) => serde_json::from_slice::<Known>(bytes).ok(),
                    Led::Lead | Led::Busy | Led::Alone => None,
                }
            }
            known => known,
        };
        match known {
            Some(Known::Documents(documents)) => Ok(self.refreshed(documents).await),
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
            Err(trouble) => {
                self.forget(&trouble);
                Err(refused(&trouble))
            }
        }
    }

    /// Renews documents that are not fresh any more, one request at a time; everybody else goes on with the old ones.
    async fn refreshed(&self, documents: Documents) -> Documents {
        let age = self.context.now().saturating_sub(documents.fetched);
        let empty = self.read(&documents).is_ok_and(|(_, keys)| keys.is_empty());
        let fresh = if empty { FRESH_EMPTY } else { FRESH };
        if (0..=fresh).contains(&age) || !self.may_refetch() {
            return documents;
        }
        match self.fetch(Some(&documents)).await {
            Ok(new) => {
                self.keep(&new);
                self.refetched();
                new
            }
            Err(ProviderTrouble::OtherIssuer) => {
                self.context.outside.cache_remove(&self.name());
                self.forget(&ProviderTrouble::OtherIssuer);
                // A set that can verify nothing: the issuer is stopped for this request too.
                Documents {
                    keys: r#"{"keys":[]}"#.into(),
                    ..documents
                }
            }
            Err(trouble) => {
                self.refetched();
                let fields = [
                    ("issuer", self.issuer.issuer().as_str().to_owned()),
                    ("because", trouble.to_string()),
                ];
                self.context.log(
                    LogLevel::Warn,
                    "an issuer's keys could not be renewed; the old ones serve",
                    &fields,
                );
                documents
            }
        }
    }

    /// Rule 18: an unknown key is looked for once in 20 seconds; meanwhile nobody is told that the token is bad.
    async fn check_with_fresh_keys(
        &self,
        token: &UnverifiedIdToken,
        old: Documents,
    ) -> Result<(VerifiedIdToken, Documents), Refusal> {
        if !self.may_refetch() {
            return self.check_with_others_keys(token, &old);
        }
        let fetched = self.fetch(Some(&old)).await;
        self.refetched();
        match fetched {
            Ok(new) => {
                self.keep(&new);
                self.check(token, &new)
                    .map(|verified| (verified, new))
                    .map_err(|error| not_verified(&error))
            }
            Err(ProviderTrouble::OtherIssuer) => {
                self.context.outside.cache_remove(&self.name());
                Err(refused(&ProviderTrouble::OtherIssuer))
            }
            Err(trouble) => Err(Refusal::new(
                ExchangeError::KeysPending {
                    retry_after: REFETCH,
                },
                trouble,
            )),
        }
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

    fn refetch_name(&self) -> crate::outside::CacheName {
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

    fn refetched(&self) {
        memory::put(
            self.context.outside,
            &self.refetch_name(),
            self.keep_for(false, Duration::from_secs(REFETCH)),
            &(),
        );
    }

    fn keep_for(&self, proven: bool, time: Duration) -> Keep {
        let room = match self.issuer.standing() {
            Standing::Own | Standing::Listed => Room::Reserved,
            Standing::Other if proven || self.proven => Room::Kept,
            Standing::Other => Room::Unproven,
        };
        Keep { room, time }
    }

    /// Keeps documents for the grace period after they were fetched, and at least while they are fresh.
    fn keep(&self, documents: &Documents) {
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

    /// Fetches metadata and keys: one attempt and one retry, 10 s in all.
    async fn fetch(&self, old: Option<&Documents>) -> Result<Documents, ProviderTrouble> {
        let ends = self.context.outside.elapsed() + BUDGET.min(self.context.left());
        match self.fetch_once(ends, old).await {
            Err(ProviderTrouble::Unreachable(_)) if self.context.outside.elapsed() < ends => {
                self.fetch_once(ends, old).await
            }
            other => other,
        }
    }

    async fn fetch_once(
        &self,
        ends: Duration,
        old: Option<&Documents>,
    ) -> Result<Documents, ProviderTrouble> {
        let metadata = self
            .get(&self.issuer.issuer().discovery_url(), ends)
            .await?;
        let parsed = ProviderMetadata::parse(metadata.as_bytes(), self.issuer.issuer());
        let parsed = parsed.map_err(|error| wrong_metadata(&error))?;
        let jwks_uri = parsed.jwks_uri();
        self.context
            .settings
            .issuers
            .admit_url(self.issuer, jwks_uri)
            .map_err(|error| wrong(&error))?;
        let keys = self.get(jwks_uri, ends).await?;
        JwkSet::parse(keys.as_bytes()).map_err(|error| wrong(&error))?;
        let proven = self.proven || old.is_some_and(|old| old.proven);
        Ok(Documents {
            fetched: self.context.now(),
            metadata,
            keys,
            proven,
        })
    }

    /// Gets a document, following at most three redirects, each of which is judged like the first address.
    async fn get(&self, url: &str, ends: Duration) -> Result<String, ProviderTrouble> {
        let mut url = url.to_owned();
        for _ in 0..=REDIRECTS {
            let answer = self.get_once(&url, ends).await?;
            match answer.status().as_u16() {
                200 => {
                    return String::from_utf8(answer.into_body())
                        .map_err(|_| wrong(&"the document is not UTF-8"));
                }
                301 | 302 | 303 | 307 | 308 => {
                    url = location(&url, &answer)
                        .ok_or_else(|| wrong(&"a redirect without a readable address"))?;
                    let judged = self
                        .context
                        .settings
                        .issuers
                        .admit_redirect(self.issuer, &url);
                    judged.map_err(|error| wrong(&error))?;
                }
                status @ (408 | 429 | 500..=599) => {
                    return Err(ProviderTrouble::Unreachable(format!("status {status}")));
                }
                status => return Err(wrong(&format!("status {status}"))),
            }
        }
        Err(wrong(&"too many redirects"))
    }

    async fn get_once(
        &self,
        url: &str,
        ends: Duration,
    ) -> Result<Response<Vec<u8>>, ProviderTrouble> {
        let total = ends.saturating_sub(self.context.outside.elapsed());
        if total.is_zero() {
            return Err(ProviderTrouble::Unreachable("timeout".into()));
        }
        let request = Request::get(url)
            .header("accept", "application/json")
            .header(
                "user-agent",
                concat!("octo-sts-wasm/", env!("CARGO_PKG_VERSION")),
            )
            .body(Vec::new())
            .map_err(|_| wrong(&"an address that cannot be asked"))?;
        let limits = Limits {
            connect: total.min(Duration::from_secs(3)),
            total,
            max_answer: MAX_DOCUMENT,
        };
        self.context
            .outside
            .send(request, limits)
            .await
            .map_err(|error| match error {
                SendError::Denied
                | SendError::Tls
                | SendError::TooLarge { .. }
                | SendError::Protocol => wrong(&error),
                other => ProviderTrouble::Unreachable(other.to_string()),
            })
    }
}

/// Where a redirect points: a whole address, or a path on the same host.
fn location(base: &str, answer: &Response<Vec<u8>>) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().ok()?;
    if !location.starts_with('/') {
        return Some(location.to_owned());
    }
    let base: Uri = base.parse().ok()?;
    let same_host = !location.starts_with("//");
    same_host.then(|| {
        Some(format!(
            "{}://{}{location}",
            base.scheme_str()?,
            base.authority()?
        ))
    })?
}

fn wrong(why: &impl ToString) -> ProviderTrouble {
    ProviderTrouble::Wrong(why.to_string())
}

fn wrong_metadata(error: &MetadataError) -> ProviderTrouble {
    if error.names_another_issuer() {
        ProviderTrouble::OtherIssuer
    } else {
        wrong(error)
    }
}

fn refused(trouble: &ProviderTrouble) -> Refusal {
    let error = match trouble {
        ProviderTrouble::Wrong(_) | ProviderTrouble::OtherIssuer => ExchangeError::ProviderRefused,
        ProviderTrouble::Unreachable(_) => ExchangeError::ProviderUnavailable { retry_after: 5 },
    };
    Refusal::new(error, trouble)
}
