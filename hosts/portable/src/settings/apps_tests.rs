//! APP_CONFIG_FILE: what it means, and what is wrong with it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::super::Settings;
use super::*;

const TWO: &str = "
orgs:
  - name: Acme
    apps:
      - {app_id: 111, app_name: reader, private_key: '${KEY}'}
      - app_id: 112
        private_key_file: ${DIR}/112.pem
  - name: '*'
    apps: [{app_id: 113, private_key: a$KEY$$}]
";

fn with(config: &str) -> Settings {
    let vars = [
        ("STS_DOMAIN", "sts.example"),
        ("APP_CONFIG_FILE", "/config.yaml"),
        ("KEY", "one\\ntwo"),
        ("DIR", "/keys"),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Settings::with_files(vars, &|path| {
        (path == Path::new("/config.yaml")).then(|| config.as_bytes().to_vec())
    })
}

#[test]
fn owners_have_pools_of_their_own() {
    let settings = with(TWO);
    assert_eq!(settings.problems(), [] as [&str; 0]);
    let pools: Vec<_> = settings
        .pools
        .iter()
        .map(|pool| (pool.owner.as_str(), pool.apps.as_slice()))
        .collect();
    assert_eq!(pools, [("acme", &[111, 112][..]), ("*", &[113][..])]);
    let [one, two, three] = &settings.apps[..] else {
        panic!("three Apps");
    };
    assert_eq!(one.name.as_deref(), Some("reader"));
    assert_eq!(one.key, KeySource::Text(Secret::new("one\ntwo")));
    assert_eq!(two.key, KeySource::File("/keys/112.pem".into()));
    assert_eq!(three.key, KeySource::Text(Secret::new("a$KEY$$")));
    assert_eq!(
        (two.name.as_deref(), two.setting.as_str()),
        (None, "APP_CONFIG_FILE: app 112: private_key_file")
    );
}

#[test]
fn every_problem_is_named_and_no_value() {
    for (config, problem) in [
        ("orgs: []", "config must have at least one org"),
        ("{}", "config must have at least one org"),
        ("orgs: [{name: acme}]", "orgs[0] must have at least one app"),
        (
            "orgs: [{name: acme, apps: []}]",
            "orgs[0] must have at least one app",
        ),
        (
            "orgs: [{apps: [{app_id: 1, private_key: k}]}]",
            "orgs[0]: name must be a GitHub owner or *",
        ),
        (
            "orgs: [{name: a/b, apps: [{app_id: 1, private_key: k}]}]",
            "orgs[0]: name must be a GitHub owner or *",
        ),
        (
            "orgs: [{name: a, apps: [{app_id: 1, private_key: k}]}, {name: A, apps: [{app_id: 2, private_key: k}]}]",
            "orgs[1]: duplicate org name",
        ),
        (
            "orgs: [{name: a, apps: [{private_key: k}]}]",
            "orgs[0]: app_id must not be zero",
        ),
        (
            "orgs: [{name: a, apps: [{app_id: 1, private_key: k}]}, {name: b, apps: [{app_id: 1, private_key: k}]}]",
            "duplicate app_id: 1",
        ),
        (
            "orgs: [{name: a, apps: [{app_id: 1}]}]",
            "app 1: exactly one of kms_key, private_key_file, or private_key must be set",
        ),
        (
            "orgs: [{name: a, apps: [{app_id: 1, private_key: k, private_key_file: f}]}]",
            "app 1: exactly one of kms_key, private_key_file, or private_key must be set",
        ),
        (
            "orgs: [{name: a, apps: [{app_id: 1, private_key: '${NONE}'}]}]",
            "app 1: its key names a variable that is not set",
        ),
        (
            "orgs: [{name: a, apps: [{app_id: 1, kms_key: k}]}]",
            "app 1: kms_key: not served yet",
        ),
        (
            "orgs:\n- name: hush\n  app: []",
            "line 3, column 3: unknown or duplicate key, value of the wrong type, or no YAML",
        ),
        (
            "orgs:\n- name: a\n  apps: [{app_id: hush}]",
            "line 3, column 19: unknown or duplicate key, value of the wrong type, or no YAML",
        ),
        (
            "orgs: []\n}",
            "line 2, column 1: unknown or duplicate key, value of the wrong type, or no YAML",
        ),
        (
            "orgs: []\norgs: []",
            "line 2, column 1: unknown or duplicate key, value of the wrong type, or no YAML",
        ),
    ] {
        let settings = with(config);
        assert_eq!(
            settings.problems(),
            [format!("APP_CONFIG_FILE: {problem}")],
            "{config}"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_a_problem_and_so_are_two_places() {
    let vars = |more: &[(&str, &str)]| {
        let usual = [("STS_DOMAIN", "x")];
        let all = usual.iter().chain(more);
        Settings::from_vars(all.map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
    };
    let settings = vars(&[("APP_CONFIG_FILE", "/nowhere")]);
    assert_eq!(settings.problems(), ["APP_CONFIG_FILE: cannot be read"]);
    let settings = vars(&[("APP_CONFIG_FILE", "/nowhere"), ("APP_CONFIG", TWO)]);
    assert_eq!(
        settings.problems(),
        ["APP_CONFIG_FILE: only one of APP_CONFIG_FILE, APP_CONFIG may be set"]
    );
    let settings = vars(&[("APP_CONFIG", TWO), ("KEY", "k"), ("DIR", "d")]);
    assert_eq!(
        settings.problems(),
        [
            "APP_CONFIG: app 112: private_key_file: there are no files here; use private_key: ${name}"
        ]
    );
    let text = "orgs: [{name: a, apps: [{app_id: 1, private_key: '${acme_key}'}]}]";
    let settings = vars(&[("APP_CONFIG", text), ("acme_key", "k")]);
    assert_eq!(settings.problems(), [] as [&str; 0]);
    assert_eq!(settings.get("app_config"), None, "a secret");
}

#[test]
fn a_platform_is_asked_for_what_the_text_names() {
    let text = "orgs: [{name: a, apps: [{app_id: 1, private_key: '${acme_key} ${no-word} ${'}]}]";
    assert_eq!(placeholders(text).collect::<Vec<_>>(), ["acme_key"]);
    let vars = super::super::ask(|name| match name {
        "app_config" => Some(text.to_owned()),
        "acme_key" => Some("k".to_owned()),
        _ => None,
    });
    assert_eq!(vars.len(), 2);
    assert!(vars.contains(&("acme_key".to_owned(), "k".to_owned())));
}
