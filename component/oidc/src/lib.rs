//! OpenID Connect as far as a relying party needs it: issuers, discovery, key sets, ID tokens.
//!
//! Pure: bytes in, facts out. There is no clock, no network and no cryptography here; the time is an argument, and
//! signatures are checked by whoever implements [`VerifySignature`].
//!
//! The way of a token, in order:
//!
//! 1. [`UnverifiedIdToken::parse`] reads it and believes nothing.
//! 2. [`Issuer::parse`] judges the form of its issuer, and [`IssuerRules::admit`] whether it may be contacted.
//! 3. [`ProviderMetadata::parse`] and [`JwkSet::parse`] read what the issuer publishes; [`StaticKeys`] stand for both.
//! 4. [`verify()`] makes a [`VerifiedIdToken`], and nothing else can.
//! 5. [`Claims::check_formats`] judges the form of what was proven.

mod admission;
mod authority;
mod claim_formats;
mod claims;
mod discovery;
mod github_issuers;
mod infineon;
mod issuer;
mod issuer_keys;
mod jose;
mod jwk;
mod jwks;
mod jws;
mod members;
mod numeric_date;
mod settings;
mod token;
mod verify;
mod web_url;

pub use admission::{
    AdmittedIssuer, AllowedIssuers, IssuerPattern, IssuerRules, NotAdmitted, Standing,
};
pub use authority::HostPort;
pub use claim_formats::{FormatError, MAX_AUDIENCE, MAX_SUBJECT, is_subject};
pub use claims::{Claims, ClaimsError};
pub use discovery::{MetadataError, ProviderMetadata};
pub use github_issuers::GitHubActionsIssuers;
pub use issuer::{Issuer, IssuerError, MAX_ISSUER, other_spelling};
pub use issuer_keys::{IssuerKeys, MAX_STATIC_KEYS, StaticKeys, StaticKeysError};
pub use jose::{JwsAlgorithm, PublicKey, UnknownAlgorithm, VerifySignature};
pub use jwks::{JwkSet, JwkSetError, MAX_KEYS, MAX_TRIED};
pub use jws::{CompactJws, MAX_TOKEN};
pub use numeric_date::NumericDate;
pub use settings::{SettingError, parse_host_port_list, parse_issuer_list};
pub use token::{MalformedToken, UnverifiedIdToken};
pub use verify::{MAX_NOT_BEFORE, VerifiedIdToken, VerifyError, verify};
pub use web_url::UrlError;

/// The most bytes of a discovery document or a key set. One that is longer is an error, it is never cut.
pub const MAX_DOCUMENT: usize = 100 * 1024;
