//! A token that reads contents of one repository, for the files that decide. It is revoked once the answer has left, and
//! serves for every file of that repository that the exchange reads (rule 27 of docs/SECURITY.md).

use crate::apps::Serving;
use crate::context::{Context, Tries};
use crate::mint::read_minted;
use crate::outside::{LogLevel, Outside};
use crate::trouble::Trouble;
use github::access_token::Repository;
use github::{
    AccessTokenRequest, InstallationAccessToken, Level, Owner, Permissions, Reach, RepositoryName,
    Wider, failure,
};

/// What is to be read, and by whom.
pub(crate) struct Asked<'a> {
    pub(crate) serving: &'a Serving,
    pub(crate) owner: &'a Owner,
    pub(crate) repository: &'a RepositoryName,
}

/// A token of this exchange, and for what it is.
#[derive(Clone)]
pub(crate) struct ReadToken {
    installation: u64,
    token: InstallationAccessToken,
    repository: Repository,
}

/// The token, with what GitHub says of the repository. It must be about this owner's account and this repository
/// (rule 1), and no wider (rule 29).
pub(crate) async fn get<O: Outside>(
    context: &Context<'_, O>,
    asked: &Asked<'_>,
) -> Result<(InstallationAccessToken, Repository), Trouble> {
    let known = context.read_token(|known| known.serves(asked));
    let known = match known {
        Some(known) => known,
        None => mint(context, asked).await?,
    };
    Ok((known.token, known.repository))
}

impl ReadToken {
    fn serves(&self, asked: &Asked<'_>) -> bool {
        let name = self.repository.full_name.rsplit('/').next();
        let same = name.is_some_and(|name| name.eq_ignore_ascii_case(asked.repository.as_str()));
        same && self.installation == asked.serving.installation.id
    }
}

async fn mint<O: Outside>(
    context: &Context<'_, O>,
    place: &Asked<'_>,
) -> Result<ReadToken, Trouble> {
    let asked = AccessTokenRequest {
        permissions: Permissions::from([("contents".to_owned(), Level::Read)]),
        reach: Reach::Names(vec![place.repository.as_str().to_owned()]),
    };
    let Serving { app, installation } = place.serving;
    let minted = context
        .as_app(
            *app,
            Tries::Three,
            |requests, jwt| requests.access_token(jwt, installation.id, &asked),
            |answer, now| match failure::named_limit(answer, now) {
                Some(limit) => Err(limit),
                None => read_minted(context, answer, now),
            },
        )
        .await?;
    let owner = minted.belongs_to(&asked.reach, place.owner, installation.account_id);
    let owner = owner.map_err(|wider| match wider {
        Wider::Repository(_) => Trouble::OtherOwner,
        other => Trouble::Wider(other.to_string()),
    });
    let width = minted.no_wider_than(&asked);
    let width = width.map_err(|wider| Trouble::Wider(wider.to_string()));
    let repository = minted.repositories().first().cloned();
    let checked = owner.and_then(|()| context.judge_width(width));
    let checked = checked.and_then(|()| repository.ok_or(Trouble::OtherOwner));
    match checked {
        Ok(repository) => {
            context.revoke_later(minted.token.clone());
            let known = ReadToken {
                installation: installation.id,
                token: minted.token,
                repository,
            };
            context.remember_read_token(known.clone());
            Ok(known)
        }
        Err(trouble) => {
            context.revoke_now(&minted.token).await;
            let fields = [("because", trouble.to_string())];
            context.log(
                LogLevel::Error,
                "GitHub's answer to a read token cannot be believed",
                &fields,
            );
            Err(trouble)
        }
    }
}
