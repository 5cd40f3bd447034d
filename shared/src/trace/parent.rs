//! Where an invocation comes from: the runs whose records it handles, or the request that it answers.

use std::collections::BTreeSet;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use super::invocation::in_invocation;
use super::{failed, remote};
use crate::event::{Traceparent, header};

/// Says which runs the invocation goes on with, by the traceparents of what it handles.
pub fn follows(contexts: impl IntoIterator<Item = String>) {
    in_invocation(|invocation| {
        for context in distinct(contexts) {
            invocation.span.add_link(remote(context));
        }
    });
}

/// The invocation handles `count` records of `topic`: it follows the runs that their traceparents name, and is part of the run where there is only one.
pub(crate) fn consumes(topic: &'static str, count: usize, contexts: impl IntoIterator<Item = String>) {
    in_invocation(|invocation| {
        let span = &invocation.span;
        span.record("otel.name", format!("process {topic}"));
        span.set_attribute("messaging.system", "kafka");
        span.set_attribute("messaging.operation.name", "process");
        span.set_attribute("messaging.operation.type", "process");
        span.set_attribute("messaging.destination.name", topic);
        span.set_attribute(
            "messaging.batch.message_count",
            i64::try_from(count).unwrap_or(i64::MAX),
        );
        let contexts = distinct(contexts);
        invocation.come_from(parent(&contexts), &contexts);
    });
}

fn distinct(contexts: impl IntoIterator<Item = String>) -> BTreeSet<Traceparent> {
    contexts
        .into_iter()
        .filter_map(|context| context.parse().ok())
        .collect()
}

/// What a batch of records from these spans is a part of.
fn parent(contexts: &BTreeSet<Traceparent>) -> Option<Traceparent> {
    let first = contexts.first()?;
    let is_one_trace = contexts.iter().all(|context| context.trace_id() == first.trace_id());
    // Where nobody keeps a trace, neither do we, and only a parent can tell the sampler so.
    let is_for_nobody = !contexts.iter().any(|context| context.is_sampled());
    (is_one_trace || is_for_nobody).then_some(*first)
}

/// The invocation answers `request`: it is a part of the span that the request's `traceparent` names.
pub(crate) fn requested(request: &Request) {
    in_invocation(|invocation| {
        let span = &invocation.span;
        let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
        let method = method(request.method());
        let name = [method, route.unwrap_or_default()].join(" ");
        span.record("otel.name", name.trim_end());
        span.set_attribute("http.request.method", method);
        if let Some(route) = route {
            span.set_attribute("http.route", route.to_owned());
        }
        let path: String = request.uri().path().chars().take(200).collect();
        span.set_attribute("url.path", path);
        span.set_attribute("url.scheme", "https");
        let header = request.headers().get(header::TRACEPARENT);
        let parent = header.and_then(|header| header.to_str().ok()?.parse().ok());
        invocation.come_from(parent, &BTreeSet::new());
    });
}

/// The method, as the conventions name those that nobody knows.
fn method(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "_OTHER",
    }
}

/// The request is answered with this status.
pub(crate) fn answered(status: u16) {
    in_invocation(|invocation| {
        invocation
            .span
            .set_attribute("http.response.status_code", i64::from(status));
        if status >= 500 {
            failed(&invocation.span, &status.to_string());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(trace: u128, span: u64, is_sampled: bool) -> Traceparent {
        Traceparent::new(trace, span, is_sampled).unwrap()
    }

    #[test]
    fn a_batch_of_one_run_is_part_of_it_and_one_of_several_is_part_of_none() {
        let of = |contexts: &[Traceparent]| parent(&contexts.iter().copied().collect());
        assert_eq!(of(&[]), None);
        let run = context(1, 10, true);
        assert_eq!(of(&[run, run]), Some(run));
        assert_eq!(of(&[run, context(1, 11, true)]), Some(run));
        assert_eq!(of(&[run, context(2, 10, true)]), None);
    }

    #[test]
    fn what_nobody_keeps_is_not_kept_here() {
        let of = |contexts: &[Traceparent]| parent(&contexts.iter().copied().collect());
        let (left, right) = (context(1, 10, false), context(2, 10, false));
        assert!(of(&[left, right]).is_some_and(|parent| !parent.is_sampled()));
        // One that is kept has to find the batch.
        assert_eq!(of(&[left, context(2, 10, true)]), None);
    }

    #[test]
    fn contexts_are_read_once_each_and_odd_ones_are_left_out() {
        let run = context(1, 10, true);
        let texts = [run.to_string(), "odd".to_owned(), run.to_string()];
        assert_eq!(distinct(texts), BTreeSet::from([run]));
    }
}
