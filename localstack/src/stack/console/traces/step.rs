//! One step of a run, from the span that a function sent.

use std::collections::BTreeMap;

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode as Outcome};

use crate::stack::console::timeline::{StepKind, TimelineStep};

/// The attribute that has the correlation id of the ingestor's run.
const CORRELATION: &str = "messaging.message.conversation_id";

/// A step as it is kept until somebody asks for its run.
pub(super) struct RecordedStep {
    /// With no start: that is counted from the start of the run, which the step does not know.
    pub(super) shown: TimelineStep,
    /// Nanoseconds since 1970.
    pub(super) began: u64,
    /// Nanoseconds since 1970.
    pub(super) ended: u64,
    /// Spans of the runs whose records it had.
    pub(super) links: Vec<Link>,
}

/// A span of another trace.
pub(super) struct Link {
    pub(super) trace_id: Vec<u8>,
    /// In hexadecimal digits.
    pub(super) span: String,
}

/// What a span says of itself, by name.
pub(super) struct Attributes<'a>(BTreeMap<&'a str, &'a Value>);

impl RecordedStep {
    pub(super) fn new(function: &str, span: &Span, attributes: &Attributes<'_>) -> Self {
        let (began, ended) = (span.start_time_unix_nano, span.end_time_unix_nano);
        let failed = span
            .status
            .as_ref()
            .is_some_and(|status| status.code == Outcome::Error as i32);
        let records = attributes.count("messaging.batch.message_count");
        let links = span.links.iter().map(|link| Link {
            trace_id: link.trace_id.clone(),
            span: hex(&link.span_id),
        });
        let parent = (!span.parent_span_id.is_empty()).then(|| hex(&span.parent_span_id));
        Self {
            links: links.collect(),
            shown: TimelineStep {
                id: hex(&span.span_id),
                kind: kind(attributes, parent.is_none()),
                parent,
                function: function.to_owned(),
                topic: attributes.text("messaging.destination.name"),
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

fn kind(attributes: &Attributes<'_>, is_first: bool) -> StepKind {
    let is = |name: &str, expected: &str| attributes.text(name).as_deref() == Some(expected);
    match () {
        () if attributes.has("provider.key") => StepKind::Provider,
        () if is("messaging.system", "aws_sqs") => StepKind::Sqs,
        () if is("messaging.operation.type", "send") => StepKind::Send,
        () if is("messaging.operation.type", "process") => StepKind::Handle,
        () if is("db.system.name", "postgresql") => StepKind::Postgres,
        () if is("db.system.name", "redis") => StepKind::Redis,
        () if is_first && attributes.has(CORRELATION) => StepKind::Run,
        () => StepKind::Other,
    }
}

impl<'a> Attributes<'a> {
    pub(super) fn of(pairs: &'a [KeyValue]) -> Self {
        let pairs = pairs.iter();
        let pairs = pairs.filter_map(|pair| Some((pair.key.as_str(), pair.value.as_ref()?.value.as_ref()?)));
        Self(pairs.collect())
    }

    /// The correlation id, which the span of a run has.
    pub(super) fn correlation_id(&self) -> Option<String> {
        self.text(CORRELATION)
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name) {
            Some(Value::StringValue(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn count(&self, name: &str) -> Option<u64> {
        match self.0.get(name) {
            Some(Value::IntValue(count)) => u64::try_from(*count).ok(),
            _ => None,
        }
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a run of three months would lose a microsecond"
)]
pub(super) fn milliseconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e6
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
