//! Who may see the pipeline and tell the stack what to do: the console's own page, and a person with `curl`. Not any page of the web that happens to be open in
//! the same browser.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::{Console, Refusal};
use crate::stack::guard::{check_own_page, text};

/// Lets a request in that the console's own page may have sent. Also those that only look: dead letters are hidden while they are listed, and name what went wrong.
pub(super) async fn own_page(State(port): State<u16>, request: Request, next: Next) -> Response {
    match check_own_page(request.headers(), port) {
        Ok(()) => next.run(request).await,
        Err(reason) => Refusal::new(StatusCode::FORBIDDEN, reason).into_response(),
    }
}

/// Lets a request in that changes something, where the console may be worked with.
pub(super) async fn control(State(console): State<Console>, request: Request, next: Next) -> Response {
    if !console.may_control {
        let refusal = Refusal::new(
            StatusCode::FORBIDDEN,
            "this console only looks: it was started with --console view",
        );
        return refusal.into_response();
    }
    match check_kind(request.headers()) {
        Ok(()) => {
            let response = next.run(request).await;
            console.parts.looks.forget();
            response
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// A form of another page cannot send JSON without asking the browser for leave, which nobody gives here.
fn check_kind(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = text(headers, header::CONTENT_TYPE.as_str());
    if kind.starts_with("application/json") {
        return Ok(());
    }
    Err(Refusal::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("content type is {kind:?}, allowed: application/json"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_asked_for_in_json() {
        for (kind, expected) in [
            ("application/json", None),
            ("application/json; charset=utf-8", None),
            ("", Some("content type is \"\"")),
            ("text/plain", Some("content type is \"text/plain\"")),
        ] {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            let refused = check_kind(&headers).err().map(|refusal| refusal.error);
            assert_eq!(refused.is_some(), expected.is_some(), "{kind}");
            assert!(
                refused.unwrap_or_default().starts_with(expected.unwrap_or_default()),
                "{kind}"
            );
        }
    }
}
