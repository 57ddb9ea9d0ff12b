//! Which addresses there are, as data (rule 21): IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and its
//! updates), multicast, and the addresses where clouds answer their machines' questions.
//!
//! The attack: an issuer's name, which a stranger chooses, resolves to an address that only this machine can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who can be behind an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Anybody: globally reachable.
    Global,
    /// Someone in the operator's own network.
    Private,
    /// This machine.
    Loopback,
    /// Nobody who should ever be called.
    Prohibited,
}

use Class::{Loopback, Private, Prohibited};

type Range<A> = (A, u8, Class, &'static str);

const fn v4(
    a: u8,
    b: u8,
    c: u8,
    d: u8,
    bits: u8,
    class: Class,
    what: &'static str,
) -> Range<Ipv4Addr> {
    (Ipv4Addr::new(a, b, c, d), bits, class, what)
}

const fn v6(
    head: [u16; 4],
    tail: u16,
    bits: u8,
    class: Class,
    what: &'static str,
) -> Range<Ipv6Addr> {
    let [a, b, c, d] = head;
    (Ipv6Addr::new(a, b, c, d, 0, 0, 0, tail), bits, class, what)
}

/// The first range that holds an address decides; what is in none is global.
#[rustfmt::skip]
pub(super) const V4: &[Range<Ipv4Addr>] = &[
    v4(169, 254, 169, 254, 32, Prohibited, "metadata: AWS, Azure, Google, most others"),
    v4(168, 63, 129, 16, 32, Prohibited, "metadata: Azure's wire server"),
    v4(192, 0, 0, 192, 32, Prohibited, "metadata: Oracle"),
    v4(100, 100, 100, 200, 32, Prohibited, "metadata: Alibaba"),
    v4(0, 0, 0, 0, 8, Prohibited, "this network, RFC 791"),
    v4(10, 0, 0, 0, 8, Private, "private use, RFC 1918"),
    v4(100, 64, 0, 0, 10, Private, "shared address space, RFC 6598"),
    v4(127, 0, 0, 0, 8, Loopback, "loopback, RFC 1122"),
    v4(169, 254, 0, 0, 16, Prohibited, "link local, RFC 3927"),
    v4(172, 16, 0, 0, 12, Private, "private use, RFC 1918"),
    v4(192, 0, 0, 0, 24, Prohibited, "IETF protocol assignments, RFC 6890"),
    v4(192, 0, 2, 0, 24, Prohibited, "documentation, RFC 5737"),
    v4(192, 88, 99, 0, 24, Prohibited, "6to4 relays, deprecated, RFC 7526"),
    v4(192, 168, 0, 0, 16, Private, "private use, RFC 1918"),
    v4(198, 18, 0, 0, 15, Prohibited, "benchmarking, RFC 2544"),
    v4(198, 51, 100, 0, 24, Prohibited, "documentation, RFC 5737"),
    v4(203, 0, 113, 0, 24, Prohibited, "documentation, RFC 5737"),
    v4(224, 0, 0, 0, 4, Prohibited, "multicast, RFC 5771"),
    v4(240, 0, 0, 0, 4, Prohibited, "reserved, RFC 1112; limited broadcast, RFC 919"),
];

/// The first range that holds an address decides; what is in none is not allocated and prohibited, see [`GLOBAL_V6`].
#[rustfmt::skip]
pub(super) const V6: &[Range<Ipv6Addr>] = &[
    v6([0xfd00, 0xec2, 0, 0], 0x254, 128, Prohibited, "metadata: AWS"),
    v6([0xfd20, 0xce, 0, 0], 0x254, 128, Prohibited, "metadata: Google"),
    v6([0; 4], 1, 128, Loopback, "loopback, RFC 4291"),
    v6([0; 4], 0, 128, Prohibited, "unspecified, RFC 4291"),
    v6([0x64, 0xff9b, 1, 0], 0, 48, Prohibited, "local translation, RFC 8215"),
    v6([0x100, 0, 0, 0], 0, 64, Prohibited, "discard only, RFC 6666"),
    v6([0x100, 0, 0, 1], 0, 64, Prohibited, "dummy prefix, RFC 9780"),
    v6([0x2001, 0, 0, 0], 0, 23, Prohibited, "IETF protocol assignments, RFC 2928, with Teredo, RFC 4380"),
    v6([0x2001, 0xdb8, 0, 0], 0, 32, Prohibited, "documentation, RFC 3849"),
    v6([0x2002, 0, 0, 0], 0, 16, Prohibited, "6to4, RFC 3056"),
    v6([0x3fff, 0, 0, 0], 0, 20, Prohibited, "documentation, RFC 9637"),
    v6([0x5f00, 0, 0, 0], 0, 16, Prohibited, "segment routing, RFC 9602"),
    v6([0xfc00, 0, 0, 0], 0, 7, Private, "unique local, RFC 4193"),
    v6([0xfe80, 0, 0, 0], 0, 10, Prohibited, "link local, RFC 4291"),
    v6([0xfec0, 0, 0, 0], 0, 10, Prohibited, "site local, deprecated, RFC 3879"),
    v6([0xff00, 0, 0, 0], 0, 8, Prohibited, "multicast, RFC 4291"),
];

/// The only part of IPv6 that is handed out (RFC 4291 2.4; IANA's address space registry): 2000::/3.
const GLOBAL_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Where the last 32 bits are an IPv4 address that is called in the end; it is what counts.
#[rustfmt::skip]
const EMBEDDED: &[(Ipv6Addr, u8, &str)] = &[
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "IPv4-mapped, RFC 4291"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "NAT64, RFC 6052"),
];

fn holds_v4((net, bits): (Ipv4Addr, u8), address: Ipv4Addr) -> bool {
    let shift = 32 - u32::from(bits);
    (net.to_bits() ^ address.to_bits())
        .checked_shr(shift)
        .unwrap_or(0)
        == 0
}

fn holds_v6((net, bits): (Ipv6Addr, u8), address: Ipv6Addr) -> bool {
    let shift = 128 - u32::from(bits);
    (net.to_bits() ^ address.to_bits())
        .checked_shr(shift)
        .unwrap_or(0)
        == 0
}

/// The class of an address. IPv4 inside 2002::/16, 2001::/32, ::/96 and 64:ff9b:1::/48 needs no look: all of these are
/// prohibited whatever is inside.
pub(super) fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => class_v6(address),
    }
}

fn class_v4(address: Ipv4Addr) -> Class {
    V4.iter()
        .find(|(net, bits, ..)| holds_v4((*net, *bits), address))
        .map_or(Class::Global, |(_, _, class, _)| *class)
}

fn class_v6(address: Ipv6Addr) -> Class {
    if EMBEDDED
        .iter()
        .any(|(net, bits, _)| holds_v6((*net, *bits), address))
    {
        let low = u32::try_from(address.to_bits() & u128::from(u32::MAX)).unwrap_or(0);
        return class_v4(Ipv4Addr::from_bits(low));
    }
    let listed = V6
        .iter()
        .find(|(net, bits, ..)| holds_v6((*net, *bits), address));
    match listed {
        Some((_, _, class, _)) => *class,
        None if holds_v6(GLOBAL_V6, address) => Class::Global,
        None => Class::Prohibited,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn first_and_last_address_of_every_range_have_its_class() {
        for (net, bits, wanted, what) in V4 {
            let last = net.to_bits() | u32::MAX.checked_shr(u32::from(*bits)).unwrap_or(0);
            // More specific ranges lie inside 169.254.0.0/16 and others, never at their edges.
            assert_eq!(class_v4(*net), *wanted, "{what}");
            assert_eq!(class_v4(Ipv4Addr::from_bits(last)), *wanted, "{what}");
        }
        for (net, bits, wanted, what) in V6 {
            let last = net.to_bits() | u128::MAX.checked_shr(u32::from(*bits)).unwrap_or(0);
            assert_eq!(class_v6(*net), *wanted, "{what}");
            assert_eq!(class_v6(Ipv6Addr::from_bits(last)), *wanted, "{what}");
        }
    }

    #[test]
    fn addresses_beside_a_range_are_global() {
        for text in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "140.82.121.6",
            "168.63.129.15",
            "168.63.129.17",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.0.3.0",
            "192.31.196.1",
            "192.52.193.1",
            "192.167.255.255",
            "192.169.0.0",
            "192.175.48.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2606:50c0:8000::153",
            "2620:4f:8000::1",
            "2a01:4f8::1",
            "2003::1",
            "3ffe::1",
            "64:ff9b::8c52:7906",
            "::ffff:140.82.121.6",
        ] {
            assert_eq!(class(text.parse().unwrap()), Class::Global, "{text}");
        }
    }

    #[test]
    fn metadata_is_prohibited_in_every_dress() {
        for text in [
            "169.254.169.254",
            "168.63.129.16",
            "192.0.0.192",
            "100.100.100.200",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b::a83f:8110",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:a9fe:a9:fe00::",
            "2002:a9fe:a9fe::1",
            "2001:0:1:2:3:4:5601:5601",
            "2001:0:a9fe:a9fe::",
        ] {
            assert_eq!(class(text.parse().unwrap()), Class::Prohibited, "{text}");
        }
    }

    #[test]
    fn inner_addresses_are_never_global() {
        for inner in [
            "127.0.0.1",
            "10.0.0.1",
            "192.168.1.1",
            "0.0.0.0",
            "224.0.0.1",
            "100.64.0.1",
        ] {
            let v4: Ipv4Addr = inner.parse().unwrap();
            let low = u128::from(v4.to_bits());
            for (net, at) in [
                ("::ffff:0:0", 0),
                ("::", 0),
                ("64:ff9b::", 0),
                ("64:ff9b:1::", 0),
                ("2002::", 80),
                ("2001::", 0),
            ] {
                let net: Ipv6Addr = net.parse().unwrap();
                let address = Ipv6Addr::from_bits(net.to_bits() | low << at);
                assert_ne!(class_v6(address), Class::Global, "{address}");
            }
        }
    }

    #[test]
    fn ipv6_that_nobody_has_is_prohibited() {
        for text in [
            "4000::1",
            "8000::1",
            "e000::1",
            "200::1",
            "64:ff9b:2::1",
            "::1:0:0:0",
            "::2",
        ] {
            assert_eq!(class(text.parse().unwrap()), Class::Prohibited, "{text}");
        }
    }
}
