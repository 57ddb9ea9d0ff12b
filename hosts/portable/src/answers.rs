//! Glue between generated bindings and [`crate::platform`], written once for all platform components. It is a macro since
//! each component generates types of its own from `wit/`.

/// Implements the five interfaces of `octo-sts:platform` for `$component` by the [`Platform`](crate::platform::Platform)
/// that the thread-local `$platform` holds. The generated modules `signer`, `verifier`, `cache`, `settings` and `journal` must be in scope.
#[macro_export]
macro_rules! answer_platform {
    ($component:ident, $platform:ident) => {
        impl signer::Guest for $component {
            fn app_jwt(app: u64, refused: bool) -> Result<String, signer::Failure> {
                use $crate::platform::NoJwt;
                $platform
                    .with(|platform| platform.app_jwt(app, refused))
                    .map_err(|no| match no {
                        NoJwt::UnknownApp => signer::Failure::UnknownApp,
                        NoJwt::Unavailable(why) => signer::Failure::Unavailable(why.to_owned()),
                    })
            }
        }

        impl verifier::Guest for $component {
            fn verify(
                algorithm: verifier::Algorithm,
                key: verifier::PublicKey,
                message: Vec<u8>,
                signature: Vec<u8>,
            ) -> bool {
                use $crate::signature::{Algorithm, PublicKey, verify};
                let algorithm = match algorithm {
                    verifier::Algorithm::Rs256 => Algorithm::Rs256,
                    verifier::Algorithm::Rs384 => Algorithm::Rs384,
                    verifier::Algorithm::Rs512 => Algorithm::Rs512,
                    verifier::Algorithm::Ps256 => Algorithm::Ps256,
                    verifier::Algorithm::Ps384 => Algorithm::Ps384,
                    verifier::Algorithm::Ps512 => Algorithm::Ps512,
                    verifier::Algorithm::Es256 => Algorithm::Es256,
                    verifier::Algorithm::Es384 => Algorithm::Es384,
                    verifier::Algorithm::Es512 => Algorithm::Es512,
                    verifier::Algorithm::Eddsa => Algorithm::Eddsa,
                };
                let key = match key {
                    verifier::PublicKey::Rsa(pair) => PublicKey::Rsa {
                        modulus: pair.first,
                        exponent: pair.second,
                    },
                    verifier::PublicKey::Ec(pair) => PublicKey::Ec {
                        x: pair.first,
                        y: pair.second,
                    },
                    verifier::PublicKey::Ed25519(bytes) => PublicKey::Ed25519(bytes),
                };
                verify(algorithm, &key, &message, &signature)
            }

            fn verify_delivery(body: Vec<u8>, signature: String) -> verifier::Verdict {
                use $crate::delivery::{Verdict, verify_delivery};
                let secrets = $platform.with(|platform| platform.webhook_secrets());
                match verify_delivery(&secrets, &body, &signature) {
                    Verdict::Genuine => verifier::Verdict::Genuine,
                    Verdict::Forged => verifier::Verdict::Forged,
                    Verdict::NoSecret => verifier::Verdict::NoSecret,
                }
            }
        }

        /// The same name in the words of the table.
        fn named(name: cache::Name) -> $crate::table::Name {
            $crate::table::Name {
                kind: name.kind,
                parts: name.parts,
            }
        }

        impl cache::Guest for $component {
            fn get(name: cache::Name) -> Option<Vec<u8>> {
                $platform.with(|platform| platform.get(&named(name)))
            }

            /// Nobody here can make others wait.
            fn get_or_lead(name: cache::Name, _wait_ms: u32, _lead_ms: u32) -> cache::Answer {
                $platform
                    .with(|platform| platform.get(&named(name)))
                    .map_or(cache::Answer::Alone, cache::Answer::Hit)
            }

            fn put(name: cache::Name, room: cache::Room, value: Vec<u8>, keep_ms: u64) {
                use $crate::platform::Room;
                let room = match room {
                    cache::Room::Kept => Room::Kept,
                    cache::Room::Negative => Room::Negative,
                    cache::Room::Unproven => Room::Unproven,
                    cache::Room::Reserved => Room::Reserved,
                };
                $platform.with(|platform| platform.put(&named(name), room, &value, keep_ms));
            }

            fn remove(name: cache::Name) {
                $platform.with(|platform| platform.remove(&named(name)));
            }

            /// No store of this platform promises to be atomic (`traits.atomic`).
            fn reserve(_name: cache::Name, _keep_ms: u64) -> cache::Reservation {
                cache::Reservation::Failed
            }

            fn release(_name: cache::Name) {}

            /// Two requests that count in the same moment would count as one.
            fn count(_: cache::Name, _: cache::Room, _add: u32, _window_ms: u32) -> Option<u32> {
                None
            }
        }

        impl settings::Guest for $component {
            fn get(name: String) -> Option<String> {
                $platform.with(|platform| platform.setting(&name))
            }

            fn pools() -> Vec<settings::Pool> {
                let pools = $platform.with(|platform| platform.pools());
                pools
                    .into_iter()
                    .map(|pool| settings::Pool {
                        owner: pool.owner,
                        apps: pool
                            .apps
                            .into_iter()
                            .map(|(id, name)| settings::App { id, name })
                            .collect(),
                    })
                    .collect()
            }

            fn about() -> settings::Traits {
                use $crate::platform::Outside;
                settings::Traits {
                    platform: <$component as Outside>::PLATFORM.to_owned(),
                    vets_addresses: false,
                    makes_wait: false,
                    atomic: false,
                    chains: false,
                    outlives: <$component as Outside>::OUTLIVES,
                }
            }

            fn problems() -> Vec<String> {
                $platform.with(|platform| platform.problems())
            }
        }

        impl journal::Guest for $component {
            /// The decision is in the record as well.
            fn audit(_decision: String, entry: String) -> Result<(), String> {
                $platform.with(|platform| platform.audit(&entry))
            }

            fn log(
                level: journal::Level,
                decision: String,
                message: String,
                fields: Vec<(String, String)>,
            ) {
                use $crate::LogLevel;
                let level = match level {
                    journal::Level::Error => LogLevel::Error,
                    journal::Level::Warn => LogLevel::Warn,
                    journal::Level::Info => LogLevel::Info,
                    journal::Level::Debug => LogLevel::Debug,
                };
                $platform.with(|platform| platform.log(level, &decision, &message, &fields));
            }

            fn report(
                decision: String,
                steps: Vec<journal::Step>,
                _measures: Vec<journal::Measure>,
            ) {
                let steps = steps
                    .into_iter()
                    .map(|step| (step.name, step.from_us, step.took_us));
                $platform.with(|platform| platform.report(&decision, steps));
            }
        }
    };
}
