//! Credentials as types that never show themselves: `Debug` says what they are, and there is no `Display`.

use std::fmt;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Wraps the text.
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The secret itself, for an `Authorization` header or the answer to the caller, and for nothing else.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret!(
    /// A JWT signed by a GitHub App, good for a few minutes.
    AppJwt
);
secret!(
    /// An installation access token (`ghs_…`), good for an hour.
    InstallationAccessToken
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn does_not_show_itself() {
        let token = InstallationAccessToken::new("ghs_0123");
        assert_eq!(format!("{token:?}"), "InstallationAccessToken(…)");
        assert_eq!(token.reveal(), "ghs_0123");
    }
}
