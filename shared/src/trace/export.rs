//! From finished spans to the receiver: gathered while an invocation works, sent before its answer is given, because Lambda freezes the process after that.
//! A receiver that is away costs an invocation little, and the next ones nothing.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::trace::{SpanId, TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracer, SdkTracerProvider, Span, SpanData, SpanExporter as _, SpanProcessor,
};
use reqwest::{Client, Url};
use tokio::time::{Instant, timeout};

use super::resource::resource;
use crate::config::{ConfigError, Get, optional, var};

/// Longest wait for the receiver at the end of an invocation.
const LIMIT: Duration = Duration::from_secs(1);
/// How long a receiver that failed is left alone. What ends in the meantime is not sent.
const PAUSE: Duration = Duration::from_secs(60);
/// A connection that waited for longer is not used again: it may have died while the function was frozen, and the spans would die on it.
const IDLE: Duration = Duration::from_secs(15);
/// Spans that are kept until the invocation ends; what an invocation has beyond them is left out.
const MOST_SPANS: usize = 2048;

/// The way to the receiver; none without tracing.
static EXPORT: OnceLock<Export> = OnceLock::new();

struct Export {
    exporter: SpanExporter,
    finished: Finished,
    state: Mutex<State>,
    /// It ends with its last owner, and no span with it.
    _provider: SdkTracerProvider,
}

#[derive(Default)]
struct State {
    left_alone_until: Option<Instant>,
    has_failed: bool,
}

/// Whether there is somebody to send traces to.
#[must_use]
pub fn is_on() -> bool {
    EXPORT.get().is_some()
}

/// What makes spans, if `OTEL_EXPORTER_OTLP_ENDPOINT` is set.
///
/// # Errors
/// [`ConfigError`] when it is no base URL.
pub(crate) fn start(get: Get<'_>) -> Result<Option<SdkTracer>, ConfigError> {
    let Some(endpoint) = endpoint(get)? else {
        return Ok(None);
    };
    // Where there is no TLS, nobody needs the root certificates, and reading them takes time.
    let client = match endpoint.scheme() {
        "http" => Client::builder().tls_certs_only([]),
        _ => Client::builder(),
    };
    let client = client.timeout(LIMIT).pool_idle_timeout(IDLE).build();
    let client = client.map_err(|_| refused())?;
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(LIMIT)
        .with_endpoint(endpoint)
        .build()
        .map_err(|_| refused())?;
    let resource = resource(get);
    exporter.set_resource(&resource);
    let finished = Finished::default();
    let provider = SdkTracerProvider::builder()
        // Whoever begins a trace decides, and we keep all that begin here.
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .with_resource(resource)
        .with_span_processor(finished.clone())
        .build();
    let tracer = provider.tracer("hwanyul");
    let export = Export {
        exporter,
        finished,
        state: Mutex::default(),
        _provider: provider,
    };
    Ok(EXPORT.set(export).is_ok().then_some(tracer))
}

/// The URL that spans are sent to: the variable's, and `/v1/traces` (OpenTelemetry, "OTLP Exporter Configuration", endpoint URLs for OTLP/HTTP).
fn endpoint(get: Get<'_>) -> Result<Option<Url>, ConfigError> {
    let Some(base) = optional(get, var::OTLP_ENDPOINT) else {
        return Ok(None);
    };
    let mut url: Url = base.parse().map_err(|_| refused())?;
    let has_secret = !url.username().is_empty() || url.password().is_some();
    let is_base = url.has_host() && url.query().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || !is_base || has_secret {
        return Err(refused());
    }
    url.set_path(&format!("{}/v1/traces", url.path().trim_end_matches('/')));
    Ok(Some(url))
}

fn refused() -> ConfigError {
    ConfigError::Invalid {
        name: var::OTLP_ENDPOINT,
        value: "(hidden)".to_owned(),
        allowed: "http://host:port or https://host:port of an OTLP/HTTP receiver, without user and password",
    }
}

/// Sends what has ended. It takes `limit` or a second, whichever is shorter, and never fails: a receiver that does not take the spans is spoken of once, and
/// left alone for a while.
pub(crate) async fn flush(limit: Duration) {
    let Some(export) = EXPORT.get() else { return };
    let spans = std::mem::take(&mut *export.finished.spans());
    if spans.is_empty() || export.is_left_alone() {
        return;
    }
    let (count, limit) = (spans.len(), limit.min(LIMIT));
    let error = match timeout(limit, export.exporter.export(spans)).await {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} ms", limit.as_millis()),
    };
    if export.fails_first() {
        tracing::warn!(
            spans = count,
            error,
            "Traces are not taken; they are tried again from time to time"
        );
    } else {
        tracing::debug!(spans = count, error, "Traces are still not taken");
    }
}

impl Export {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_left_alone(&self) -> bool {
        self.state()
            .left_alone_until
            .is_some_and(|until| Instant::now() < until)
    }

    /// Leaves the receiver alone from now on; whether this is its first failure.
    fn fails_first(&self) -> bool {
        let mut state = self.state();
        state.left_alone_until = Some(Instant::now() + PAUSE);
        !std::mem::replace(&mut state.has_failed, true)
    }
}

/// Spans that have ended and are not sent yet.
#[derive(Debug, Clone, Default)]
struct Finished(Arc<Mutex<Vec<SpanData>>>);

impl Finished {
    fn spans(&self) -> MutexGuard<'_, Vec<SpanData>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SpanProcessor for Finished {
    fn on_start(&self, _: &mut Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        let mut spans = self.spans();
        // The invocation's own span ends last, and without it the others would hang in the air.
        let is_first = span.parent_span_is_remote || span.parent_span_id == SpanId::INVALID;
        if span.span_context.is_sampled() && (spans.len() < MOST_SPANS || is_first) {
            spans.push(span);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> Result<Option<String>, ConfigError> {
        let get = |name: &str| (name == var::OTLP_ENDPOINT).then(|| value.to_owned());
        Ok(endpoint(&get)?.map(String::from))
    }

    #[test]
    fn traces_go_below_the_base_url() {
        for (base, url) in [
            ("http://localhost:4318", "http://localhost:4318/v1/traces"),
            ("http://localhost:4318/", "http://localhost:4318/v1/traces"),
            (
                "https://collector.example/otlp",
                "https://collector.example/otlp/v1/traces",
            ),
        ] {
            assert_eq!(read(base).unwrap().as_deref(), Some(url));
        }
        assert_eq!(read("").unwrap(), None);
    }

    #[test]
    fn what_is_no_base_url_is_refused_and_not_shown() {
        for base in [
            "localhost:4318",
            "grpc://localhost:4317",
            "http://",
            "http://host?key=secret",
            "https://user:secret@collector.example",
        ] {
            let error = read(base).unwrap_err().to_string();
            assert!(error.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
