//! TLS as our host has it: the same library, and SSL_CERT_FILE's roots or the system's.

use super::Failure;
use std::sync::Arc;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The configuration of outbound TLS.
pub(super) fn config() -> Result<TlsConfig, Failure> {
    let roots = rustls_native_certs::load_native_certs().certs;
    if roots.is_empty() {
        return Err(Failure::new(
            "there are no root certificates for TLS, neither in SSL_CERT_FILE nor where the system has them",
        ));
    }
    let roots = roots
        .iter()
        .map(|root| Certificate::from_der(root).to_owned());
    let roots = RootCerts::from(roots);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    Ok(TlsConfig::builder()
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(provider)
        .build())
}
