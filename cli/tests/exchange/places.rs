//! Which servers are asked, and by which way.

use super::script::{Nobody, Script, answer};
use super::{ASK, GRANTED, OIDC, assert_fails, exchange, octo_sts, stdout};

#[test]
fn plain_http_leaves_no_machine() {
    let elsewhere = Nobody::new();
    let proxy = elsewhere.url();
    for url in [
        "http://sts.example.com",
        "http://10.0.0.1",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@sts.example.com",
        "sts.example.com",
    ] {
        let arguments = [&ASK[..], &["--url", url, "--token-file", "-"]].concat();
        let output = octo_sts(&arguments, &[("HTTP_PROXY", &proxy)], OIDC);
        assert_fails(&output, 2, "octo-sts: --url: must ");
    }
    elsewhere.assert_not_called();
}

#[test]
fn the_server_comes_from_a_flag_or_the_environment() {
    let server = Script::new(&[&answer(200, &[], GRANTED)]);
    let arguments = [&ASK[..], &["--token-file", "-"]].concat();
    let output = octo_sts(&arguments, &[("OCTOSTS_URL", &server.url)], OIDC);
    assert_eq!(stdout(&output), "ghs_abc\n");
    assert_fails(
        &octo_sts(&arguments, &[], OIDC),
        2,
        "give --url, or set OCTOSTS_URL",
    );
    let wrong = octo_sts(&arguments, &[("OCTOSTS_URL", "http://a.example")], OIDC);
    assert_fails(&wrong, 2, "OCTOSTS_URL: must be an https URL");
}

#[test]
fn a_server_that_is_not_there() {
    let closed = Nobody::new().url();
    assert_fails(
        &exchange(&closed, &[]),
        2,
        "octo-sts: cannot ask 127.0.0.1: ",
    );
}

#[test]
fn proxies_are_asked_for_https_and_see_no_token() {
    let arguments = [
        &ASK[..],
        &["--url", "https://sts.invalid", "--token-file", "-"],
    ]
    .concat();
    let proxy = Script::new(&[&answer(403, &[], "")]);
    let output = octo_sts(&arguments, &[("HTTPS_PROXY", &proxy.url)], OIDC);
    assert_fails(&output, 2, "cannot ask sts.invalid");
    let asked = proxy.asked().concat();
    assert!(
        asked.starts_with("CONNECT sts.invalid:443 HTTP/1.1\r\n"),
        "{asked}"
    );
    assert!(!asked.contains(OIDC));

    let not_asked = Nobody::new();
    let url = not_asked.url();
    let environment = [("HTTPS_PROXY", url.as_str()), ("NO_PROXY", "sts.invalid")];
    let output = octo_sts(&arguments, &environment, OIDC);
    assert_fails(&output, 2, "cannot ask sts.invalid");
    let socks = octo_sts(&arguments, &[("ALL_PROXY", "socks5://127.0.0.1:9")], OIDC);
    assert_fails(&socks, 2, "only HTTP proxies are known");
    not_asked.assert_not_called();
}

#[test]
fn loopback_is_behind_no_proxy() {
    let proxy = Nobody::new();
    let server = Script::new(&[&answer(200, &[], GRANTED)]);
    let arguments = [&ASK[..], &["--url", &server.url, "--token-file", "-"]].concat();
    let url = proxy.url();
    let environment = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY"].map(|name| (name, url.as_str()));
    assert_eq!(
        stdout(&octo_sts(&arguments, &environment, OIDC)),
        "ghs_abc\n"
    );
    proxy.assert_not_called();
}

#[test]
fn roots_that_are_none_are_said() {
    let arguments = [
        &ASK[..],
        &["--url", "https://127.0.0.1:9", "--token-file", "-"],
    ]
    .concat();
    let output = octo_sts(&arguments, &[("SSL_CERT_FILE", "/no/such/file")], OIDC);
    assert_fails(
        &output,
        2,
        "no root certificates for TLS, neither in SSL_CERT_FILE",
    );
}
