//! HTTP as providers are asked: bounded in time and size, repeated where that may help, silent about URLs (keys are in them).

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, Utc};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout};

use crate::config::Config;
use crate::provider::ProviderError;

/// Far more than any provider's document (the ECB's whole history is 7 MB, its daily one 2 KB).
const LARGEST_BODY: usize = 5_000_000;
/// A longer `Retry-After` is left to a later run.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// The client, made at the first request: reading the root certificates takes longer than all else at a cold start.
#[derive(Default)]
pub struct Http {
    client: OnceCell<Client>,
}

impl Http {
    async fn client(&self) -> Result<&Client, ProviderError> {
        let build = async || {
            Client::builder()
                .user_agent(concat!("hwanyul/", env!("CARGO_PKG_VERSION")))
                .redirect(reqwest::redirect::Policy::limited(3))
                // A referrer would carry the key in the URL to whoever we are sent to.
                .referer(false)
                .build()
        };
        self.client.get_or_try_init(build).await.map_err(ProviderError::Request)
    }
}

/// One provider being asked in one run.
pub struct Asking<'a> {
    http: &'a Http,
    config: &'a Config,
    /// When the whole chain has to be done.
    deadline: Instant,
    now: DateTime<Utc>,
    provider: &'static str,
    requests: AtomicU32,
}

impl<'a> Asking<'a> {
    /// A provider that is about to be asked.
    #[must_use]
    pub fn new(http: &'a Http, config: &'a Config, provider: &'static str, deadline: Instant, now: DateTime<Utc>) -> Self {
        Self { http, config, deadline, now, provider, requests: AtomicU32::new(0) }
    }

    /// How many requests were made.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The answer to a GET, whatever its status, but not 429 and 5xx: those are tried again, as are timeouts and broken connections.
    ///
    /// # Errors
    /// [`ProviderError`] of the last attempt.
    pub async fn get(&self, url: Url) -> Result<Answer, ProviderError> {
        let attempts = usize::try_from(self.config.attempts.get()).unwrap_or(usize::MAX);
        let pauses = ExponentialBuilder::new().with_min_delay(FIRST_PAUSE).with_max_delay(LONGEST_WAIT).with_jitter();
        (|| self.once(url.clone()))
            .retry(pauses.with_max_times(attempts - 1))
            .when(ProviderError::is_transient)
            .adjust(|error, pause| self.pause(error, pause?))
            .notify(|error, pause| {
                tracing::debug!(
                    provider.key = self.provider,
                    pause_ms = pause.as_millis(),
                    error = error as &dyn std::error::Error,
                    "Asking {} again",
                    self.provider
                );
            })
            .await
    }

    /// How long to wait before the next attempt; `None` when it would come too late or the provider wants us to stay away for longer.
    fn pause(&self, error: &ProviderError, pause: Duration) -> Option<Duration> {
        let pause = match error {
            ProviderError::RateLimited(Some(wanted)) if *wanted > LONGEST_WAIT => return None,
            ProviderError::RateLimited(Some(wanted)) => pause.max(*wanted),
            _ => pause,
        };
        (Instant::now() + pause < self.deadline).then_some(pause)
    }

    async fn once(&self, url: Url) -> Result<Answer, ProviderError> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ProviderError::ChainDeadline(self.config.chain_deadline));
        }
        let client = self.http.client().await?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let whole = async {
            let response = client.get(url).send().await.map_err(from_reqwest)?;
            let status = response.status();
            if status == StatusCode::TOO_MANY_REQUESTS {
                return Err(ProviderError::RateLimited(retry_after(response.headers(), self.now)));
            }
            if status.is_server_error() {
                return Err(ProviderError::Status(status.as_u16()));
            }
            Answer::read(response).await
        };
        let limit = self.config.timeout.min(left);
        match timeout(limit, whole).await {
            Ok(outcome) => outcome,
            Err(_) if limit < self.config.timeout => Err(ProviderError::ChainDeadline(self.config.chain_deadline)),
            Err(_) => Err(ProviderError::Timeout(limit)),
        }
    }
}

/// A provider's answer, complete.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    content_type: String,
    body: Vec<u8>,
}

impl Answer {
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

    /// The body of an answer that has to be a success in `format` (`JSON` or `XML`).
    ///
    /// # Errors
    /// [`ProviderError::Status`] or [`ProviderError::WrongFormat`].
    pub fn successful(&self, format: &'static str) -> Result<&[u8], ProviderError> {
        if self.is_success() { self.formatted(format) } else { Err(ProviderError::Status(self.status())) }
    }

    /// The body, if it looks like `format`, whatever the status.
    ///
    /// # Errors
    /// [`ProviderError::WrongFormat`].
    pub fn formatted(&self, format: &'static str) -> Result<&[u8], ProviderError> {
        let body = self.body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.body).trim_ascii_start();
        let start = String::from_utf8_lossy(&body[..body.len().min(200)]).to_ascii_lowercase();
        let found = if start.is_empty() {
            "nothing"
        } else if start.starts_with("<!doctype html") || start.contains("<html") || self.content_type.contains("text/html") {
            "HTML"
        } else if start.starts_with('<') {
            "XML"
        } else if start.starts_with(['{', '[']) || start.trim_end() == "null" {
            "JSON"
        } else {
            "something else"
        };
        if found == format {
            return Ok(body);
        }
        Err(ProviderError::WrongFormat { expected: format, found, content_type: self.content_type.clone() })
    }

    async fn read(mut response: Response) -> Result<Self, ProviderError> {
        let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let content_type: String = content_type.to_ascii_lowercase().chars().take(60).collect();
        let status = response.status();
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(from_reqwest)? {
            if body.len() + chunk.len() > LARGEST_BODY {
                return Err(ProviderError::TooLarge(LARGEST_BODY));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Self { status, content_type, body })
    }
}

fn from_reqwest(error: reqwest::Error) -> ProviderError {
    let error = error.without_url();
    if error.is_connect() {
        ProviderError::Connect(error)
    } else if error.is_builder() || error.is_redirect() {
        ProviderError::Request(error)
    } else {
        ProviderError::Interrupted(error)
    }
}

/// `Retry-After` in either of its forms: seconds, or a date (RFC 9110, 10.2.3).
fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?.to_utc();
    Some((date - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let read = |value: &'static str| {
            let now = "2026-10-30T13:15:00Z".parse().unwrap();
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]), now).map(|wait| wait.as_secs())
        };
        assert_eq!(read("120"), Some(120));
        assert_eq!(read("Fri, 30 Oct 2026 13:16:30 GMT"), Some(90));
        assert_eq!(read("Fri, 30 Oct 2026 13:00:00 GMT"), Some(0));
        assert_eq!(read("soon"), None);
    }

    #[test]
    fn the_body_shows_what_it_is() {
        let look = |content_type: &str, body: &str, format| {
            let answer =
                Answer { status: StatusCode::OK, content_type: content_type.to_owned(), body: body.as_bytes().to_vec() };
            answer.formatted(format).map(|_| ()).map_err(|error| error.to_string())
        };
        assert_eq!(look("text/xml", "\u{feff}<?xml version=\"1.0\"?><a/>", "XML"), Ok(()));
        assert_eq!(look("", " null\n", "JSON"), Ok(()));
        let html = "<!DOCTYPE html><html><body>Sorry</body></html>";
        assert_eq!(look("text/html", html, "XML"), Err("expected XML, got HTML (content type \"text/html\")".into()));
        assert_eq!(look("application/json", html, "JSON"), Err("expected JSON, got HTML (content type \"application/json\")".into()));
        assert_eq!(look("text/plain", "", "JSON"), Err("expected JSON, got nothing (content type \"text/plain\")".into()));
    }
}
