//! Spending a grant: one installation access token, compared with what was asked before it goes out (rules 1 and 29).

use crate::apps::Serving;
use crate::authorize::Grant;
use crate::context::{Context, Tries};
use crate::error::{ExchangeError, Refusal};
use crate::outside::{LogLevel, Outside};
use crate::trouble::Trouble;
use github::{AccessToken, Failure, access_token};
use http::Response;
use std::time::Duration;

/// With less time than this no mint is begun: a token whose answer comes too late could not even be revoked.
const MINT_TIME: Duration = Duration::from_secs(3);

/// Mints. A token that is wider than the grant, or about another owner, is revoked and never returned.
pub(crate) async fn mint<O: Outside>(
    context: &Context<'_, O>,
    serving: &Serving,
    grant: &Grant,
) -> Result<AccessToken, Trouble> {
    if context.left() < MINT_TIME.min(context.settings.deadline / 4) {
        return Err(Trouble::Deadline);
    }
    let minted = context
        .as_app(
            serving.app,
            Tries::TwoIfNotArrived,
            |requests, jwt| requests.access_token(jwt, serving.installation.id, grant.asked()),
            |answer, now| read_minted(context, answer, now),
        )
        .await?;
    let owner = minted
        .belongs_to(&grant.asked().reach, grant.owner(), grant.account_id())
        .map_err(|_| Trouble::OtherOwner);
    let width = minted
        .no_wider_than(grant.asked())
        .map_err(|wider| Trouble::Wider(wider.to_string()));
    let verdict = owner.and_then(|()| context.judge_width(width));
    match verdict {
        Ok(()) => Ok(minted),
        Err(trouble) => {
            context.log(
                LogLevel::Error,
                "GitHub's token cannot be given out",
                &[("because", trouble.to_string())],
            );
            context.revoke_now(&minted.token).await;
            Err(trouble)
        }
    }
}

/// What a mint that failed means for the caller.
pub(crate) fn refused(owner: &str, identity: &str, trouble: &Trouble) -> Refusal {
    let error = match trouble {
        Trouble::Unprocessable | Trouble::StaleRepositoryId => ExchangeError::MintUnprocessable,
        Trouble::Forbidden => ExchangeError::MintForbidden,
        Trouble::NotFound(_) => ExchangeError::NotInstalled {
            owner: owner.to_owned(),
        },
        Trouble::Limited { retry_after, .. } => ExchangeError::Limited {
            what: identity.to_owned(),
            retry_after: *retry_after,
        },
        Trouble::OtherOwner | Trouble::Wider(_) => ExchangeError::TokenWider,
        Trouble::Signer(_) => ExchangeError::GitHubUnavailable { retry_after: 5 },
        Trouble::Status(_) | Trouble::Network(_) | Trouble::Unreadable(_) => {
            ExchangeError::MintUnavailable { retry_after: 5 }
        }
        other => crate::context::general(other),
    };
    Refusal::new(error, trouble)
}

/// Reads a mint's answer; a token in an answer that cannot be read otherwise is revoked later.
pub(crate) fn read_minted<O: Outside>(
    context: &Context<'_, O>,
    answer: &Response<Vec<u8>>,
    now: i64,
) -> Result<AccessToken, Failure> {
    let minted = access_token::read(answer, now);
    if let (Some(token), Err(_)) = (minted.token, &minted.answer) {
        context.revoke_later(token);
    }
    minted.answer
}
