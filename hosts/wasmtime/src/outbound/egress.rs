//! The egress guard: where the guest may connect to, decided on resolved addresses at connect time, at every hop
//! (rules 19 to 21). The guest has checked names; it can't see addresses.

use std::net::{IpAddr, SocketAddr};

use super::ranges::{Class, class};
use portable::{HostPort, Settings};

/// Where connections may go.
pub(crate) struct Guard {
    /// OCTOSTS_PRIVATE_ISSUERS, and the authority of GITHUB_BASE_URL: the operator vouches for these names.
    private: Vec<HostPort>,
    /// EVENT_INGRESS_URI: the operator's too, and without TLS anywhere in his own network, since no credential goes there.
    events: Option<HostPort>,
    /// Everywhere: this host stands for one that looks at names only.
    #[cfg(feature = "drafts")]
    open: bool,
}

/// What may be connected to under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses.
    Public,
    /// Public ones, the operator's own network and this machine.
    Private,
    /// The operator's own network and this machine: plain http without a secret.
    Near,
    /// This machine only: plain http.
    Loopback,
    /// Nothing.
    Nowhere,
    /// Everything.
    #[cfg(feature = "drafts")]
    Anywhere,
}

impl Guard {
    pub(crate) fn new(settings: &Settings) -> Self {
        let mut private = settings.private_issuers.clone();
        private.extend(settings.github.clone());
        Self {
            private,
            events: settings.events.clone(),
            #[cfg(feature = "drafts")]
            open: false,
        }
    }

    /// Lets everything through: names were looked at before, and addresses are looked at by nobody.
    #[cfg(feature = "drafts")]
    pub(crate) fn open() -> Self {
        Self {
            private: Vec::new(),
            events: None,
            open: true,
        }
    }

    /// Whether addresses are looked at.
    pub(super) fn vets(&self) -> bool {
        #[cfg(feature = "drafts")]
        if self.open {
            return false;
        }
        true
    }

    /// What may be reached as `target`. Plain http shows tokens to whoever is on the way, hence loopback only.
    pub(super) fn reach(&self, tls: bool, target: &HostPort) -> Reach {
        #[cfg(feature = "drafts")]
        if self.open {
            return Reach::Anywhere;
        }
        let events = self.events.as_ref() == Some(target);
        if events && !tls {
            return Reach::Near;
        }
        match (tls, events || self.private.contains(target)) {
            (true, true) => Reach::Private,
            (true, false) => Reach::Public,
            (false, true) => Reach::Loopback,
            (false, false) => Reach::Nowhere,
        }
    }
}

impl Reach {
    /// Whether `address` is within reach.
    pub(super) fn permits(self, address: IpAddr) -> bool {
        #[cfg(feature = "drafts")]
        if self == Self::Anywhere {
            return true;
        }
        match (class(address), self) {
            (Class::Global, Self::Public | Self::Private) => true,
            (Class::Private, Self::Private | Self::Near) => true,
            (Class::Loopback, Self::Private | Self::Near | Self::Loopback) => true,
            (Class::Global | Class::Private | Class::Loopback | Class::Prohibited, _) => false,
        }
    }

    /// Those of the resolved addresses that are within reach. Only these are connected to, and the name is not resolved
    /// again, so it can't answer otherwise in between (DNS rebinding).
    pub(super) fn vetted(self, resolved: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
        resolved
            .filter(|address| self.permits(address.ip()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn egress(vars: &[(&str, &str)]) -> Guard {
        let owned = vars
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Guard::new(&Settings::from_vars(owned))
    }

    #[test]
    fn events_go_without_tls_in_the_operators_network_alone() {
        let egress = egress(&[("EVENT_INGRESS_URI", "http://broker.corp/in?x")]);
        let target = HostPort::of("broker.corp", 80);
        let reach = egress.reach(false, &target);
        for (address, permitted) in [
            ("10.0.0.7", true),
            ("127.0.0.1", true),
            ("93.184.215.14", false),
            ("169.254.169.254", false),
        ] {
            assert_eq!(
                reach.permits(address.parse().unwrap()),
                permitted,
                "{address}"
            );
        }
        let other = HostPort::of("broker.corp", 81);
        assert_eq!(egress.reach(false, &other), Reach::Nowhere);
    }

    #[test]
    fn names_reach_what_the_operator_said() {
        let egress = egress(&[
            ("OCTOSTS_PRIVATE_ISSUERS", "issuer.corp:8443 127.0.0.1:9000"),
            ("GITHUB_BASE_URL", "https://GHES.corp/api/v3"),
        ]);
        for (tls, host, port, reach) in [
            (
                true,
                "token.actions.githubusercontent.com",
                443,
                Reach::Public,
            ),
            (true, "issuer.corp", 8443, Reach::Private),
            (true, "ISSUER.corp", 8443, Reach::Private),
            (true, "issuer.corp", 443, Reach::Public),
            (true, "ghes.corp", 443, Reach::Private),
            (true, "ghes.corp", 8443, Reach::Public),
            (true, "sub.issuer.corp", 8443, Reach::Public),
            (true, "127.0.0.1", 9000, Reach::Private),
            (false, "127.0.0.1", 9000, Reach::Loopback),
            (false, "127.0.0.1", 9001, Reach::Nowhere),
            (false, "localhost", 9000, Reach::Nowhere),
            (false, "issuer.corp", 8443, Reach::Loopback),
            (false, "api.github.com", 80, Reach::Nowhere),
        ] {
            let target = HostPort::of(host, port);
            assert_eq!(egress.reach(tls, &target), reach, "{tls} {host}:{port}");
        }
    }

    #[test]
    fn a_plain_http_base_url_reaches_this_machine_only() {
        let egress = egress(&[("GITHUB_BASE_URL", "http://localhost:8081")]);
        let target = HostPort::of("localhost", 8081);
        assert_eq!(egress.reach(false, &target), Reach::Loopback);
        assert!(
            !egress
                .reach(false, &target)
                .permits("10.0.0.1".parse().unwrap())
        );
        assert!(
            egress
                .reach(false, &target)
                .permits("127.0.0.1".parse().unwrap())
        );
    }

    #[test]
    fn what_each_reach_permits() {
        let rows = [
            // address, Public, Private, Loopback
            ("140.82.121.6", true, true, false),
            ("2606:50c0::1", true, true, false),
            ("10.1.2.3", false, true, false),
            ("172.31.0.1", false, true, false),
            ("192.168.0.1", false, true, false),
            ("100.64.0.1", false, true, false),
            ("fd12::1", false, true, false),
            ("127.0.0.1", false, true, true),
            ("127.9.9.9", false, true, true),
            ("::1", false, true, true),
            ("::ffff:127.0.0.1", false, true, true),
            ("::ffff:10.0.0.1", false, true, false),
            ("0.0.0.0", false, false, false),
            ("::", false, false, false),
            ("169.254.169.254", false, false, false),
            ("fe80::1", false, false, false),
            ("fd00:ec2::254", false, false, false),
            ("100.100.100.200", false, false, false),
            ("224.0.0.1", false, false, false),
            ("255.255.255.255", false, false, false),
            ("2002:7f00:1::", false, false, false),
        ];
        for (address, public, private, loopback) in rows {
            let ip = address.parse().unwrap();
            assert_eq!(Reach::Public.permits(ip), public, "{address}");
            assert_eq!(Reach::Private.permits(ip), private, "{address}");
            assert_eq!(Reach::Loopback.permits(ip), loopback, "{address}");
            assert!(!Reach::Nowhere.permits(ip), "{address}");
        }
    }

    #[test]
    fn of_mixed_answers_only_the_vetted_are_left() {
        let resolved = ["10.0.0.1:443", "140.82.121.6:443", "[::1]:443"]
            .map(|text| text.parse::<SocketAddr>().unwrap());
        let left = Reach::Public.vetted(resolved.into_iter());
        assert_eq!(left, ["140.82.121.6:443".parse().unwrap()]);
    }
}
