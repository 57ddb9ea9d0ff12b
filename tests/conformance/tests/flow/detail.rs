//! How much of a private policy a refused caller learns (rules 2 and 3).

use conformance::{Building, Policy, World};
use serde_json::json;

const FULL: &str = "trust policy: subject \"SUBJECT\" did not match \"nobody\"";
const BRIEF: &str = "trust policy: subject did not match";
const NEUTRAL: &str = "token does not match trust policy";

/// Who asks.
#[derive(Clone, Copy, Debug)]
enum Caller {
    Itself,
    Sibling,
    Stranger,
    Foreign,
}

const CALLERS: [Caller; 4] = [
    Caller::Itself,
    Caller::Sibling,
    Caller::Stranger,
    Caller::Foreign,
];

impl Caller {
    /// The caller's token and its subject.
    fn token(self, world: &World) -> (String, String) {
        let run = match self {
            Self::Itself => world.run("acme", "app"),
            Self::Sibling => world.run("acme", "lib"),
            Self::Stranger => world.run("globex", "tool"),
            // Any issuer can claim to be of any owner and repository.
            Self::Foreign => {
                let claims = json!({"repository_owner_id": "7001", "repository_id": "8001", "repository_owner": "acme"});
                return (world.foreign_token("foreign", claims), "foreign".to_owned());
            }
        };
        (world.token(&run), run.subject())
    }
}

/// A world whose policies in `acme/app` (private) and `acme/web` (public) let nobody in.
async fn closed_world(building: Building) -> World {
    let world = building.start().await;
    let policy = Policy::of(&["issuer_pattern: '.*://.*'", "subject: nobody"]).text();
    for repository in ["acme/app", "acme/web"] {
        world.put_policy(repository, "closed", &policy);
    }
    world
}

async fn told(world: &World, caller: Caller, scope: &str) -> String {
    let (token, subject) = caller.token(world);
    let answer = world.exchange(&token, scope, "closed").await;
    let message = answer.json()["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    answer.refused(403, 7, "permission_denied", &message);
    // The operator's record has everything, whatever the caller was told.
    let record = world.record(&answer.decision());
    assert_eq!(
        record["reason"],
        FULL.replace("SUBJECT", &subject),
        "{caller:?}"
    );
    message.replace(&subject, "SUBJECT")
}

async fn check(building: Building, scope: &str, wanted: [&str; 4]) {
    let world = closed_world(building).await;
    for (caller, wanted) in CALLERS.into_iter().zip(wanted) {
        assert_eq!(told(&world, caller, scope).await, wanted, "{caller:?}");
    }
}

#[tokio::test]
async fn a_private_policy_is_shown_to_its_own_repository_and_in_brief_to_the_owners_others() {
    check(
        Building::default(),
        "acme/app",
        [FULL, BRIEF, NEUTRAL, NEUTRAL],
    )
    .await;
}

#[tokio::test]
async fn a_public_policy_is_no_secret() {
    check(Building::default(), "acme/web", [FULL; 4]).await;
}

#[tokio::test]
async fn the_operator_may_show_everything_to_everybody() {
    let building = Building::default().set("OCTOSTS_REFUSAL_DETAIL", "all");
    check(building, "acme/app", [FULL; 4]).await;
}

#[tokio::test]
async fn the_operator_may_name_who_sees_everything() {
    // An owner counts only if the token proves it.
    let globex = Building::default().set("OCTOSTS_DETAIL_FOR", "7002");
    check(globex, "acme/app", [FULL, BRIEF, FULL, NEUTRAL]).await;
    let acme = Building::default().set("OCTOSTS_DETAIL_FOR", "7001");
    check(acme, "acme/app", [FULL, FULL, NEUTRAL, NEUTRAL]).await;
    let foreign = Building::default().set_by("OCTOSTS_DETAIL_FOR", |sim| sim.issuer().url());
    check(foreign, "acme/app", [FULL, BRIEF, NEUTRAL, FULL]).await;
}

#[tokio::test]
async fn an_owner_that_is_renamed_or_recycled_is_known_by_its_id() {
    let world = closed_world(Building::default()).await;
    // A token of another account that had or has this login: looked up once more, and nobody is there.
    let claims = world.run("acme", "app").claims();
    let mut other = claims.clone();
    other["repository_owner_id"] = json!("9999");
    let token = world.sim.actions_issuer().token(other).unwrap();
    let answer = world.exchange(&token, "acme/app", "closed").await;
    let message = "no installation found for \"acme\"";
    answer.refused(404, 5, "installation_not_found", message);
    // One of another account that has the repository's id, whatever the reason: a stranger's.
    let mut other = claims.clone();
    other["repository_owner"] = json!("acme-before");
    other["repository_owner_id"] = json!("9999");
    let token = world.sim.actions_issuer().token(other).unwrap();
    let answer = world.exchange(&token, "acme/app", "closed").await;
    answer.refused(403, 7, "permission_denied", NEUTRAL);
    // One of the owner's whose repository has only the name: another repository's.
    let mut other = claims;
    other["repository_id"] = json!("9999");
    let token = world.sim.actions_issuer().token(other).unwrap();
    let answer = world.exchange(&token, "acme/app", "closed").await;
    answer.refused(403, 7, "permission_denied", BRIEF);
}

#[tokio::test]
async fn an_organisations_policy_is_shown_to_the_policy_repository() {
    let world = World::new().await;
    let policy = Policy::of(&["issuer_pattern: '.*://.*'", "subject: nobody"]).text();
    world.put_policy("acme/.github", "closed", &policy);
    let own = world.run("acme", ".github");
    let answer = world.exchange(&world.token(&own), "acme", "closed").await;
    let full = FULL.replace("SUBJECT", &own.subject());
    answer.refused(403, 7, "permission_denied", &full);
    let other = world.token(&world.run("acme", "app"));
    let answer = world.exchange(&other, "acme", "closed").await;
    answer.refused(403, 7, "permission_denied", BRIEF);
}

#[tokio::test]
async fn with_detail_none_a_policy_that_refuses_and_one_that_is_not_there_answer_alike() {
    let world = closed_world(Building::default().set("OCTOSTS_REFUSAL_DETAIL", "none")).await;
    for scope in ["acme/app", "acme/web"] {
        world.put_policy(scope, "invalid", "issuer: [");
        world.put_policy(scope, "latin", b"\xff");
        world.put_policy(
            scope,
            "elsewhere",
            Policy::of(&[
                "issuer_pattern: '.*://.*'",
                "subject_pattern: '.*'",
                "audience: x",
            ])
            .text(),
        );
        for (name, error) in [
            ("closed", "permission_denied"),
            ("missing", "policy_not_found"),
            ("invalid", "policy_invalid"),
            ("latin", "policy_invalid"),
        ] {
            for caller in CALLERS {
                let (token, _) = caller.token(&world);
                let answer = world.exchange(&token, scope, name).await;
                let message = format!("unable to find trust policy for \"{name}\"");
                answer.refused(404, 5, "policy_not_found", &message);
                assert_eq!(answer.reason(), None);
                let record = world.record(&answer.decision());
                assert_eq!(record["error"], error, "the record is not masked");
            }
        }
        let elsewhere = world
            .run("acme", "app")
            .audience("https://elsewhere.example");
        let answer = world
            .exchange(&world.token(&elsewhere), scope, "elsewhere")
            .await;
        let message = "unable to find trust policy for \"elsewhere\"";
        answer.refused(404, 5, "policy_not_found", message);
    }
}

#[tokio::test]
async fn who_holds_somebodys_token_for_another_server_learns_nothing() {
    let world = closed_world(Building::default().set("OCTOSTS_REFUSAL_DETAIL", "all")).await;
    for scope in ["acme/app", "acme/web"] {
        let run = world
            .run("acme", "app")
            .audience("https://relying-party.example");
        let answer = world.exchange(&world.token(&run), scope, "closed").await;
        let message = "token does not match trust policy: audience not accepted";
        answer.refused(403, 7, "audience_not_accepted", message);
    }
}
