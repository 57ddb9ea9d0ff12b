//! Fetching an issuer's documents: metadata and keys, bounded, every address judged before it is asked (rule 20).

use super::ProviderTrouble;
use super::known::{Documents, Provider, Published};
use crate::outside::{Limits, Outside, SendError};
use http::{Request, Response, Uri};
use oidc::{JwkSet, MAX_DOCUMENT, MetadataError, ProviderMetadata};
use std::time::Duration;

/// Redirects that are followed (rule 20).
const REDIRECTS: usize = 3;

impl<O: Outside> Provider<'_, '_, O> {
    /// Fetches metadata and keys: one attempt and one retry, 10 s in all.
    pub(super) async fn fetch(&self, proven: bool) -> Result<Published, ProviderTrouble> {
        match self.fetch_once(proven).await {
            Err(ProviderTrouble::Unreachable(_)) if !self.time_left().is_zero() => {
                self.fetch_once(proven).await
            }
            other => other,
        }
    }

    async fn fetch_once(&self, proven: bool) -> Result<Published, ProviderTrouble> {
        let text = self.get(&self.issuer.issuer().discovery_url()).await?;
        let metadata = ProviderMetadata::parse(text.as_bytes(), self.issuer.issuer());
        let metadata = metadata.map_err(|error| wrong_metadata(&error))?;
        let rules = &self.context.settings.issuers;
        rules
            .admit_url(self.issuer, metadata.jwks_uri())
            .map_err(|error| wrong(&error))?;
        let key_set = self.get(metadata.jwks_uri()).await?;
        let keys = JwkSet::parse(key_set.as_bytes()).map_err(|error| wrong(&error))?;
        let documents = Documents {
            fetched: self.context.now(),
            metadata: text,
            keys: key_set,
            proven,
        };
        Ok(Published {
            documents,
            metadata,
            keys,
        })
    }

    /// Gets a document, following at most three redirects, each of which is judged like the first address.
    async fn get(&self, url: &str) -> Result<String, ProviderTrouble> {
        let mut url = url.to_owned();
        for _ in 0..=REDIRECTS {
            let answer = self.get_once(&url).await?;
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

    async fn get_once(&self, url: &str) -> Result<Response<Vec<u8>>, ProviderTrouble> {
        let total = self.time_left();
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
            .map_err(|unanswered| match unanswered.error {
                error @ (SendError::Denied
                | SendError::Tls
                | SendError::TooLarge
                | SendError::Protocol) => wrong(&error),
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
    if location.starts_with("//") {
        return None;
    }
    let base: Uri = base.parse().ok()?;
    Some(format!(
        "{}://{}{location}",
        base.scheme_str()?,
        base.authority()?
    ))
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
