//! A key of several lines in APP_CONFIG_FILE, in the file itself or by a variable, however YAML quotes it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::Settings;
use super::*;
use crate::app_key::AppKey;
use crate::testing::{pem, pem_pkcs8};

fn only_key(private_key: &str, variable: &str) -> KeySource {
    let text =
        format!("orgs:\n- name: acme\n  apps:\n  - app_id: 1\n    private_key: {private_key}\n");
    let vars = [
        ("STS_DOMAIN", "x"),
        ("APP_CONFIG_FILE", "/config.yaml"),
        ("PEM", variable),
    ];
    let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let settings = Settings::with_files(vars, &|_| Some(text.clone().into_bytes()));
    assert_eq!(settings.problems(), [] as [&str; 0], "{private_key}");
    settings.apps[0].key.clone()
}

#[test]
fn a_variable_of_several_lines_comes_whole_in_every_quotation() {
    let pem = pem();
    for (quoted, more) in [
        ("${PEM}", ""),
        ("\"${PEM}\"", ""),
        ("'${PEM}'", ""),
        ("|\n      ${PEM}", "\n"),
        ("|-\n      ${PEM}", ""),
    ] {
        let wanted = KeySource::Text(Secret::new(format!("{pem}{more}")));
        assert_eq!(only_key(quoted, &pem), wanted, "{quoted}");
    }
}

#[test]
fn a_key_in_the_file_itself_keeps_its_lines() {
    for pem in [pem(), pem_pkcs8()] {
        let lines = pem.trim_end().replace('\n', "\n      ");
        for (block, more) in [("|", "\n"), ("|-", "")] {
            let text = format!("{}{more}", pem.trim_end());
            let key = only_key(&format!("{block}\n      {lines}"), "");
            assert_eq!(key, KeySource::Text(Secret::new(text.clone())), "{block}");
            assert!(AppKey::from_pem(text.as_bytes()).is_ok(), "{block}");
        }
    }
}
