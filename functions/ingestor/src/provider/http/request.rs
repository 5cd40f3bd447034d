//! One provider being asked in one run: what its adapter may use, and how often and how long it is asked.

use shared::error_chain::error_chain;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AGE, DATE, HeaderMap, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use shared::trace;
use tokio::time::{Instant, timeout};

use super::Http;
use super::response::{ProviderResponse, from_reqwest};
use crate::clock::Clock;
use crate::clock_sample::{ClockSample, Reading};
use crate::provider::access::Access;
use crate::provider::error::ProviderError;
use crate::provider::key::ProviderKey;

/// A longer `Retry-After` is left to a later run.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// How long providers may take.
#[derive(Debug, Clone, Copy)]
pub struct RequestLimits {
    /// `PROVIDER_TIMEOUT_MS`: longest wait for one answer, connection and body included. Default 5000.
    pub timeout: Duration,
    /// `PROVIDER_ATTEMPTS`: how often one document is asked for in a run. Default 3.
    pub attempts: NonZeroU32,
    /// Longest time for the whole chain: 30 s.
    pub chain_deadline: Duration,
}

/// What the requests of one run have in common, whichever provider they go to.
#[derive(Clone, Copy)]
pub struct RequestContext<'a> {
    /// The client.
    pub http: &'a Http,
    /// How long each may take.
    pub limits: RequestLimits,
    /// When the whole chain has to be done.
    pub deadline: Instant,
    /// The run's clock.
    pub clock: &'a Clock,
}

/// One provider being asked in one run: all that its adapter needs.
pub struct ProviderRequest<'a> {
    context: RequestContext<'a>,
    provider: ProviderKey,
    access: &'a Access,
    requests: AtomicU32,
    clock_sample: OnceLock<ClockSample>,
}

impl<'a> ProviderRequest<'a> {
    /// A provider that is about to be asked.
    #[must_use]
    pub fn new(context: RequestContext<'a>, provider: ProviderKey, access: &'a Access) -> Self {
        Self {
            context,
            provider,
            access,
            requests: AtomicU32::new(0),
            clock_sample: OnceLock::new(),
        }
    }

    /// Who is asked.
    #[must_use]
    pub fn provider(&self) -> ProviderKey {
        self.provider
    }

    /// Where.
    #[must_use]
    pub fn url(&self) -> Url {
        self.access.url.clone()
    }

    /// With which key, if there is one.
    #[must_use]
    pub fn api_key(&self) -> Option<&str> {
        self.access.api_key.as_deref()
    }

    /// The key of a provider that answers nobody without one.
    ///
    /// # Errors
    /// [`ProviderError::NoApiKey`].
    pub fn required_api_key(&self) -> Result<&str, ProviderError> {
        let variable = self.provider.source().api_key_variable().unwrap_or_default();
        self.api_key().ok_or(ProviderError::NoApiKey(variable))
    }

    /// The run's time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.context.clock.now()
    }

    /// How many requests were made.
    #[must_use]
    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::Relaxed)
    }

    /// What the provider's clock shows, if it has said so.
    #[must_use]
    pub fn clock_sample(&self) -> Option<&ClockSample> {
        self.clock_sample.get()
    }

    /// The answer to a GET, whatever its status, but not 429 and 5xx: those are tried again, as are timeouts and broken connections.
    ///
    /// # Errors
    /// [`ProviderError`] of the last attempt.
    pub async fn get(&self, url: Url) -> Result<ProviderResponse, ProviderError> {
        let attempts = usize::try_from(self.context.limits.attempts.get()).unwrap_or(usize::MAX);
        let pauses = ExponentialBuilder::new()
            .with_min_delay(FIRST_PAUSE)
            .with_max_delay(LONGEST_WAIT)
            .with_jitter();
        (|| self.once(url.clone()))
            .retry(pauses.with_max_times(attempts - 1))
            .when(ProviderError::is_transient)
            .adjust(|error, pause| self.pause(error, pause?))
            .notify(|error, pause| {
                tracing::debug!(
                    provider.key = %self.provider,
                    pause_ms = pause.as_millis(),
                    error = error_chain(error),
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
        (Instant::now() + pause < self.context.deadline).then_some(pause)
    }

    async fn once(&self, url: Url) -> Result<ProviderResponse, ProviderError> {
        let left = self.context.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ProviderError::ChainDeadline(self.context.limits.chain_deadline));
        }
        let client = self.context.http.client().await?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let span = trace::provider_span(self.provider.as_str(), url.host_str());
        let whole = async {
            let asked = self.now();
            let response = client.get(url).send().await.map_err(from_reqwest)?;
            let status = response.status();
            span.record("http.response.status_code", i64::from(status.as_u16()));
            let now = self.now();
            if let Some(time) = time_of(response.headers()) {
                let reading = Reading {
                    time,
                    resolution: TimeDelta::seconds(1),
                    asked,
                    answered: now,
                };
                self.clock_sample
                    .get_or_init(|| ClockSample::new(self.provider.as_str(), reading));
            }
            if status == StatusCode::TOO_MANY_REQUESTS {
                return Err(ProviderError::RateLimited(retry_after(response.headers(), now)));
            }
            if status.is_server_error() {
                return Err(ProviderError::Status(status.as_u16()));
            }
            ProviderResponse::read(response).await
        };
        let limit = self.context.limits.timeout.min(left);
        let in_time = async {
            match timeout(limit, whole).await {
                Ok(outcome) => outcome,
                Err(_) if limit < self.context.limits.timeout => {
                    Err(ProviderError::ChainDeadline(self.context.limits.chain_deadline))
                }
                Err(_) => Err(ProviderError::Timeout(limit)),
            }
        };
        trace::in_span(span.clone(), in_time).await
    }
}

/// The time that an answer was made, and so long as a cache on the way says that it has kept it since (RFC 9110, 6.6.1; RFC 9111, 5.1).
fn time_of(headers: &HeaderMap) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(headers.get(DATE)?.to_str().ok()?).ok()?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse::<u32>().ok());
    Some(date.to_utc() + TimeDelta::seconds(age.unwrap_or_default().into()))
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
    fn an_answer_says_what_time_it_is() {
        let read = |headers: &[(_, &'static str)]| {
            let lines = headers.iter().map(|(name, value)| (name, value.parse().unwrap()));
            time_of(&HeaderMap::from_iter(
                lines.map(|(name, value)| (reqwest::header::HeaderName::clone(name), value)),
            ))
            .map(|time| time.to_rfc3339())
        };
        let date = (DATE, "Fri, 30 Oct 2026 13:16:30 GMT");
        assert_eq!(read(std::slice::from_ref(&date)).unwrap(), "2026-10-30T13:16:30+00:00");
        assert_eq!(read(&[date.clone(), (AGE, "90")]).unwrap(), "2026-10-30T13:18:00+00:00");
        assert_eq!(read(&[date, (AGE, "-5")]).unwrap(), "2026-10-30T13:16:30+00:00");
        assert_eq!(read(&[(DATE, "today")]), None);
        assert_eq!(read(&[(AGE, "90")]), None);
    }

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
}
