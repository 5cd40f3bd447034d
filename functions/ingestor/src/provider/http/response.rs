//! A complete answer, and whether it is in the format that its provider speaks.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Response, StatusCode};

use crate::provider::error::ProviderError;

/// Far more than any provider's document (the ECB's whole history is 7 MB, its daily one 2 KB).
const LARGEST_BODY: usize = 5_000_000;

/// What pages of HTML begin with, in lower case.
const HTML: [&str; 9] = [
    "<html", "<head", "<body", "<title", "<meta", "<script", "<h1", "<div", "<center",
];

/// A provider's answer, complete.
#[derive(Debug)]
pub struct ProviderResponse {
    status: StatusCode,
    content_type: String,
    body: Vec<u8>,
}

impl ProviderResponse {
    /// Its HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Whether its status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Whether it is a success without a body, or with one of white space alone.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.is_success() && self.content().is_empty()
    }

    /// The body of an answer that has to be a success in `format` (`JSON` or `XML`).
    ///
    /// # Errors
    /// [`ProviderError::Status`] or [`ProviderError::WrongFormat`].
    pub fn successful(&self, format: &'static str) -> Result<&[u8], ProviderError> {
        if self.is_success() {
            self.formatted(format)
        } else {
            Err(ProviderError::Status(self.status()))
        }
    }

    /// The body, if it looks like `format`, whatever the status. The body alone decides: servers label documents as HTML, and error pages as documents.
    ///
    /// # Errors
    /// [`ProviderError::WrongFormat`].
    pub fn formatted(&self, format: &'static str) -> Result<&[u8], ProviderError> {
        let body = self.content();
        let start = String::from_utf8_lossy(&body[..body.len().min(200)]).to_ascii_lowercase();
        let found = if start.is_empty() {
            "nothing"
        } else if start.starts_with(['{', '[']) || start.trim_end() == "null" {
            "JSON"
        } else if start.contains("<!doctype html") || HTML.iter().any(|element| start.contains(element)) {
            "HTML"
        } else if start.starts_with('<') {
            "XML"
        } else {
            "something else"
        };
        if found == format {
            return Ok(body);
        }
        Err(ProviderError::WrongFormat {
            expected: format,
            found,
            content_type: self.content_type.clone(),
        })
    }

    /// The body without byte order mark and leading white space.
    fn content(&self) -> &[u8] {
        let body = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.body);
        body.trim_ascii_start()
    }

    /// Reads the whole of `response`, if it is not too large.
    pub(super) async fn read(mut response: Response) -> Result<Self, ProviderError> {
        let content_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let content_type: String = content_type.to_ascii_lowercase().chars().take(60).collect();
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(from_reqwest)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(ProviderError::TooLarge(LARGEST_BODY));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self {
            status,
            content_type,
            body,
        })
    }
}

/// What went wrong with a request, without its URL.
pub(super) fn from_reqwest(error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    if error.is_connect() {
        ProviderError::Connect(error)
    } else if error.is_builder() || error.is_redirect() {
        ProviderError::Request(error)
    } else {
        ProviderError::Interrupted(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_shows_what_it_is() {
        let formatted = |content_type: &str, body: &str, format| {
            let response = ProviderResponse {
                status: StatusCode::OK,
                content_type: content_type.to_owned(),
                body: body.as_bytes().to_vec(),
            };
            response
                .formatted(format)
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        assert_eq!(
            formatted("text/xml", "\u{feff}<?xml version=\"1.0\"?><a/>", "XML"),
            Ok(())
        );
        assert_eq!(formatted("", " null\n", "JSON"), Ok(()));
        assert_eq!(formatted("text/html", " {\"result\":\"success\"}", "JSON"), Ok(()));
        assert_eq!(formatted("text/html; charset=utf-8", "[]", "JSON"), Ok(()));
        assert_eq!(formatted("text/html", "<gesmes:Envelope/>", "XML"), Ok(()));
        assert_eq!(
            formatted("application/json", "<?xml version='1.0'?><a/>", "XML"),
            Ok(())
        );
        assert_eq!(formatted("text/plain", "{\"error\":\"<html>\"}", "JSON"), Ok(()));
        let bare = formatted("text/xml", "<h1>Sorry</h1>", "XML");
        assert_eq!(bare, Err("expected XML, got HTML (content type \"text/xml\")".into()));
        let html = "<!DOCTYPE html><html><body>Sorry</body></html>";
        assert_eq!(
            formatted("text/html", html, "XML"),
            Err("expected XML, got HTML (content type \"text/html\")".into())
        );
        assert_eq!(
            formatted("application/json", html, "JSON"),
            Err("expected JSON, got HTML (content type \"application/json\")".into())
        );
        assert_eq!(
            formatted("text/plain", "", "JSON"),
            Err("expected JSON, got nothing (content type \"text/plain\")".into())
        );
    }
}
