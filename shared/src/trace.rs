//! Traces: spans of an invocation and of what it does, sent by OTLP to `OTEL_EXPORTER_OTLP_ENDPOINT`. Without that variable nothing here is built, and every
//! span is a disabled one. Names and attributes are those of OpenTelemetry's semantic conventions (HTTP, messaging, database, FaaS, AWS Lambda).
//!
//! Only spans of [`TARGET`] are part of a trace: what libraries say of themselves is none of it. Attributes hold names and counts, never payloads.

mod export;
mod invocation;
mod parent;
mod resource;
mod span;

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::registry::LookupSpan;

pub use self::export::is_on;
pub(crate) use self::export::{flush, start};
pub(crate) use self::invocation::Invocation;
pub use self::invocation::{Trigger, correlated, triggered_by};
pub use self::parent::follows;
pub(crate) use self::parent::{answered, consumes, requested};
pub use self::span::{failed, in_span, mongodb, postgres, provider_span};
pub(crate) use self::span::{redis, sending, sending_to_sqs};
use crate::event::Traceparent;

/// The target of spans that are part of a trace.
pub const TARGET: &str = "hwanyul::span";

/// The span that the caller is in, for others to go on from; none without tracing.
#[must_use]
pub fn current() -> Option<Traceparent> {
    if !is_on() {
        return None;
    }
    let context = Span::current().context();
    let span = context.span().span_context().clone();
    let (trace_id, parent_id) = (span.trace_id().to_bytes(), span.span_id().to_bytes());
    Traceparent::new(
        u128::from_be_bytes(trace_id),
        u64::from_be_bytes(parent_id),
        span.is_sampled(),
    )
}

/// What makes a trace of the spans of [`TARGET`].
pub(crate) fn layer<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let ours = |metadata: &tracing::Metadata<'_>| metadata.is_span() && metadata.target() == TARGET;
    tracing_opentelemetry::layer()
        .with_tracer(tracer)
        // A span begins its trace when it is first asked for or has a child, so that until then it can still be told its parent.
        .with_context_activation(false)
        .with_location(false)
        .with_threads(false)
        .with_tracked_inactivity(false)
        .with_target(false)
        .with_level(false)
        .with_filter(filter_fn(ours).with_max_level_hint(LevelFilter::INFO))
}

/// What `traceparent` names, as a span elsewhere.
fn remote(traceparent: Traceparent) -> SpanContext {
    SpanContext::new(
        TraceId::from(traceparent.trace_id()),
        SpanId::from(traceparent.parent_id()),
        TraceFlags::default().with_sampled(traceparent.is_sampled()),
        true,
        TraceState::default(),
    )
}
