//! The history's file as it is on the server now: asked for at each call, fetched and read only when it is another.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{
    DATE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use shared::time::{HANDLER_TOLERANCE, PROVIDER_TOLERANCE, Timestamp};
use tokio::sync::Mutex;

use super::error::BackfillError;
use crate::ecb_history::{History, read};

/// The address of the file, and the newest that was read of it.
pub(super) struct Source {
    url: String,
    cached: Mutex<Option<CachedFile>>,
}

/// A file, and how the server tells it from others.
#[derive(Clone)]
struct CachedFile {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
    file: Arc<File>,
}

/// A file that was read.
pub(super) struct File {
    pub(super) history: History,
    /// When it was last modified, as its server says; none when that does not say it.
    pub(super) last_modified: Option<Timestamp>,
}

impl Source {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            cached: Mutex::default(),
        }
    }

    /// The file as it is now.
    pub(super) async fn file(&self) -> Result<Arc<File>, BackfillError> {
        let mut cached = self.cached.lock().await;
        let client = reqwest::Client::builder().timeout(Duration::from_secs(60)).build()?;
        let mut request = client.get(&self.url);
        if let Some(cached) = &*cached {
            let conditions = [
                (IF_NONE_MATCH, &cached.etag),
                (IF_MODIFIED_SINCE, &cached.last_modified),
            ];
            for (name, value) in conditions {
                request = value
                    .iter()
                    .fold(request, |request, value| request.header(&name, value));
            }
        }
        let answer = request.send().await?.error_for_status()?;
        if let (StatusCode::NOT_MODIFIED, Some(cached)) = (answer.status(), &*cached) {
            return Ok(Arc::clone(&cached.file));
        }
        let headers = answer.headers().clone();
        let last_modified = last_modified(&headers, Utc::now())?;
        let history = read(&answer.bytes().await?)?;
        if history.left_out.count > 0 {
            tracing::warn!(
                count = history.left_out.count, left_out = %history.left_out,
                "Left out of the ECB's history what cannot be read"
            );
        }
        let file = Arc::new(File { history, last_modified });
        *cached = Some(CachedFile {
            etag: headers.get(ETAG).cloned(),
            last_modified: headers.get(LAST_MODIFIED).cloned(),
            file: Arc::clone(&file),
        });
        Ok(file)
    }
}

/// The file's date (RFC 9110, 8.8.2). Its events are dated by it, and who is dated ahead of the time stands against whatever is true until then, so it must not
/// be later than the answer's own date (its server's clock), nor than our handlers take.
fn last_modified(headers: &HeaderMap, now: DateTime<Utc>) -> Result<Option<Timestamp>, BackfillError> {
    let Some(modified) = date(headers, LAST_MODIFIED) else {
        if let Some(value) = headers.get(LAST_MODIFIED) {
            tracing::warn!(
                ?value,
                "The history's Last-Modified is no date, so its events are dated as if it had none"
            );
        }
        return Ok(None);
    };
    let answered = date(headers, DATE).unwrap_or(now + PROVIDER_TOLERANCE);
    let limit = answered.min(now + HANDLER_TOLERANCE);
    if modified > limit {
        return Err(BackfillError::Future { modified, limit });
    }
    Ok(Some(Timestamp::new(modified)?))
}

fn date(headers: &HeaderMap, name: HeaderName) -> Option<DateTime<Utc>> {
    let text = headers.get(name)?.to_str().ok()?;
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_time_to_come_is_refused_by_its_date() {
        let now: DateTime<Utc> = "2026-10-30T15:00:00Z".parse().unwrap();
        let read = |modified: Option<&str>, date: Option<&str>| {
            let given = [(LAST_MODIFIED, modified), (DATE, date)];
            let given = given
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?.parse().unwrap())));
            last_modified(&given.collect(), now).map_err(|error| error.to_string())
        };
        let on_time = Some("Fri, 30 Oct 2026 15:00:01 GMT");
        let at = |text: &str| Ok(Some(text.parse().unwrap()));
        assert_eq!(
            read(Some("Fri, 30 Oct 2026 14:58:12 GMT"), on_time),
            at("2026-10-30T14:58:12Z")
        );
        assert_eq!(
            read(Some("Fri, 30 Oct 2026 15:00:01 GMT"), on_time),
            at("2026-10-30T15:00:01Z")
        );
        let later = "the history was last modified at 2026-10-30T15:00:02Z, which has not come yet: allowed is at most";
        assert_eq!(
            read(Some("Fri, 30 Oct 2026 15:00:02 GMT"), on_time),
            Err(format!("{later} 2026-10-30T15:00:01Z"))
        );
        // Without the server's clock ours counts, with the tolerance that providers have.
        assert_eq!(
            read(Some("Fri, 30 Oct 2026 15:05:00 GMT"), None),
            at("2026-10-30T15:05:00Z")
        );
        assert!(read(Some("Fri, 30 Oct 2026 15:05:01 GMT"), None).is_err());
        // A server whose clock is wrong cannot date what no handler would take.
        let wrong = Some("Thu, 01 Jan 2099 00:00:00 GMT");
        assert!(
            read(wrong, wrong)
                .unwrap_err()
                .ends_with("at most 2026-10-30T18:00:00Z")
        );
        assert_eq!(read(None, on_time), Ok(None));
        assert_eq!(read(Some("lately"), on_time), Ok(None));
    }
}
