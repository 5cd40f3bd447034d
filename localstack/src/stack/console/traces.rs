//! The last runs, from the spans that the functions send: a receiver of OTLP over HTTP, as any collector is one.
//!
//! A run is found by its correlation id, which is an attribute of the ingestor's span (`messaging.message.conversation_id`). What belongs to it is its trace, and
//! each batch that had its records among those of others: such a batch is a trace of its own with a link to every run.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use bytes::Bytes;
use chrono::DateTime;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode as Outcome};
use prost::Message as _;

use super::timeline::{RunSummary, StepKind, Timeline, TimelineStep};

/// Traces that are kept: a run every two seconds makes about one a second, with batches of several runs.
const TRACES: usize = 400;
/// Steps of one trace that are kept: a backfill has thousands.
const STEPS: usize = 1_000;
/// Runs in a list.
const LISTED: usize = 50;
const CORRELATION: &str = "messaging.message.conversation_id";
const PROTOBUF: &str = "application/x-protobuf";

/// The traces, the newest last.
pub(in crate::stack) struct Traces {
    kept: Mutex<Kept>,
    /// Functions whose requests are none of a run.
    readers: BTreeSet<String>,
}

#[derive(Default)]
struct Kept {
    traces: HashMap<Vec<u8>, Trace>,
    order: VecDeque<Vec<u8>>,
}

#[derive(Default)]
struct Trace {
    correlation_id: Option<String>,
    steps: Vec<Step>,
}

struct Step {
    said: TimelineStep,
    began: u64,
    ended: u64,
    /// Traces of the runs whose records it had, with their spans.
    links: Vec<(Vec<u8>, String)>,
}

impl Traces {
    /// No traces yet; `readers` are the functions that answer over HTTP.
    pub(in crate::stack) fn new(readers: BTreeSet<String>) -> Arc<Self> {
        Arc::new(Self {
            kept: Mutex::default(),
            readers,
        })
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, request: ExportTraceServiceRequest) {
        for of_resource in request.resource_spans {
            let resource = of_resource.resource.unwrap_or_default();
            let function = text(&attributes(&resource.attributes), "service.name").unwrap_or_default();
            if self.readers.contains(&function) {
                continue;
            }
            let spans = of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
            let mut kept = self.kept();
            for span in spans {
                kept.add(&function, span);
            }
        }
    }

    /// The last runs, the newest first.
    pub(super) fn runs(&self) -> Vec<RunSummary> {
        let kept = self.kept();
        let newest_first = kept
            .order
            .iter()
            .rev()
            .filter_map(|id| Some((id, kept.traces.get(id)?)));
        let of_runs = newest_first.filter(|(_, trace)| trace.correlation_id.is_some());
        let listed = of_runs.take(LISTED).filter_map(|(id, _)| kept.timeline(id));
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
        let kept = self.kept();
        let mut traces = kept.traces.iter();
        let (id, _) = traces.find(|(_, trace)| trace.correlation_id.as_deref() == Some(correlation_id))?;
        kept.timeline(id)
    }
}

impl Kept {
    fn add(&mut self, function: &str, span: Span) {
        if !self.traces.contains_key(&span.trace_id) {
            self.order.push_back(span.trace_id.clone());
            if self.order.len() > TRACES
                && let Some(oldest) = self.order.pop_front()
            {
                self.traces.remove(&oldest);
            }
        }
        let trace = self.traces.entry(span.trace_id.clone()).or_default();
        let said = attributes(&span.attributes);
        if let Some(id) = text(&said, CORRELATION) {
            trace.correlation_id = Some(id);
        }
        if trace.steps.len() < STEPS {
            trace.steps.push(Step::new(function, &span, &said));
        }
    }

    /// The steps of a trace, and of the batches that have records of it among others.
    fn timeline(&self, id: &[u8]) -> Option<Timeline> {
        let trace = self.traces.get(id)?;
        let correlation_id = trace.correlation_id.clone()?;
        let mut steps: Vec<(&Step, Option<String>)> = trace.steps.iter().map(|step| (step, None)).collect();
        for other in self
            .traces
            .iter()
            .filter(|(other, _)| *other != id)
            .map(|(_, trace)| trace)
        {
            let mut of_run = other
                .steps
                .iter()
                .flat_map(|step| &step.links)
                .filter(|(linked, _)| linked == id);
            if let Some((_, span)) = of_run.next() {
                let parent = |step: &Step| step.said.parent.is_none().then(|| span.clone());
                steps.extend(other.steps.iter().map(|step| (step, parent(step))));
            }
        }
        let began = steps.iter().map(|(step, _)| step.began).min()?;
        let ended = steps.iter().map(|(step, _)| step.ended).max()?;
        steps.sort_by_key(|(step, _)| (step.began, std::cmp::Reverse(step.ended)));
        let told = steps.into_iter().map(|(step, parent)| TimelineStep {
            start_ms: milliseconds(step.began - began),
            parent: step.said.parent.clone().or(parent),
            ..step.said.clone()
        });
        Some(Timeline {
            correlation_id,
            trace_id: hex(id),
            started_at: DateTime::from_timestamp_nanos(i64::try_from(began).ok()?),
            total_ms: milliseconds(ended - began),
            steps: told.collect(),
        })
    }
}

impl Step {
    fn new(function: &str, span: &Span, said: &BTreeMap<&str, &Value>) -> Self {
        let (began, ended) = (span.start_time_unix_nano, span.end_time_unix_nano);
        let failed = span
            .status
            .as_ref()
            .is_some_and(|status| status.code == Outcome::Error as i32);
        let records = match said.get("messaging.batch.message_count") {
            Some(Value::IntValue(count)) => u64::try_from(*count).ok(),
            _ => None,
        };
        let links = span
            .links
            .iter()
            .map(|link| (link.trace_id.clone(), hex(&link.span_id)));
        let parent = (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id));
        Self {
            links: links.collect(),
            said: TimelineStep {
                id: hex(&span.span_id),
                kind: kind(said, parent.is_none()),
                parent,
                function: function.to_owned(),
                topic: text(said, "messaging.destination.name"),
                name: span.name.clone(),
                records,
                start_ms: 0.0,
                duration_ms: milliseconds(ended.saturating_sub(began)),
                failed,
            },
            began,
            ended,
        }
    }
}

fn kind(said: &BTreeMap<&str, &Value>, is_first: bool) -> StepKind {
    let is = |name: &str, expected: &str| text(said, name).as_deref() == Some(expected);
    match () {
        () if said.contains_key("provider.key") => StepKind::Provider,
        () if is("messaging.system", "aws_sqs") => StepKind::Sqs,
        () if is("messaging.operation.type", "send") => StepKind::Send,
        () if is("messaging.operation.type", "process") => StepKind::Handle,
        () if is("db.system.name", "postgresql") => StepKind::Postgres,
        () if is("db.system.name", "redis") => StepKind::Redis,
        () if is_first && said.contains_key(CORRELATION) => StepKind::Run,
        () => StepKind::Other,
    }
}

/// `POST /v1/traces` (OTLP 1.x, "OTLP/HTTP Request").
pub(in crate::stack) fn receiver(traces: Arc<Traces>) -> Router {
    Router::new().route("/v1/traces", post(receive)).with_state(traces)
}

async fn receive(
    State(traces): State<Arc<Traces>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<([(header::HeaderName, &'static str); 1], Vec<u8>), StatusCode> {
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROTOBUF) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let request = ExportTraceServiceRequest::decode(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    traces.take(request);
    let answer = ExportTraceServiceResponse::default().encode_to_vec();
    Ok(([(header::CONTENT_TYPE, PROTOBUF)], answer))
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<&str, &Value> {
    let pairs = pairs.iter();
    pairs
        .filter_map(|pair| Some((pair.key.as_str(), pair.value.as_ref()?.value.as_ref()?)))
        .collect()
}

fn text(said: &BTreeMap<&str, &Value>, name: &str) -> Option<String> {
    match said.get(name) {
        Some(Value::StringValue(text)) => Some(text.clone()),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a run of three months would lose a microsecond"
)]
fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
