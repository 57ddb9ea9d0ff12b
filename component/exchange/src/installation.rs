//! Which installation serves an owner (rule 15 of docs/SECURITY.md): one page of installations answers for every owner
//! while an App has no more; larger Apps ask by name. Never a walk.

use crate::context::{Context, Tries};
use crate::error::{ExchangeError, Refusal};
use crate::memory::{self, Keep};
use crate::outside::Outside;
use crate::trouble::Trouble;
use github::installations::{Page, read_one, read_page};
use github::{Installation, Owner};

/// Seconds that an installation is believed; a mint's 404 ends it earlier.
const FOUND: u64 = 3600;
/// Seconds that "none" is believed when GitHub was asked for this owner.
const NONE: u64 = 300;
/// Seconds that a page answers for every owner.
const PAGE: u64 = 60;

fn installation_name(app: u64, owner: &Owner) -> crate::outside::CacheName {
    memory::name("installation", &[&app.to_string(), &owner.key()])
}

fn page_name(app: u64) -> crate::outside::CacheName {
    memory::name("installations", &[&app.to_string()])
}

/// The owner's installation.
pub(crate) async fn find<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    owner: &Owner,
) -> Result<Installation, Refusal> {
    let name = installation_name(app, owner);
    let found = memory::remembered(context.outside, &name, context.left(), async || {
        look_up(context, app, owner).await
    });
    let found = found.await.map_err(|trouble| refused(owner, &trouble))?;
    let installation = found.ok_or_else(|| {
        Refusal::from(ExchangeError::NotInstalled {
            owner: owner.to_string(),
        })
    })?;
    if installation.suspended {
        return Err(ExchangeError::Suspended {
            owner: owner.to_string(),
        }
        .into());
    }
    Ok(installation)
}

/// Drops what is remembered of an owner's installation, so that the next [`find`] asks GitHub; unless somebody else found
/// another one meanwhile.
pub(crate) fn forget<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    owner: &Owner,
    failed: &Installation,
) {
    let name = installation_name(app, owner);
    if known(context, app, owner)
        .flatten()
        .is_none_or(|known| known.id == failed.id)
    {
        context.outside.cache_remove(&name);
        context.outside.cache_remove(&page_name(app));
    }
}

/// Drops that an owner has no installation, so that the next [`find`] asks GitHub; one that is known stays.
pub(crate) fn forget_absent<O: Outside>(context: &Context<'_, O>, app: u64, owner: &Owner) {
    if known(context, app, owner) == Some(None) {
        context.outside.cache_remove(&installation_name(app, owner));
        context.outside.cache_remove(&page_name(app));
    }
}

/// What is remembered of an owner's installation, if anything is.
pub(crate) fn known<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    owner: &Owner,
) -> Option<Option<Installation>> {
    memory::peek(context.outside, &installation_name(app, owner))
}

/// A suspension ends without a sign to us, so it is not believed for long.
fn believed(found: &Installation) -> Keep {
    Keep::kept(if found.suspended { PAGE } else { FOUND })
}

async fn look_up<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    owner: &Owner,
) -> Result<(Option<Installation>, Keep), Trouble> {
    let page = page(context, app).await?;
    if let Some(found) = page
        .installations
        .into_iter()
        .find(|installation| installation.belongs_to(owner))
    {
        let keep = believed(&found);
        return Ok((Some(found), keep));
    }
    if page.complete {
        return Ok((None, Keep::negative(PAGE)));
    }
    let found = match context
        .as_app(
            app,
            Tries::Three,
            |r, jwt| r.organization_installation(jwt, owner),
            read_one,
        )
        .await?
    {
        None => {
            context
                .as_app(
                    app,
                    Tries::Three,
                    |r, jwt| r.user_installation(jwt, owner),
                    read_one,
                )
                .await?
        }
        found => found,
    };
    // GitHub follows renamed logins here; a policy is read by name, so only the name that was asked counts.
    let found = found.filter(|installation| installation.belongs_to(owner));
    let keep = found.as_ref().map_or(Keep::negative(NONE), believed);
    Ok((found, keep))
}

async fn page<O: Outside>(context: &Context<'_, O>, app: u64) -> Result<Page, Trouble> {
    let name = page_name(app);
    if let Some(page) = memory::get::<Page>(context.outside, &name) {
        return Ok(page);
    }
    let page = context
        .as_app(
            app,
            Tries::Three,
            |requests, jwt| requests.installations(jwt),
            read_page,
        )
        .await?;
    // A page that proves nothing need not be carried about: the next owners are asked for by name.
    let kept = if page.complete {
        page.clone()
    } else {
        Page {
            installations: Vec::new(),
            complete: false,
        }
    };
    memory::put(context.outside, &name, Keep::kept(PAGE), &kept);
    Ok(page)
}

fn refused(owner: &Owner, trouble: &Trouble) -> Refusal {
    let error = match trouble {
        Trouble::Limited { retry_after, .. } => ExchangeError::Limited {
            what: owner.to_string(),
            retry_after: *retry_after,
        },
        Trouble::Forbidden | Trouble::AppRefused | Trouble::TokenRefused => {
            ExchangeError::AppRefused
        }
        Trouble::NotFound(_) => ExchangeError::NotInstalled {
            owner: owner.to_string(),
        },
        other => crate::context::general(other),
    };
    Refusal::new(error, trouble)
}
