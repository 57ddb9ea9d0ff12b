//! What stands around the service: GitHub, the issuers, and the world in them.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use simulator::control::{Control, build_world};
use simulator::{Algorithm, Clock, SigningKey, Simulator};

use super::ids;
use crate::case::{Case, Content, Scope, Words};
use crate::client::Ask;
use crate::keys::{another_app_key, app_key, signing_key};
use crate::secrets::Secrets;
use crate::world::{APP, DOMAIN, NOW};

/// Where a policy's file is.
const POLICIES: &str = ".github/chainguard";

/// One GitHub with its issuers and the port that commands them.
pub(crate) struct Ground {
    pub(crate) sim: Arc<Simulator>,
    control: Control,
}

impl Ground {
    /// At these addresses, or where there is room.
    pub(crate) async fn open(
        clock: Clock,
        tls: bool,
        at: Option<(SocketAddr, SocketAddr)>,
    ) -> Result<Self, String> {
        let mut builder = Simulator::builder()
            .clock(clock)
            .tls(tls)
            .issuer_key(signing_key(Algorithm::Rs256, "foreign"))
            .actions_key(signing_key(Algorithm::Rs256, "actions"));
        if let Some((github, issuer)) = at {
            builder = builder.github_at(github).issuer_at(issuer);
        }
        let text = |error: simulator::Error| error.to_string();
        let sim = Arc::new(builder.start().await.map_err(text)?);
        let github = sim.github();
        github
            .add_app_with_key(APP, "octo", app_key())
            .map_err(text)?;
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let control = Control::start(Arc::clone(&sim), free).await.map_err(text)?;
        Ok(Self { sim, control })
    }

    /// Sends a command (`POST /token`) to the control port.
    pub(crate) async fn command(&self, command: &str, body: Vec<u8>) -> Result<Value, String> {
        let (method, path) = command
            .split_once(' ')
            .ok_or_else(|| format!("{command:?} is not `METHOD /path`"))?;
        let (authority, prefix) = self
            .control
            .url()
            .strip_prefix("http://")
            .and_then(|rest| rest.split_once('/'))
            .ok_or("no control port")?;
        let target = format!("/{prefix}{path}");
        let ask = Ask::new(authority, Secrets::default(), method, target);
        let answer = ask.body("", body).try_send().await?;
        if answer.status == 200 {
            return Ok(answer.json());
        }
        Err(format!("{command}: {} {}", answer.status, answer.text()))
    }
}

/// A ground furnished for one case.
pub(crate) struct Stage {
    pub(crate) ground: Arc<Ground>,
    /// The words that the kit adds.
    pub(crate) words: Words,
    ca: Option<CaFile>,
}

/// A certificate on disk while the case runs.
struct CaFile(PathBuf);

impl Drop for CaFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Stage {
    /// A ground for this case alone. Where the kit moves the service's clock, all clocks stand until it does.
    pub(crate) async fn alone(case: &Case, has_clock: bool) -> Result<Self, String> {
        let clock = if has_clock {
            Clock::fixed(NOW)
        } else {
            Clock::system()
        };
        let ground = Ground::open(clock, case.tls, None).await?;
        Self::furnish(case, Arc::new(ground), 0, "").await
    }

    /// Adds a case's world to a ground, with all ids so much larger and issuers below paths that begin so.
    pub(crate) async fn furnish(
        case: &Case,
        ground: Arc<Ground>,
        larger: u64,
        prefix: &str,
    ) -> Result<Self, String> {
        let ca = ca_file(&ground.sim)?;
        let mut stage = Self {
            words: own_words(&ground.sim),
            ground,
            ca,
        };
        for world in [Some(&case.usual.world), case.world.as_ref()] {
            stage.words.extend(ids(world, larger));
        }
        for (name, algorithm) in &case.issuers {
            let body = json!({"add": format!("/{prefix}{name}"), "algorithm": algorithm});
            let made = stage.command("POST /issuer", &body).await?;
            let url = made.get("url").cloned().unwrap_or_default();
            stage.words.insert(format!("issuer.{name}"), url);
        }
        for world in [Some(&case.usual.world), case.world.as_ref()] {
            let Some(world) = world else { continue };
            let mut world = stage.scope(case, &[]).expand(world)?;
            enlarge(&mut world, larger);
            build_world(&stage.ground.sim, world.to_string().as_bytes())
                .map_err(|error| error.to_string())?;
        }
        let usual = BTreeMap::new();
        stage.write(case, &usual, &case.usual.policies)?;
        stage.write(case, &case.files, &case.policies)?;
        Ok(stage)
    }

    /// What placeholders mean, with these layers before the case's own.
    pub(crate) fn scope<'a>(&'a self, case: &'a Case, nearer: &[&'a Words]) -> Scope<'a> {
        let mut layers = nearer.to_vec();
        layers.extend([&case.words, &case.usual.words, &self.words]);
        Scope {
            layers,
            now: self.ground.sim.clock().now(),
        }
    }

    pub(crate) async fn command(&self, command: &str, body: &Value) -> Result<Value, String> {
        let body = match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        };
        self.ground.command(command, body).await
    }

    /// Writes files, and policies by their short names, into repositories.
    pub(crate) fn write(
        &self,
        case: &Case,
        files: &BTreeMap<String, Content>,
        policies: &BTreeMap<String, Content>,
    ) -> Result<(), String> {
        let scope = self.scope(case, &[]);
        let files = files.iter().map(|(path, content)| (path, content, false));
        let policies = policies.iter().map(|(path, content)| (path, content, true));
        for (path, content, is_policy) in files.chain(policies) {
            let mut parts = path.splitn(3, '/');
            let (Some(owner), Some(name), Some(inside)) =
                (parts.next(), parts.next(), parts.next())
            else {
                return Err(format!("{path:?} is not OWNER/REPOSITORY/…"));
            };
            let inside = if is_policy {
                format!("{POLICIES}/{inside}.sts.yaml")
            } else {
                inside.to_owned()
            };
            let bytes = content.bytes(|text| scope.text(text))?;
            let github = self.ground.sim.github();
            github
                .put_file(owner, name, &inside, bytes)
                .map_err(|error| format!("{path}: {error}"))?;
        }
        Ok(())
    }

    /// All issuers of the case.
    pub(crate) fn issuers(&self) -> Vec<String> {
        let is_issuer = |name: &str| name.starts_with("issuer.");
        let words = self.words.iter();
        let issuers = words
            .filter(|(name, _)| is_issuer(name) || matches!(name.as_str(), "actions" | "issuer"));
        issuers
            .filter_map(|(_, url)| Some(url.as_str()?.to_owned()))
            .collect()
    }

    /// The usual settings, and what the case says over them. Only issuers on a list are used, so that a case runs where
    /// addresses are not vetted too (rule 22).
    pub(crate) fn settings(&self, case: &Case) -> Result<BTreeMap<String, String>, String> {
        let sim = &self.ground.sim;
        let mut all = crate::world::usual_settings(sim, &app_key());
        all.insert(
            "OCTOSTS_ALLOWED_ISSUERS".to_owned(),
            self.issuers().join(","),
        );
        if let Some(CaFile(path)) = &self.ca {
            all.insert("SSL_CERT_FILE".to_owned(), path.display().to_string());
        }
        let scope = self.scope(case, &[]);
        for (name, value) in &case.settings {
            all.insert(name.clone(), scope.text(value)?);
        }
        all.retain(|name, _| !case.unset.contains(name));
        Ok(all)
    }
}

fn own_words(sim: &Simulator) -> Words {
    let github = sim.github();
    let issuer = sim.issuer().url();
    let host = issuer.split_once("://").map_or("", |(_, host)| host);
    [
        ("actions", sim.actions_issuer().url()),
        ("issuer_host", host.to_owned()),
        ("github", github.base_url()),
        ("web", github.web_url()),
        ("domain", DOMAIN.to_owned()),
        ("app_key", app_key().pem()),
        ("another_app_key", another_app_key().pem()),
        ("issuer_keys", jwk_set(sim)),
        ("issuer", issuer.clone()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .collect()
}

/// What the foreign issuer publishes when the case begins.
fn jwk_set(sim: &Simulator) -> String {
    let keys = sim.issuer().keys();
    let keys: Vec<Value> = keys.iter().map(SigningKey::jwk).collect();
    json!({ "keys": keys }).to_string()
}

fn ca_file(sim: &Simulator) -> Result<Option<CaFile>, String> {
    let Some(pem) = sim.ca_pem() else {
        return Ok(None);
    };
    let url = sim.github().web_url();
    let port = url.rsplit(':').next().unwrap_or_default();
    let name = format!("conformance-ca-{}-{port}.pem", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, pem).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(Some(CaFile(path)))
}

/// Makes the ids of accounts and repositories larger.
fn enlarge(world: &mut Value, larger: u64) {
    for list in ["accounts", "repositories"] {
        let entries = world.get_mut(list).and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten() {
            if let Some(id) = entry.get("id").and_then(Value::as_u64)
                && let Some(entry) = entry.as_object_mut()
            {
                entry.insert("id".to_owned(), json!(id.saturating_add(larger)));
            }
        }
    }
}
