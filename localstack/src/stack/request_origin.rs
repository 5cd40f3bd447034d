//! Where a request comes from: keeps pages of the web that happen to be open on this machine away from the stack's own addresses. A browser sends some requests
//! anywhere without asking for leave, and a name that somebody lets point to this machine (DNS rebinding) makes any page one of this address.

use std::net::Ipv4Addr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// The names of this machine under which the stack is asked.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];
const FETCH_SITE: &str = "sec-fetch-site";

/// Why a request is not let in.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum OriginError {
    /// It was sent to a name that is none of this machine's.
    #[error("host is {host:?}, allowed: {}", NAMES.join(", "))]
    Host { host: String },
    /// A page sent it to a port that serves no page.
    #[error("{header} is {value:?}: pages are not let in, only programs")]
    Page { header: &'static str, value: String },
    /// A page of another origin sent it.
    #[error("origin is {origin:?}, allowed: the console's own")]
    Origin { origin: String },
    /// A page of another site had the browser send it.
    #[error("sec-fetch-site is {site:?}, allowed: the console's own requests")]
    Site { site: String },
}

/// Lets programs in: SDKs, functions, `curl`. No page, because none is served on that port. `bridge` is this machine's address for functions in containers.
pub(super) async fn programs_only(State(bridge): State<Option<Ipv4Addr>>, request: Request, next: Next) -> Response {
    match check_program(request.headers(), bridge) {
        Ok(()) => next.run(request).await,
        Err(error) => (StatusCode::FORBIDDEN, format!("{error}\n")).into_response(),
    }
}

fn check_program(headers: &HeaderMap, bridge: Option<Ipv4Addr>) -> Result<(), OriginError> {
    // An address is no name that somebody could let point elsewhere.
    if bridge.is_none_or(|bridge| host_name(headers) != bridge.to_string()) {
        check_name(headers)?;
    }
    for header in ["origin", FETCH_SITE] {
        let value = text(headers, header);
        // A person who types the address into the browser is no page.
        if !matches!(value, "" | "none") {
            let value = value.to_owned();
            return Err(OriginError::Page { header, value });
        }
    }
    Ok(())
}

/// Whether the request was sent to a name of this machine.
fn check_name(headers: &HeaderMap) -> Result<(), OriginError> {
    if NAMES.contains(&host_name(headers)) {
        return Ok(());
    }
    let host = text(headers, header::HOST.as_str()).to_owned();
    Err(OriginError::Host { host })
}

/// The host that the request was sent to, without the port.
fn host_name(headers: &HeaderMap) -> &str {
    let host = text(headers, header::HOST.as_str());
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// Whether it was sent by nobody's page, or by the page that `port` serves.
pub(super) fn check_own_page(headers: &HeaderMap, port: u16) -> Result<(), OriginError> {
    check_name(headers)?;
    let origin = text(headers, header::ORIGIN.as_str());
    let is_own =
        |name: &&str| origin == format!("http://{name}:{port}") || (port == 80 && origin == format!("http://{name}"));
    if !origin.is_empty() && !NAMES.iter().any(is_own) {
        let origin = origin.to_owned();
        return Err(OriginError::Origin { origin });
    }
    // Requests for pictures and the like have no origin, but say whether they come from elsewhere; a link that somebody follows reads and changes nothing.
    let site = text(headers, FETCH_SITE);
    if matches!(site, "cross-site" | "same-site") {
        let site = site.to_owned();
        return Err(OriginError::Site { site });
    }
    Ok(())
}

/// A header's value; empty without one, and not one of ours when it is no text.
pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&str, &str)| {
            (
                header::HeaderName::try_from(*name).unwrap(),
                header::HeaderValue::from_str(value).unwrap(),
            )
        };
        pairs.iter().map(pair).collect()
    }

    fn expect(found: Result<(), OriginError>, expected: &str, given: &[(&str, &str)]) {
        let found = found.err().map(|error| error.to_string()).unwrap_or_default();
        assert_eq!(found.is_empty(), expected.is_empty(), "{given:?}: {found}");
        assert!(found.starts_with(expected), "{given:?}: {found}");
    }

    #[test]
    fn programs_are_let_in_and_pages_are_not() {
        let own = ("host", "127.0.0.1:9001");
        for (given, expected) in [
            (vec![own], ""),
            (vec![("host", "localhost:9001")], ""),
            (vec![("host", "[::1]:9001")], ""),
            (vec![own, ("sec-fetch-site", "none")], ""),
            (vec![], "host is \"\""),
            (vec![("host", "evil.example:9001")], "host is \"evil.example:9001\""),
            (vec![("host", "localhost.evil.example")], "host is"),
            (vec![own, ("origin", "null")], "origin is \"null\""),
            (vec![own, ("origin", "http://127.0.0.1:8000")], "origin is"),
            (vec![own, ("sec-fetch-site", "cross-site")], "sec-fetch-site is"),
            (vec![own, ("sec-fetch-site", "same-site")], "sec-fetch-site is"),
        ] {
            expect(check_program(&headers(&given), None), expected, &given);
        }
    }

    #[test]
    fn functions_in_containers_are_let_in_by_the_bridges_address_and_only_with_a_bridge() {
        let bridge = Some(Ipv4Addr::new(172, 17, 0, 1));
        let from_container = ("host", "172.17.0.1:9001");
        for (bridge, given, expected) in [
            (bridge, vec![from_container], ""),
            (bridge, vec![("host", "127.0.0.1:9001")], ""),
            (bridge, vec![("host", "172.17.0.2:9001")], "host is"),
            (bridge, vec![("host", "172.17.0.1.evil.example")], "host is"),
            (
                bridge,
                vec![from_container, ("origin", "http://172.17.0.1:9001")],
                "origin is",
            ),
            (None, vec![from_container], "host is"),
        ] {
            expect(check_program(&headers(&given), bridge), expected, &given);
        }
    }

    #[test]
    fn the_own_page_is_let_in_and_no_other() {
        let own = ("host", "127.0.0.1:8000");
        for (given, expected) in [
            (vec![own], ""),
            (
                vec![("host", "localhost:8000"), ("origin", "http://localhost:8000")],
                "",
            ),
            (vec![own, ("sec-fetch-site", "same-origin")], ""),
            (vec![own, ("sec-fetch-site", "none")], ""),
            (vec![("host", "evil.example:8000")], "host is \"evil.example:8000\""),
            (
                vec![own, ("origin", "https://evil.example")],
                "origin is \"https://evil.example\"",
            ),
            (vec![own, ("origin", "http://127.0.0.1:9000")], "origin is"),
            (vec![own, ("origin", "http://127.0.0.1")], "origin is"),
            (vec![own, ("origin", "null")], "origin is \"null\""),
            (vec![own, ("sec-fetch-site", "cross-site")], "sec-fetch-site is"),
            (vec![own, ("sec-fetch-site", "same-site")], "sec-fetch-site is"),
        ] {
            expect(check_own_page(&headers(&given), 8000), expected, &given);
        }
        // The port that browsers leave out.
        let given = [("host", "127.0.0.1"), ("origin", "http://127.0.0.1")];
        expect(check_own_page(&headers(&given), 80), "", &given);
    }
}
