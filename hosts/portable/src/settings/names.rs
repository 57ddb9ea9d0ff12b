//! The closed list of settings, as data: `wire.md` of the design, and octo-sts's own names.

use super::apps::placeholders;

/// Who may see a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reader {
    /// Guest and host.
    Guest,
    /// The host alone, because only it has a use for it.
    Host,
    /// The host alone, and nobody may print it.
    Secret,
}

/// What a setting does today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It works.
    Served,
    /// It has no effect yet, which is said at start.
    Later,
    /// It has no effect and needs none, which is said at start.
    Unneeded,
    /// It has no effect yet and would decide who signs or who gets in: running without it would be less safe than the
    /// operator asked for, so it is a problem.
    Refused,
}

/// A setting.
pub(super) struct Name {
    pub(super) name: &'static str,
    pub(super) lower: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) reader: Reader,
    pub(super) state: State,
}

const fn name(
    name: &'static str,
    lower: &'static str,
    reader: Reader,
    state: State,
    alias: Option<&'static str>,
) -> Name {
    Name {
        name,
        lower,
        alias,
        reader,
        state,
    }
}

use Reader::{Guest, Host, Secret};
use State::{Later, Refused, Served, Unneeded};

/// Every setting that this host knows.
#[rustfmt::skip]
pub(super) const NAMES: &[Name] = &[
    name("PORT", "port", Host, Served, None),
    name("GITHUB_APP_IDS", "github_app_ids", Host, Served, Some("GITHUB_APP_ID")),
    name("APP_SECRET_CERTIFICATE_FILE", "app_secret_certificate_file", Host, Served, None),
    name("APP_SECRET_CERTIFICATE_ENV_VAR", "app_secret_certificate_env_var", Secret, Served, Some("GITHUB_APP_PRIVATE_KEY")),
    name("APP_CONFIG_FILE", "app_config_file", Host, Served, None),
    name("APP_CONFIG", "app_config", Secret, Served, None),
    name("STS_DOMAIN", "sts_domain", Guest, Served, Some("DOMAIN")),
    name("GITHUB_BASE_URL", "github_base_url", Guest, Served, None),
    name("ORG_POLICY_REPO", "org_policy_repo", Guest, Served, None),
    name("SSL_CERT_FILE", "ssl_cert_file", Host, Served, None),
    name("LOG_FORMAT", "log_format", Guest, Served, None),
    name("LOG_LEVEL", "log_level", Guest, Served, None),
    name("K_SERVICE", "k_service", Guest, Served, None),
    name("AWS_LAMBDA_FUNCTION_NAME", "aws_lambda_function_name", Guest, Served, None),
    name("OCTOSTS_ALLOWED_ISSUERS", "octosts_allowed_issuers", Guest, Served, None),
    name("OCTOSTS_ALLOWED_ISSUER_PATTERNS", "octosts_allowed_issuer_patterns", Guest, Served, None),
    name("OCTOSTS_PRIVATE_ISSUERS", "octosts_private_issuers", Guest, Served, None),
    name("OCTOSTS_STATIC_KEYS", "octosts_static_keys", Guest, Served, None),
    name("OCTOSTS_REFUSAL_DETAIL", "octosts_refusal_detail", Guest, Served, None),
    name("OCTOSTS_DETAIL_FOR", "octosts_detail_for", Guest, Served, None),
    name("OCTOSTS_ISSUER_GRACE", "octosts_issuer_grace", Guest, Served, None),
    name("OCTOSTS_MINT_CHECK", "octosts_mint_check", Guest, Served, None),
    name("OCTOSTS_DEADLINE", "octosts_deadline", Guest, Served, None),
    name("OCTOSTS_FINISH_FIRST", "octosts_finish_first", Guest, Served, None),
    name("OCTOSTS_AUDIT", "octosts_audit", Guest, Served, None),
    name("OCTOSTS_AUDIT_FILE", "octosts_audit_file", Host, Served, None),
    name("OCTOSTS_AUDIT_SYNC", "octosts_audit_sync", Host, Served, None),
    // Who signs.
    name("KMS_KEYS", "kms_keys", Host, Refused, None),
    name("OCTOSTS_POLICY_GRACE", "octosts_policy_grace", Guest, Served, None),
    name("OCTOSTS_EXTRA_AUDIENCES", "octosts_extra_audiences", Guest, Served, None),
    name("OCTOSTS_EXTRA_PERMISSIONS", "octosts_extra_permissions", Guest, Served, None),
    name("OCTOSTS_REFUSAL_LIMIT", "octosts_refusal_limit", Guest, Served, None),
    name("OCTOSTS_PUBLIC_URL", "octosts_public_url", Guest, Served, None),
    name("OCTOSTS_REQUIRED_ORGS", "octosts_required_orgs", Guest, Served, None),
    name("OCTOSTS_ANY_ISSUER", "octosts_any_issuer", Guest, Served, None),
    name("OCTOSTS_CACHE_SECRET", "octosts_cache_secret", Secret, Served, None),
    name("OCTOSTS_QUOTA_FLOOR_HARD", "octosts_quota_floor_hard", Guest, Served, None),
    name("OCTOSTS_QUOTA_FLOOR_SOFT", "octosts_quota_floor_soft", Guest, Served, None),
    name("OCTOSTS_QUOTA_STALE", "octosts_quota_stale", Guest, Served, None),
    name("OCTOSTS_STICKY_STORE", "octosts_sticky_store", Host, Unneeded, None),
    name("OCTOSTS_STICKY_STORE_FIRESTORE_PROJECT", "octosts_sticky_store_firestore_project", Host, Unneeded, None),
    name("OCTOSTS_STICKY_STORE_FIRESTORE_COLLECTION", "octosts_sticky_store_firestore_collection", Host, Unneeded, None),
    name("OCTOSTS_STICKY_STORE_FIRESTORE_TTL", "octosts_sticky_store_firestore_ttl", Host, Unneeded, None),
    name("KMS_PROVIDER", "kms_provider", Host, Later, None),
    name("EVENT_INGRESS_URI", "event_ingress_uri", Guest, Served, None),
    name("GITHUB_WEBHOOK_SECRET", "github_webhook_secret", Secret, Later, None),
    name("GITHUB_WEBHOOK_ORGANIZATION_FILTER", "github_webhook_organization_filter", Guest, Later, None),
    name("METRICS", "metrics", Guest, Served, None),
    name("METRICS_PORT", "metrics_port", Host, Later, None),
    name("OTEL_TRACES_EXPORTER", "otel_traces_exporter", Host, Later, None),
    name("OTEL_TRACE_SAMPLING_RATE", "otel_trace_sampling_rate", Host, Later, None),
    name("OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint", Host, Later, None),
    name("HTTPS_PROXY", "https_proxy", Host, Later, None),
    name("https_proxy", "https_proxy", Host, Later, None),
    name("HTTP_PROXY", "http_proxy", Host, Later, None),
    name("http_proxy", "http_proxy", Host, Later, None),
];

/// All settings of a platform that has them by name in lower case: `get` is asked for each name and alias, once, and for
/// what `${name}` in APP_CONFIG stands for.
pub fn ask(get: impl Fn(&str) -> Option<String>) -> Vec<(String, String)> {
    let names = NAMES.iter().flat_map(|row| [Some(row.name), row.alias]);
    let mut settings: Vec<(String, String)> = names
        .flatten()
        .filter_map(|name| Some((name.to_owned(), get(&name.to_ascii_lowercase())?)))
        .collect();
    let config = settings.iter().find(|(name, _)| name == "APP_CONFIG");
    let named: Vec<(String, String)> = config
        .into_iter()
        .flat_map(|(_, text)| placeholders(text))
        .filter_map(|name| Some((name.to_owned(), get(name)?)))
        .collect();
    settings.extend(named);
    settings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_lower_names_are_theirs() {
        let mut seen = HashSet::new();
        for row in NAMES {
            assert!(seen.insert(row.name), "{}", row.name);
            assert_eq!(row.name.to_lowercase(), row.lower);
        }
    }

    #[test]
    fn no_secret_is_for_the_guest() {
        for secret in [
            "APP_SECRET_CERTIFICATE_ENV_VAR",
            "APP_CONFIG",
            "GITHUB_WEBHOOK_SECRET",
            "OCTOSTS_CACHE_SECRET",
        ] {
            let row = NAMES.iter().find(|row| row.name == secret).unwrap();
            assert_eq!(row.reader, Reader::Secret);
        }
    }
}
