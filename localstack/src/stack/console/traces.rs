//! The last runs, from the spans that the functions send: a receiver of OTLP over HTTP, as any collector is one.
//!
//! A run is found by its correlation id, which is an attribute of the ingestor's span (`messaging.message.conversation_id`). What belongs to it is its trace, and
//! each batch that had its records among those of others: such a batch is a trace of its own with a link to every run.

mod step;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use bytes::Bytes;
use chrono::DateTime;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;

use self::step::{Attributes, RecordedStep, hex, milliseconds};
use super::timeline::{RunSummary, StepKind, Timeline, TimelineStep};

/// Traces that are kept: a run every two seconds makes about one a second, with batches of several runs.
const TRACES: usize = 400;
/// Steps of one trace that are kept: a backfill has thousands.
const STEPS: usize = 1_000;
/// Runs in a list.
const LISTED: usize = 50;
const PROTOBUF: &str = "application/x-protobuf";

/// The traces, the newest last.
pub(super) struct TraceBuffer {
    traces: Mutex<Traces>,
    /// Functions whose requests are none of a run.
    readers: BTreeSet<String>,
}

#[derive(Default)]
struct Traces {
    by_id: HashMap<Vec<u8>, Trace>,
    order: VecDeque<Vec<u8>>,
}

#[derive(Default)]
struct Trace {
    correlation_id: Option<String>,
    steps: Vec<RecordedStep>,
}

impl TraceBuffer {
    /// No traces yet; `readers` are the functions that answer over HTTP.
    pub(super) fn new(readers: BTreeSet<String>) -> Self {
        Self {
            traces: Mutex::default(),
            readers,
        }
    }

    fn traces(&self) -> MutexGuard<'_, Traces> {
        self.traces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn store(&self, request: ExportTraceServiceRequest) {
        for of_resource in request.resource_spans {
            let resource = of_resource.resource.unwrap_or_default();
            let function = Attributes::of(&resource.attributes)
                .text("service.name")
                .unwrap_or_default();
            if self.readers.contains(&function) {
                continue;
            }
            let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            let mut traces = self.traces();
            for span in spans {
                traces.add(&function, &span);
            }
        }
    }

    /// The last runs, the newest first.
    pub(super) fn runs(&self) -> Vec<RunSummary> {
        let traces = self.traces();
        let newest_first = traces
            .order
            .iter()
            .rev()
            .filter_map(|id| Some((id, traces.by_id.get(id)?)));
        let of_runs = newest_first.filter(|(_, trace)| trace.correlation_id.is_some());
        let listed = of_runs.take(LISTED).filter_map(|(id, _)| traces.timeline(id));
        listed
            .map(|timeline| {
                let sent = timeline.steps.iter().filter(|step| {
                    step.kind == StepKind::Send && step.topic.as_deref() == Some("exchange_rate_updated")
                });
                RunSummary {
                    // Tried again, they are sent twice.
                    rates: sent.filter_map(|step| step.records).max().unwrap_or_default(),
                    steps: timeline.steps.len(),
                    failed: timeline.steps.iter().any(|step| step.failed),
                    correlation_id: timeline.correlation_id,
                    trace_id: timeline.trace_id,
                    started_at: timeline.started_at,
                    total_ms: timeline.total_ms,
                }
            })
            .collect()
    }

    /// The run of a correlation id.
    pub(super) fn run(&self, correlation_id: &str) -> Option<Timeline> {
        let traces = self.traces();
        let mut all = traces.by_id.iter();
        let (id, _) = all.find(|(_, trace)| trace.correlation_id.as_deref() == Some(correlation_id))?;
        traces.timeline(id)
    }
}

impl Traces {
    fn add(&mut self, function: &str, span: &Span) {
        if !self.by_id.contains_key(&span.trace_id) {
            self.order.push_back(span.trace_id.clone());
            if self.order.len() > TRACES
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_id.remove(&oldest);
            }
        }
        let trace = self.by_id.entry(span.trace_id.clone()).or_default();
        let attributes = Attributes::of(&span.attributes);
        if let Some(id) = attributes.correlation_id() {
            trace.correlation_id = Some(id);
        }
        if trace.steps.len() < STEPS {
            trace.steps.push(RecordedStep::new(function, span, &attributes));
        }
    }

    /// The steps of a trace, and of the batches that have records of it among others.
    fn timeline(&self, id: &[u8]) -> Option<Timeline> {
        let trace = self.by_id.get(id)?;
        let correlation_id = trace.correlation_id.clone()?;
        let mut steps: Vec<(&RecordedStep, Option<String>)> = trace.steps.iter().map(|step| (step, None)).collect();
        for other in self
            .by_id
            .iter()
            .filter(|(other, _)| *other != id)
            .map(|(_, trace)| trace)
        {
            let mut of_run = other
                .steps
                .iter()
                .flat_map(|step| &step.links)
                .filter(|link| link.trace_id == id);
            if let Some(link) = of_run.next() {
                let parent = |step: &RecordedStep| step.shown.parent.is_none().then(|| link.span.clone());
                steps.extend(other.steps.iter().map(|step| (step, parent(step))));
            }
        }
        let began = steps.iter().map(|(step, _)| step.began).min()?;
        let ended = steps.iter().map(|(step, _)| step.ended).max()?;
        steps.sort_by_key(|(step, _)| (step.began, std::cmp::Reverse(step.ended)));
        let shown = steps.into_iter().map(|(step, parent)| TimelineStep {
            start_ms: milliseconds(step.began - began),
            parent: step.shown.parent.clone().or(parent),
            ..step.shown.clone()
        });
        Some(Timeline {
            correlation_id,
            trace_id: hex(id),
            started_at: DateTime::from_timestamp_nanos(i64::try_from(began).ok()?),
            total_ms: milliseconds(ended - began),
            steps: shown.collect(),
        })
    }
}

/// `POST /v1/traces` (OTLP 1.x, "OTLP/HTTP Request").
pub(super) fn receiver(traces: Arc<TraceBuffer>) -> Router {
    Router::new().route("/v1/traces", post(receive)).with_state(traces)
}

async fn receive(
    State(traces): State<Arc<TraceBuffer>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<([(header::HeaderName, &'static str); 1], Vec<u8>), StatusCode> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROTOBUF) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let request = ExportTraceServiceRequest::decode(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    traces.store(request);
    let response = ExportTraceServiceResponse::default().encode_to_vec();
    Ok(([(header::CONTENT_TYPE, PROTOBUF)], response))
}
