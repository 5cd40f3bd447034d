//! Who may see the pipeline and control the stack: the console's own page, and a person with `curl`. Not any page of the web that happens to be open in
//! the same browser.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Console;
use super::api_error::ApiError;
use crate::stack::request_origin::{check_own_page, text};

/// Lets a request in that the console's own page may have sent. Also those that change nothing: dead letters are hidden while they are listed, and name what went wrong.
pub(super) async fn own_page(State(port): State<u16>, request: Request, next: Next) -> Response {
    match check_own_page(request.headers(), port) {
        Ok(()) => next.run(request).await,
        Err(error) => ApiError::new(StatusCode::FORBIDDEN, error.to_string()).into_response(),
    }
}

/// Lets a request in that changes something, where the console may be worked with.
pub(super) async fn control(State(console): State<Console>, request: Request, next: Next) -> Response {
    if !console.may_control {
        let error = ApiError::new(
            StatusCode::FORBIDDEN,
            "this console only looks: it was started with --console view",
        );
        return error.into_response();
    }
    match check_content_type(request.headers()) {
        Ok(()) => {
            let response = next.run(request).await;
            console.snapshots.invalidate();
            response
        }
        Err(error) => error.into_response(),
    }
}

/// A form of another page cannot send JSON without asking the browser for leave, which nobody gives here.
fn check_content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let content_type = text(headers, header::CONTENT_TYPE.as_str());
    if content_type.starts_with("application/json") {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        format!("content type is {content_type:?}, allowed: application/json"),
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
            let refused = check_content_type(&headers).err().map(|refused| refused.error);
            assert_eq!(refused.is_some(), expected.is_some(), "{kind}");
            assert!(
                refused.unwrap_or_default().starts_with(expected.unwrap_or_default()),
                "{kind}"
            );
        }
    }
}
