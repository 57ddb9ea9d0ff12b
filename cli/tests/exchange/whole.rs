//! The true server, a simulated GitHub, and a token's whole life.

use super::script::{Script, answer};
use super::{ASK, OIDC, assert_fails, octo_sts, stderr, stdout};
use serde_json::{Value, json};
use sha2::Digest as _;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const DOMAIN: &str = "sts.example.com";
const POLICY: &str = "acme/app/.github/chainguard/ci.sts.yaml";

/// A server that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // SIGTERM, so that it removes its files.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

impl Server {
    /// Starts it, and waits for the line that says where it listens.
    fn start(command: &mut Command, marker: &str) -> (Self, Value) {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = piped.stdin(Stdio::null()).spawn().unwrap();
        let outputs: [Box<dyn Read + Send>; 2] = [
            Box::new(child.stdout.take().unwrap()),
            Box::new(child.stderr.take().unwrap()),
        ];
        let (tell, lines) = std::sync::mpsc::channel();
        for output in outputs {
            let tell = tell.clone();
            // Goes on reading, so that the server never waits for a full pipe.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = tell.send(line);
                }
            });
        }
        drop(tell);
        let server = Self(child);
        let mut said = String::new();
        for line in lines.iter() {
            if line.contains(marker) {
                return (server, serde_json::from_str(&line).unwrap());
            }
            said = format!("{said}{line}\n");
        }
        panic!("it ended: {said}");
    }
}

fn simulator(more: &[&str]) -> (Server, Value) {
    let program = Path::new(env!("CARGO_BIN_EXE_octo-sts")).with_file_name("octo-sts-simulator");
    assert!(
        program.is_file(),
        "run `cargo build --release --package octo-sts-simulator`"
    );
    Server::start(Command::new(program).args(more), "\"github\"")
}

fn text<'a>(about: &'a Value, pointer: &str) -> &'a str {
    about.pointer(pointer).unwrap().as_str().unwrap()
}

/// The service as it is built in; without `cargo xtask build` it says that it is missing.
fn service(about: &Value) -> (Server, String) {
    service_with(about, &[])
}

fn service_with(about: &Value, more: &[(&str, &str)]) -> (Server, String) {
    let key = std::fs::read_to_string(text(about, "/apps/0/private_key_file")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_octo-sts"));
    command.args(["serve", "--port", "0", "--address", "127.0.0.1"]);
    command.env_clear().envs([
        ("LOG_FORMAT", "json"),
        ("STS_DOMAIN", DOMAIN),
        ("GITHUB_APP_IDS", "1001"),
        ("APP_SECRET_CERTIFICATE_ENV_VAR", &key),
        ("GITHUB_BASE_URL", text(about, "/github")),
        ("OCTOSTS_ALLOWED_ISSUERS", text(about, "/actions_issuer")),
    ]);
    command.envs(more.iter().copied());
    let (server, line) = Server::start(&mut command, "\"listening\"");
    (server, format!("http://{}", text(&line, "/address")))
}

/// An OIDC token of a run of `acme/app` on a branch.
fn run_on(about: &Value, branch: &str) -> String {
    let body = json!({"workload": {
        "owner": "acme", "repository": "app", "ref": format!("refs/heads/{branch}"), "audience": DOMAIN,
    }});
    let answer = ureq::post(format!("{}/token", text(about, "/control"))).send(body.to_string());
    let answer = answer.unwrap().body_mut().read_to_string().unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    text(&answer, "/token").to_owned()
}

fn trust_main(about: &Value) {
    let issuer = text(about, "/actions_issuer");
    let policy = format!(
        "issuer: {issuer}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  contents: read\n  issues: write\n"
    );
    let url = format!("{}/files/{POLICY}", text(about, "/control"));
    ureq::put(url).send(policy).unwrap();
}

/// What the simulated GitHub answers to a read of a file.
fn read_with(token: &str, about: &Value) -> u16 {
    let url = format!(
        "{}/repos/acme/app/contents/README.md",
        text(about, "/github")
    );
    let bearer = format!("Bearer {token}");
    match ureq::get(url).header("authorization", bearer).call() {
        Ok(answer) => answer.status().as_u16(),
        Err(ureq::Error::StatusCode(status)) => status,
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn a_job_gets_a_token_uses_it_and_ends_it() {
    let (_simulator, about) = simulator(&[]);
    trust_main(&about);
    let (_service, url) = service(&about);
    let value = json!({"value": run_on(&about, "main")}).to_string();
    let actions = Script::new(&[&answer(200, &[], &value)]);
    let variables = [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", actions.url.as_str()),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request"),
        ("OCTOSTS_URL", &url),
    ];
    let flags = ["--audience", DOMAIN, "--permissions", "contents:read"];
    let output = octo_sts(&[&ASK[..], &flags].concat(), &variables, "");
    let token = stdout(&output).trim_end();
    assert!(token.starts_with("ghs_"), "{}", stderr(&output));
    assert!(
        actions
            .asked()
            .concat()
            .contains("?audience=sts.example.com ")
    );
    assert_eq!(read_with(token, &about), 200);

    let revoked = octo_sts(&["revoke"], &variables, token);
    assert_eq!(revoked.status.code(), Some(0), "{}", stderr(&revoked));
    assert_eq!(read_with(token, &about), 401);
    let again = octo_sts(&["revoke", "--url", &url], &[], token);
    assert_fails(
        &again,
        1,
        "invalid bearer token (400, invalid_token, decision ",
    );
    let github = ["revoke", "--github-base-url", text(&about, "/github")];
    assert_fails(&octo_sts(&github, &[], token), 1, "(401)");
}

#[test]
fn what_the_policy_does_not_grant_is_refused() {
    let (_simulator, about) = simulator(&[]);
    trust_main(&about);
    let (_service, url) = service(&about);
    let flags = ["--url", &url, "--token-file", "-"];
    let ask = |more: &[&str], input: &str| octo_sts(&[&ASK[..], &flags, more].concat(), &[], input);
    let other = ask(&[], &run_on(&about, "other"));
    assert_fails(&other, 1, "(403, permission_denied, decision ");
    let wider = ask(
        &["--permissions", "contents:write"],
        &run_on(&about, "main"),
    );
    assert_fails(&wider, 1, "(400, invalid_request, decision ");
    assert_fails(&ask(&[], OIDC), 1, "octo-sts: ");
    let json = ask(&["--format", "json"], &run_on(&about, "main"));
    let granted: Value = serde_json::from_str(stdout(&json)).unwrap();
    assert_eq!(granted.pointer("/ok"), Some(&Value::Bool(true)));
    assert!(text(&granted, "/expiry").ends_with('Z'));
    let token = text(&granted, "/token");
    let github = ["revoke", "--github-base-url", text(&about, "/github")];
    assert_eq!(octo_sts(&github, &[], token).status.code(), Some(0));
    assert_eq!(read_with(token, &about), 401);
}

/// Tokens that are given out until the server ends, by four callers at once.
fn tokens_until_it_ends(url: &str, oidc: &str) -> Vec<String> {
    let ask = format!("{url}/sts/exchange?scope=acme/app&identity=ci");
    let caller = || {
        let mut tokens = Vec::new();
        loop {
            let bearer = format!("Bearer {oidc}");
            let mut answer = match ureq::get(&ask).header("authorization", bearer).call() {
                Ok(answer) => answer,
                Err(ureq::Error::StatusCode(_)) => continue,
                Err(_) => return tokens,
            };
            // One that breaks off was not given out.
            let Ok(body) = answer.body_mut().read_to_string() else {
                return tokens;
            };
            let body: Value = serde_json::from_str(&body).unwrap();
            tokens.push(text(&body, "/token").to_owned());
        }
    };
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..4).map(|_| scope.spawn(caller)).collect();
        let tokens = callers.into_iter().map(|caller| caller.join().unwrap());
        tokens.flatten().collect()
    })
}

/// Faults, tokens that are too wide and `kill -9` under load: each token that left has its record, no record tells of a token
/// that may do more than the policy, and the next server goes on in the same file (rules 29 and 33).
#[test]
fn no_token_leaves_without_its_record_whatever_happens() {
    let (_simulator, about) = simulator(&[]);
    trust_main(&about);
    let oidc = run_on(&about, "main");
    let file = std::env::temp_dir().join(format!("octo-sts-audit-{}.jsonl", std::process::id()));
    let path = file.to_str().unwrap();
    let mut given = Vec::new();
    for boot in 0..3 {
        let (service, url) = service_with(&about, &[("OCTOSTS_AUDIT_FILE", path)]);
        let control = text(&about, "/control");
        for (command, body) in [
            (
                "faults",
                json!({"site": "github", "route": "access_tokens", "after": 25, "count": 20,
                    "fault": {"kind": "status", "code": 502}}),
            ),
            (
                "tamper",
                json!({"after": 40, "times": 10,
                    "change": {"kind": "permission", "name": "contents", "level": "write"}}),
            ),
        ] {
            let url = format!("{control}/{command}");
            ureq::post(url).send(body.to_string()).unwrap();
        }
        let killer = service.0.id().to_string();
        let load = std::thread::spawn({
            let (url, oidc) = (url.clone(), oidc.clone());
            move || tokens_until_it_ends(&url, &oidc)
        });
        // Not before it is well under way, and the faults were met: records are what tells.
        let under_way = |records: &str| {
            let failed = records.matches("upstream_error").count();
            failed > boot * 5 && records.lines().count() > boot * 200 + 150
        };
        while !under_way(&std::fs::read_to_string(&file).unwrap()) {
            assert!(!load.is_finished());
            std::thread::yield_now();
        }
        Command::new("kill").args(["-9", &killer]).status().unwrap();
        given.extend(load.join().unwrap());
        drop(service);
    }
    let text = std::fs::read_to_string(&file).unwrap();
    let verified = octo_sts(&["audit", "verify", path, "--format", "json"], &[], "");
    std::fs::remove_file(&file).unwrap();
    assert!(given.len() > 50, "{}", given.len());
    for token in &given {
        assert!(text.contains(&sha256(token)), "a token without a record");
    }
    // The last line of a boot may be cut: then it is named, and nothing else is.
    let verified: Value = serde_json::from_str(stdout(&verified)).unwrap();
    for broken in verified["broken"].as_array().unwrap() {
        assert_eq!(
            broken["because"], "it is no record with a chain",
            "{verified}"
        );
    }
    assert_eq!(verified["boots"], 3);
    let granted = json!({"contents": "read", "issues": "write", "metadata": "read"});
    let lines = text
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for record in lines.filter(|record| record["outcome"] == "granted") {
        assert_eq!(record["permissions"], granted);
    }
}

fn sha256(text: &str) -> String {
    let digest = sha2::Sha256::digest(text.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The file of several Apps, with a key in another file, as the program reads them.
#[test]
fn apps_come_from_a_file() {
    let (_simulator, about) = simulator(&[]);
    trust_main(&about);
    let key = text(&about, "/apps/0/private_key_file");
    let config = format!(
        "orgs:\n- name: ACME\n  apps: [{{app_id: 1001, app_name: reader, private_key_file: {key}}}]\n"
    );
    let file = std::env::temp_dir().join(format!("octo-sts-apps-{}.yaml", std::process::id()));
    std::fs::write(&file, config).unwrap();
    let settings = [
        ("APP_CONFIG_FILE", file.to_str().unwrap()),
        // Not read beside the file.
        ("GITHUB_APP_IDS", "none"),
    ];
    let (_service, url) = service_with(&about, &settings);
    let ask = |scope: &str| {
        let arguments = [
            "exchange",
            "--url",
            &url,
            "--token-file",
            "-",
            "--identity",
            "ci",
        ];
        let scope = ["--scope", scope];
        octo_sts(
            &[&arguments[..], &scope].concat(),
            &[],
            &run_on(&about, "main"),
        )
    };
    let granted = ask("acme/app");
    assert!(stdout(&granted).starts_with("ghs_"), "{}", stderr(&granted));
    let other = ask("globex/tool");
    assert_fails(&other, 1, "no GitHub App configured for org \"globex\"");
    std::fs::remove_file(&file).unwrap();
}

/// Certificates are checked, against the roots that the environment names.
#[test]
fn tls_trusts_the_roots_that_it_is_told() {
    let (_simulator, about) = simulator(&["--tls"]);
    let github = ["revoke", "--github-base-url", text(&about, "/github")];
    let trusted = [("SSL_CERT_FILE", text(&about, "/ca"))];
    // The token is unknown there: GitHub was reached.
    assert_fails(&octo_sts(&github, &trusted, "ghs_abc"), 1, "(401)");
    let untrusted = octo_sts(&github, &[], "ghs_abc");
    assert_fails(&untrusted, 2, "octo-sts: ");
    assert!(!stderr(&untrusted).contains("401"));
}
