//! Claims as GitHub Actions sends them (GitHub's page "OpenID Connect reference").

use serde_json::{Value, json};

/// A workflow run that asks for an ID token.
#[derive(Clone, Debug)]
pub struct ActionsWorkload {
    owner: String,
    owner_id: u64,
    repository: String,
    repository_id: u64,
    git_ref: String,
    event_name: String,
    environment: Option<String>,
    immutable_subject: bool,
    audience: Option<String>,
    visibility: &'static str,
    enterprise: Option<(String, u64)>,
    job_workflow_ref: Option<String>,
}

const SHA: &str = "3f2a9c8e1b7d4056a1c2e3f4958677a0b1c2d3e4";

impl ActionsWorkload {
    /// A push to `main` of `owner/repository`.
    #[must_use]
    pub fn new(owner: &str, owner_id: u64, repository: &str, repository_id: u64) -> Self {
        Self {
            owner: owner.to_owned(),
            owner_id,
            repository: repository.to_owned(),
            repository_id,
            git_ref: "refs/heads/main".to_owned(),
            event_name: "push".to_owned(),
            environment: None,
            immutable_subject: false,
            audience: None,
            visibility: "private",
            enterprise: None,
            job_workflow_ref: None,
        }
    }

    /// The ref that triggered the run: `refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`.
    #[must_use]
    pub fn git_ref(mut self, git_ref: &str) -> Self {
        git_ref.clone_into(&mut self.git_ref);
        self
    }

    /// The event: `push`, `workflow_dispatch`, `schedule`, …
    #[must_use]
    pub fn event_name(mut self, event_name: &str) -> Self {
        event_name.clone_into(&mut self.event_name);
        self
    }

    /// A run for pull request `number`.
    #[must_use]
    pub fn pull_request(self, number: u64) -> Self {
        self.event_name("pull_request")
            .git_ref(&format!("refs/pull/{number}/merge"))
    }

    /// The job names a deployment environment.
    #[must_use]
    pub fn environment(mut self, environment: &str) -> Self {
        self.environment = Some(environment.to_owned());
        self
    }

    /// `sub` carries the ids of owner and repository, as it does for repositories since July 2026.
    #[must_use]
    pub fn immutable_subject(mut self, immutable: bool) -> Self {
        self.immutable_subject = immutable;
        self
    }

    /// `aud`; without it the owner's address, as GitHub does.
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        self.audience = Some(audience.to_owned());
        self
    }

    /// The repository is public.
    #[must_use]
    pub fn public(mut self) -> Self {
        self.visibility = "public";
        self
    }

    /// The owner belongs to an enterprise: slug and id.
    #[must_use]
    pub fn enterprise(mut self, slug: &str, id: u64) -> Self {
        self.enterprise = Some((slug.to_owned(), id));
        self
    }

    /// The job is in a reusable workflow of another repository.
    #[must_use]
    pub fn job_workflow_ref(mut self, job_workflow_ref: &str) -> Self {
        self.job_workflow_ref = Some(job_workflow_ref.to_owned());
        self
    }

    /// `sub` as GitHub writes it: the environment, else `pull_request`, else the ref.
    #[must_use]
    pub fn subject(&self) -> String {
        let Self {
            owner,
            owner_id,
            repository,
            repository_id,
            ..
        } = self;
        let repository = if self.immutable_subject {
            format!("{owner}@{owner_id}/{repository}@{repository_id}")
        } else {
            format!("{owner}/{repository}")
        };
        let context = match &self.environment {
            Some(environment) => {
                // GitHub encodes the colons of an environment's name, so that it can't pretend to be more parts.
                format!("environment:{}", environment.replace(':', "%3A"))
            }
            None if self.event_name == "pull_request" => "pull_request".to_owned(),
            None => format!("ref:{}", self.git_ref),
        };
        format!("repo:{repository}:{context}")
    }

    /// All claims but `iss`, `iat`, `nbf`, `exp` and `jti`, which the issuer adds.
    #[must_use]
    pub fn claims(&self) -> Value {
        let full_name = format!("{}/{}", self.owner, self.repository);
        let workflow_ref = format!("{full_name}/.github/workflows/ci.yaml@{}", self.git_ref);
        let audience = self
            .audience
            .clone()
            .unwrap_or_else(|| format!("https://github.com/{}", self.owner));
        let is_pull = self.event_name == "pull_request";
        let ref_type = if self.git_ref.starts_with("refs/tags/") {
            "tag"
        } else {
            "branch"
        };
        let mut claims = json!({
            "actor": "octocat",
            "actor_id": "583231",
            "aud": audience,
            "base_ref": if is_pull { "main" } else { "" },
            "check_run_id": "40000000001",
            "event_name": self.event_name,
            "head_ref": if is_pull { "feature" } else { "" },
            "job_workflow_ref": self.job_workflow_ref.as_ref().unwrap_or(&workflow_ref),
            "job_workflow_sha": SHA,
            "ref": self.git_ref,
            "ref_protected": "true",
            "ref_type": ref_type,
            "repository": full_name,
            "repository_id": self.repository_id.to_string(),
            "repository_owner": self.owner,
            "repository_owner_id": self.owner_id.to_string(),
            "repository_visibility": self.visibility,
            "run_attempt": "1",
            "run_id": "16000000001",
            "run_number": "42",
            "runner_environment": "github-hosted",
            "sha": SHA,
            "sub": self.subject(),
            "workflow": "CI",
            "workflow_ref": workflow_ref,
            "workflow_sha": SHA,
        });
        if let Some(claims) = claims.as_object_mut() {
            if let Some(environment) = &self.environment {
                claims.insert("environment".to_owned(), json!(environment));
            }
            if let Some((slug, id)) = &self.enterprise {
                claims.insert("enterprise".to_owned(), json!(slug));
                claims.insert("enterprise_id".to_owned(), json!(id.to_string()));
            }
        }
        claims
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn subjects_have_githubs_forms() {
        let run = || ActionsWorkload::new("acme", 7, "app", 9);
        for (workload, wanted) in [
            (run(), "repo:acme/app:ref:refs/heads/main"),
            (run().pull_request(3), "repo:acme/app:pull_request"),
            (run().environment("prod"), "repo:acme/app:environment:prod"),
            (
                run().pull_request(3).environment("a:b"),
                "repo:acme/app:environment:a%3Ab",
            ),
            (
                run().git_ref("refs/tags/v1"),
                "repo:acme/app:ref:refs/tags/v1",
            ),
            (
                run().immutable_subject(true),
                "repo:acme@7/app@9:ref:refs/heads/main",
            ),
        ] {
            assert_eq!(workload.subject(), wanted);
            assert_eq!(workload.claims()["sub"], wanted);
        }
    }

    #[test]
    fn ids_are_text_and_the_audience_is_the_owner() {
        let claims = ActionsWorkload::new("acme", 7, "app", 9).claims();
        assert_eq!(claims["repository_owner_id"], "7");
        assert_eq!(claims["repository_id"], "9");
        assert_eq!(claims["aud"], "https://github.com/acme");
        assert!(claims.get("environment").is_none());
    }
}
