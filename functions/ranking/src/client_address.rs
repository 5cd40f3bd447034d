//! The client that the click limit counts: an address that nobody can choose for himself.
//!
//! API Gateway names the address that a connection came from, which behind the console's distribution is CloudFront's. The client's stands in `X-Forwarded-For`
//! then, to which each hop appends the address of who connected to it: `(what the client sent,) client, edge`. Only of a request that has the distribution's key
//! it is known that the last but one was written by CloudFront.
//!
//! Sources: "Request and response behavior for custom origins", section "Client IP addresses", and "Add custom headers to origin requests" (a header of that
//! name in the client's request is overwritten), Amazon CloudFront developer guide.

use std::hint::black_box;
use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use shared::config::{Get, optional, var};

/// The header in which the distribution sends its key. CloudFront refuses names that begin with `X-Edge-`.
pub const EDGE_HEADER: &str = "x-hwanyul-edge";
const FORWARDED_FOR: &str = "x-forwarded-for";

/// How clients are told apart. No `Debug`, so that the key is never written.
pub(crate) struct Clients {
    /// What the distribution sends; none where there is no distribution.
    edge_key: Option<String>,
}

impl Clients {
    /// With the distribution's key in `EDGE_KEY`.
    pub(crate) fn read(get: Get<'_>) -> Self {
        Self {
            edge_key: optional(get, var::EDGE_KEY),
        }
    }

    /// The client of a request with these headers, over a connection from this address.
    pub(crate) fn of(&self, connected: &str, headers: &HeaderMap) -> String {
        let behind_edge = || forwarded(connected, headers).filter(|_| self.is_from_edge(headers));
        let address = connected.parse().ok();
        match behind_edge().or(address) {
            Some(address) => limited_as(address).to_string(),
            None => connected.to_owned(),
        }
    }

    fn is_from_edge(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(EDGE_HEADER);
        let pair = self.edge_key.as_ref().zip(sent);
        pair.is_some_and(|(key, sent)| constant_time_eq(key.as_bytes(), sent.as_bytes()))
    }
}

/// The last address of `X-Forwarded-For` before that of the connection.
fn forwarded(connected: &str, headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    let mut backwards = last.to_str().ok()?.rsplit(',').map(str::trim);
    backwards.next().filter(|edge| *edge == connected)?;
    backwards.next()?.parse().ok()
}

/// Whether two texts are the same, in a time that does not tell where they differ; how long a key is, is no secret.
fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    let pairs = left.iter().zip(right);
    let differing = pairs.fold(0, |differing, (left, right)| black_box(differing | (left ^ right)));
    left.len() == right.len() && differing == 0
}

/// What the limit counts: an IPv4 address itself; of an IPv6 address its network of 64 bits, because whoever has one address has all of them (RFC 6177).
fn limited_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: &str = "192.0.2.1";

    /// The client when the distribution's key is `right`, and these are the headers `X-Hwanyul-Edge` and `X-Forwarded-For`.
    fn client(connected: &str, sent: Option<&str>, forwarded: Option<&str>) -> String {
        let clients = Clients::read(&|name| (name == "EDGE_KEY").then(|| "right".to_owned()));
        clients.of(connected, &headers(sent, forwarded))
    }

    fn headers(sent: Option<&str>, forwarded: Option<&str>) -> HeaderMap {
        let pairs = [(EDGE_HEADER, sent), (FORWARDED_FOR, forwarded)];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let header = |(name, value): (&'static str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        pairs.map(header).collect()
    }

    #[test]
    fn behind_the_edge_the_client_is_the_one_that_the_edge_saw() {
        for (forwarded, expected) in [
            ("198.51.100.7, 192.0.2.1", "198.51.100.7"),
            ("198.51.100.7,192.0.2.1", "198.51.100.7"),
            // Whatever the client sent stands before that.
            ("203.0.113.99, 198.51.100.7, 192.0.2.1", "198.51.100.7"),
            ("192.0.2.1, 203.0.113.99, , x, 198.51.100.7, 192.0.2.1", "198.51.100.7"),
            ("::ffff:198.51.100.7, 192.0.2.1", "198.51.100.7"),
        ] {
            assert_eq!(client(EDGE, Some("right"), Some(forwarded)), expected, "{forwarded}");
        }
    }

    #[test]
    fn without_the_right_key_no_header_says_who_the_client_is() {
        let forged = Some("198.51.100.7, 192.0.2.1");
        for sent in [
            None,
            Some(""),
            Some("righ"),
            Some("right2"),
            Some("Right"),
            Some("right,right"),
        ] {
            assert_eq!(client(EDGE, sent, forged), EDGE, "{sent:?}");
        }
        for key in ["", "x"] {
            let clients = Clients::read(&|_| Some(key.to_owned()));
            assert_eq!(clients.of(EDGE, &headers(Some(""), forged)), EDGE);
        }
    }

    #[test]
    fn what_is_no_address_or_was_not_appended_by_the_gateway_is_not_used() {
        for forwarded in [
            None,
            Some(""),
            Some("192.0.2.1"),
            Some("unknown, 192.0.2.1"),
            Some("198.51.100.7:4711, 192.0.2.1"),
            Some("198.51.100.7, , 192.0.2.1"),
            Some("198.51.100.7, 192.0.2.2"),
            Some("198.51.100.7"),
        ] {
            assert_eq!(client(EDGE, Some("right"), forwarded), EDGE, "{forwarded:?}");
        }
    }

    #[test]
    fn all_addresses_of_an_ipv6_network_are_one_client() {
        for address in [
            "2001:db8:1:2::7",
            "2001:DB8:1:2:ffff:ffff:ffff:ffff",
            "2001:db8:1:2:0:0:0:0",
        ] {
            let behind = client(EDGE, Some("right"), Some(&format!("{address}, {EDGE}")));
            assert_eq!(
                (behind.as_str(), client(address, None, None).as_str()),
                ("2001:db8:1:2::", "2001:db8:1:2::")
            );
        }
        assert_eq!(client("2001:db8:1:3::7", None, None), "2001:db8:1:3::");
        let edge = "2001:db8:ed9e::1";
        let behind = client(edge, Some("right"), Some("198.51.100.7, 2001:db8:ed9e::1"));
        assert_eq!(behind, "198.51.100.7");
    }
}
