//! GitHub's objects as its REST documentation shows them, field by field.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::clock::rfc3339;
use crate::world::{Account, AccountKind, App, Installation, Permissions, Repository, World};

/// Writes objects with addresses below one GitHub.
#[derive(Clone, Debug)]
pub(super) struct Objects {
    /// `http://127.0.0.1:PORT/api/v3`
    pub(super) api: String,
    /// `http://127.0.0.1:PORT`
    pub(super) web: String,
}

/// When everything in the world was made, as far as the answers say.
const MADE: &str = "2020-01-01T00:00:00Z";

/// What an account has below its own address: the field and the rest of the address.
const OF_ACCOUNT: [(&str, &str); 10] = [
    ("events_url", "/events{/privacy}"),
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("organizations_url", "/orgs"),
    ("received_events_url", "/received_events"),
    ("repos_url", "/repos"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("url", ""),
];

/// The same for a repository.
const OF_REPOSITORY: [(&str, &str); 37] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
    ("url", ""),
];

impl Objects {
    /// A "simple user".
    pub(super) fn account(&self, account: &Account) -> Value {
        let Account { id, login, kind } = account;
        let mut object = json!({
            "avatar_url": format!("{}/avatars/u/{id}?v=4", self.web),
            "gravatar_id": "",
            "html_url": format!("{}/{login}", self.web),
            "id": id,
            "login": login,
            "node_id": node_id(kind.name(), *id),
            "site_admin": false,
            "type": kind.name(),
            "user_view_type": "public",
        });
        let url = format!("{}/users/{login}", self.api);
        below(&mut object, &url, &OF_ACCOUNT);
        object
    }

    /// A whole repository, as mints and lists show it.
    pub(super) fn repository(&self, world: &World, repository: &Repository) -> Value {
        let owner = world.account_by_id(repository.owner);
        let login = owner.map_or("", |owner| owner.login.as_str());
        let Repository {
            id, name, private, ..
        } = repository;
        let full_name = format!("{login}/{name}");
        let html = format!("{}/{full_name}", self.web);
        let mut object = json!({
            "clone_url": format!("{html}.git"),
            "full_name": full_name,
            "git_url": format!("git:{}.git", html.split_once(':').map_or("", |(_, rest)| rest)),
            "html_url": html,
            "id": id,
            "name": name,
            "node_id": node_id("Repository", *id),
            "owner": owner.map(|owner| self.account(owner)),
            "permissions": {"admin": false, "maintain": false, "pull": false, "push": false, "triage": false},
            "private": private,
            "ssh_url": format!("git@127.0.0.1:{full_name}.git"),
            "svn_url": html,
            "visibility": if *private { "private" } else { "public" },
        });
        of_every_repository(&mut object);
        let url = format!("{}/repos/{full_name}", self.api);
        below(&mut object, &url, &OF_REPOSITORY);
        object
    }

    pub(super) fn installation(&self, world: &World, installation: &Installation) -> Value {
        let id = installation.id;
        let account = world.account_by_id(installation.account);
        let login = account.map_or("", |account| account.login.as_str());
        let app = world.apps.get(&installation.app);
        let html_url = match installation.kind {
            AccountKind::Organization => {
                format!(
                    "{}/organizations/{login}/settings/installations/{id}",
                    self.web
                )
            }
            AccountKind::User => format!("{}/settings/installations/{id}", self.web),
        };
        json!({
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", self.api),
            "account": account.map(|account| self.account(account)),
            "app_id": installation.app,
            "app_slug": app.map(App::slug),
            "client_id": app.map(App::client_id),
            "created_at": rfc3339(installation.created_at),
            "events": [],
            "has_multiple_single_files": false,
            "html_url": html_url,
            "id": id,
            "permissions": permissions(&installation.permissions),
            "repositories_url": format!("{}/installation/repositories", self.api),
            "repository_selection": installation.reach.name(),
            "single_file_name": null,
            "single_file_paths": [],
            "suspended_at": installation.suspended_at.map(rfc3339),
            "suspended_by": installation
                .suspended_at
                .and(account)
                .map(|account| self.account(account)),
            "target_id": installation.account,
            "target_type": installation.kind.name(),
            "updated_at": rfc3339(installation.suspended_at.unwrap_or(installation.created_at)),
        })
    }

    /// The App itself (`GET /app`).
    pub(super) fn app(&self, app: &App, installations: usize) -> Value {
        json!({
            "client_id": app.client_id(),
            "created_at": MADE,
            "description": "",
            "events": [],
            "external_url": self.web,
            "html_url": format!("{}/apps/{}", self.web, app.slug()),
            "id": app.id,
            "installations_count": installations,
            "name": app.name,
            "node_id": node_id("Integration", app.id),
            "owner": null,
            "permissions": {"metadata": "read"},
            "slug": app.slug(),
            "updated_at": MADE,
        })
    }
}

/// Permissions as an object of names and levels.
pub(super) fn permissions(permissions: &Permissions) -> Value {
    let entries = permissions
        .iter()
        .map(|(name, level)| (name.clone(), json!(level.name())));
    Value::Object(entries.collect::<Map<String, Value>>())
}

/// Fields that are the same for all repositories here.
fn of_every_repository(object: &mut Value) {
    let Some(object) = object.as_object_mut() else {
        return;
    };
    for name in [
        "archived",
        "disabled",
        "fork",
        "has_discussions",
        "has_pages",
        "is_template",
    ] {
        object.insert(name.to_owned(), json!(false));
    }
    for name in [
        "allow_forking",
        "has_downloads",
        "has_issues",
        "has_projects",
        "has_wiki",
    ] {
        object.insert(name.to_owned(), json!(true));
    }
    for name in [
        "description",
        "homepage",
        "language",
        "license",
        "mirror_url",
    ] {
        object.insert(name.to_owned(), Value::Null);
    }
    for name in [
        "forks",
        "forks_count",
        "open_issues",
        "open_issues_count",
        "size",
        "stargazers_count",
        "watchers",
        "watchers_count",
    ] {
        object.insert(name.to_owned(), json!(0));
    }
    for name in ["created_at", "pushed_at", "updated_at"] {
        object.insert(name.to_owned(), json!(MADE));
    }
    object.insert("default_branch".to_owned(), json!("main"));
    object.insert("topics".to_owned(), json!([]));
    object.insert("web_commit_signoff_required".to_owned(), json!(false));
}

fn below(object: &mut Value, url: &str, fields: &[(&str, &str)]) {
    if let Some(object) = object.as_object_mut() {
        for (field, rest) in fields {
            object.insert((*field).to_owned(), json!(format!("{url}{rest}")));
        }
    }
}

fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}
