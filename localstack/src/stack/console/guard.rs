//! Who may tell the stack what to do: the console's own page, and a person with `curl`. Not any page of the web that happens to be open in the same browser.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{Console, Refusal};

/// Lets a request in that the console's own page may have sent, where the console may be worked with.
pub(super) async fn let_in(State((console, port)): State<(Console, u16)>, request: Request, next: Next) -> Response {
    if !console.may_control {
        let refusal = Refusal::new(
            StatusCode::FORBIDDEN,
            "this console only looks: it was started with --console view",
        );
        return refusal.into_response();
    }
    match check(request.headers(), port) {
        Ok(()) => {
            let response = next.run(request).await;
            console.parts.looks.forget().await;
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

fn check(headers: &HeaderMap, port: u16) -> Result<(), Refusal> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let own = ["127.0.0.1", "localhost"].map(|host| format!("{host}:{port}"));
    // A name that somebody lets point to this machine (DNS rebinding) is not ours.
    let host = text(header::HOST).unwrap_or_default();
    if !own.iter().any(|own| own == host) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!("host is {host:?}, allowed: {}", own.join(", ")),
        ));
    }
    if let Some(origin) = text(header::ORIGIN)
        && !own.iter().any(|own| origin == format!("http://{own}"))
    {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            format!("origin is {origin:?}, allowed: the console's own"),
        ));
    }
    // A form of another page cannot send JSON without asking the browser for leave, which nobody gives here.
    let kind = text(header::CONTENT_TYPE).unwrap_or_default();
    if !kind.starts_with("application/json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("content type is {kind:?}, allowed: application/json"),
        ));
    }
    Ok(())
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

    #[test]
    fn only_the_own_page_and_a_person_are_let_in() {
        let json = ("content-type", "application/json");
        let own = ("host", "127.0.0.1:8000");
        for (given, expected) in [
            (vec![own, json], None),
            (
                vec![("host", "localhost:8000"), json, ("origin", "http://localhost:8000")],
                None,
            ),
            (vec![json], Some("host is \"\"")),
            (
                vec![("host", "evil.example:8000"), json],
                Some("host is \"evil.example:8000\""),
            ),
            (
                vec![("host", "127.0.0.1:9000"), json],
                Some("host is \"127.0.0.1:9000\""),
            ),
            (
                vec![own, json, ("origin", "https://evil.example")],
                Some("origin is \"https://evil.example\""),
            ),
            (vec![own, json, ("origin", "null")], Some("origin is \"null\"")),
            (vec![own], Some("content type is \"\"")),
            (
                vec![own, ("content-type", "text/plain")],
                Some("content type is \"text/plain\""),
            ),
        ] {
            let refused = check(&headers(&given), 8000).err();
            match expected {
                None => assert!(refused.is_none(), "{given:?}"),
                Some(words) => assert!(refused.unwrap().error.starts_with(words), "{given:?}"),
            }
        }
    }
}
