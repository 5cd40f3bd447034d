//! The span of an invocation, in the log and in the trace. Where it comes from is said by [`super::parent`].

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use lambda_runtime::{Context, Diagnostic};
use opentelemetry::Value;
use opentelemetry::trace::TraceContextExt as _;
use tracing::{Instrument as _, Span, field};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::{TARGET, is_on, remote};
use crate::event::{Traceparent, header};

tokio::task_local! {
    /// The invocation that this task is in.
    static INVOCATION: Invocation;
}

/// What invokes a function (OpenTelemetry semantic conventions, `faas.trigger`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Records or messages.
    PubSub,
    /// A request of the HTTP API.
    Http,
    /// A schedule.
    Timer,
    /// Anything else.
    Other,
}

impl Trigger {
    const fn name(self) -> &'static str {
        match self {
            Self::PubSub => "pubsub",
            Self::Http => "http",
            Self::Timer => "timer",
            Self::Other => "other",
        }
    }
}

/// An invocation: its span in the log, and its span in the trace, which is a disabled one without tracing.
pub(crate) struct Invocation {
    log: Span,
    pub(super) span: Span,
}

impl Invocation {
    /// An invocation that begins now. One by records or by a request is told by these where it comes from; any other is a part of what its caller names in the
    /// client context.
    pub(crate) fn begin(context: &Context, trigger: Trigger) -> Self {
        static IS_WARM: AtomicBool = AtomicBool::new(false);
        // An error's, so that also a log of errors alone has the ids.
        let log = tracing::error_span!(
            "invocation",
            request_id = context.request_id,
            xray_trace_id = context.xray_trace_id,
            trace_id = field::Empty
        );
        let kind = if trigger == Trigger::PubSub {
            "consumer"
        } else {
            "server"
        };
        let span = tracing::info_span!(
            target: TARGET,
            "invocation",
            otel.name = context.env_config.function_name,
            otel.kind = kind,
            otel.status_code = field::Empty,
            error.type = field::Empty,
            faas.trigger = trigger.name(),
            faas.invocation_id = context.request_id,
            faas.coldstart = !IS_WARM.swap(true, Ordering::Relaxed),
            cloud.resource_id = context.invoked_function_arn,
        );
        let invocation = Self { log, span };
        if matches!(trigger, Trigger::Timer | Trigger::Other) {
            let custom = context.client_context.as_ref().map(|client| &client.custom);
            let parent = custom.and_then(|custom| custom.get(header::TRACEPARENT)?.parse().ok());
            invocation.come_from(parent, &BTreeSet::new());
        }
        invocation
    }

    /// The span in the log.
    pub(crate) fn log(&self) -> Span {
        self.log.clone()
    }

    /// The invocation's work, with its failure in the trace.
    pub(crate) async fn around<T>(self, work: impl Future<Output = Result<T, Diagnostic>>) -> Result<T, Diagnostic> {
        let (log, span) = (self.log.clone(), self.span.clone());
        let failing = span.clone();
        let work = async move {
            let answer = work.await;
            if let Err(diagnostic) = &answer {
                super::failed(&failing, &diagnostic.error_type);
            }
            answer
        };
        INVOCATION.scope(self, work.instrument(span).instrument(log)).await
    }

    /// Begins the span. It has its id from now on, and every line of the log has its trace's.
    pub(super) fn come_from(&self, parent: Option<Traceparent>, links: &BTreeSet<Traceparent>) {
        if !is_on() || self.span.is_disabled() {
            return;
        }
        if let Some(parent) = parent {
            let parent = opentelemetry::Context::new().with_remote_span_context(remote(parent));
            if let Err(error) = self.span.set_parent(parent) {
                tracing::debug!(error = %error, "The span has begun without its parent");
            }
        }
        for link in links {
            self.span.add_link(remote(*link));
        }
        let context = self.span.context();
        let trace_id = context.span().span_context().trace_id();
        self.log.record("trace_id", field::display(trace_id));
    }
}

/// Sets an attribute of the invocation's span.
fn set(name: &'static str, value: impl Into<Value>) {
    in_invocation(|invocation| invocation.span.set_attribute(name, value));
}

/// Does something with the invocation that this task is in, if it is in one and there is tracing.
pub(super) fn in_invocation(act: impl FnOnce(&Invocation)) {
    // A handler that a test calls is in none.
    if is_on() && INVOCATION.try_with(act).is_err() {
        tracing::trace!("There is no invocation to trace");
    }
}

/// Says which run this is, so that its trace is found by the id that events and log lines have.
pub fn correlated(correlation_id: uuid::Uuid) {
    set("messaging.message.conversation_id", correlation_id.to_string());
}

/// Says what invoked the function.
pub fn triggered_by(trigger: Trigger) {
    set("faas.trigger", trigger.name());
}
