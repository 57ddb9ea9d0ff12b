//! TLS for outbound connections: TLS 1.2 and 1.3, the operator's roots or the system's, HTTP/1.1.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::error::Error;

/// The roots to trust and what is wrong with them, as `SETTING: what`. SSL_CERT_FILE replaces the system's; where it
/// can't be used nothing is trusted, rather than what the operator did not ask for.
fn roots(ssl_cert_file: Option<&Path>) -> (RootCertStore, Option<&'static str>) {
    let mut store = RootCertStore::empty();
    let Some(path) = ssl_cert_file else {
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
        return (store, None);
    };
    let Ok(certificates) = CertificateDer::pem_file_iter(path) else {
        return (store, Some("SSL_CERT_FILE: cannot be read"));
    };
    for certificate in certificates {
        let added = certificate.is_ok_and(|certificate| store.add(certificate).is_ok());
        if !added {
            let wrong = "SSL_CERT_FILE: holds something that is no certificate";
            return (RootCertStore::empty(), Some(wrong));
        }
    }
    let problem = store
        .is_empty()
        .then_some("SSL_CERT_FILE: holds no certificate");
    (store, problem)
}

/// The configuration of outbound TLS, and what is wrong with SSL_CERT_FILE.
///
/// # Errors
/// The library refuses its own defaults.
pub(crate) fn client_config(
    ssl_cert_file: Option<&Path>,
) -> Result<(Arc<ClientConfig>, Option<&'static str>), Error> {
    let (roots, problem) = roots(ssl_cert_file);
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((Arc::new(config), problem))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn roots_of_the_operator_or_none() {
        let made = rcgen::generate_simple_self_signed(vec!["a".to_owned()]).unwrap();
        let pem = made.cert.pem();
        let broken = pem.replace("MII", "AAA");
        for (name, text, count, problem) in [
            ("good", pem.clone(), 1, None),
            ("two", format!("{pem}{pem}"), 2, None),
            (
                "none",
                String::new(),
                0,
                Some("SSL_CERT_FILE: holds no certificate"),
            ),
            (
                "broken",
                format!("{pem}{broken}"),
                0,
                Some("SSL_CERT_FILE: holds something that is no certificate"),
            ),
        ] {
            let path = std::env::temp_dir().join(format!("octo-sts-{}-{name}", std::process::id()));
            std::fs::write(&path, text).unwrap();
            let (store, said) = roots(Some(&path));
            std::fs::remove_file(&path).unwrap();
            assert_eq!((store.len(), said), (count, problem), "{name}");
        }
        let (store, said) = roots(Some(Path::new("/nonexistent")));
        assert_eq!(
            (store.len(), said),
            (0, Some("SSL_CERT_FILE: cannot be read"))
        );
    }
}
