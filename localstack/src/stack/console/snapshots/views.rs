//! The parts of a snapshot that are made of what the emulator and the feed say of themselves.

use std::collections::BTreeMap;

use emulator::{FunctionStatus, MappingStatus, ScheduleStatus, Status};
use serde_json::Value;

use crate::feed::Feed;
use crate::stack::INGESTOR;
use crate::stack::console::cache_metrics::CacheReads;
use crate::stack::console::state::{FeedState, IngestorState, MappingView, ReadState, ScheduleState};

/// Where the feed stands.
pub(super) fn feed(feed: &Feed) -> FeedState {
    let status = feed.status();
    FeedState {
        day: status.day,
        newest: status.newest,
        step_seconds: status.step_seconds,
    }
}

/// Each schedule.
pub(super) fn schedules(lambda: &Status) -> Vec<ScheduleState> {
    let schedule = |schedule: &ScheduleStatus| ScheduleState {
        function: schedule.function.clone(),
        expression: schedule.expression.clone(),
        is_enabled: schedule.is_enabled,
        runs: schedule.runs,
        skipped: schedule.skipped,
        last_run: schedule.last_run,
    };
    lambda.schedules.iter().map(schedule).collect()
}

/// The ingestor, with what its last good run says.
pub(super) fn ingestor(lambda: &Status) -> IngestorState {
    let Some(function) = lambda.functions.iter().find(|function| function.name == INGESTOR) else {
        return IngestorState::default();
    };
    let state = IngestorState {
        runs: function.invocations,
        failures: function.errors,
        last_at: function.last_invoked_at,
        last_duration_ms: function.last_duration_ms,
        last_error: function.last_error.clone(),
        ..IngestorState::default()
    };
    let response = function.last_response.as_deref();
    match response.and_then(|response| serde_json::from_str::<Value>(response.get()).ok()) {
        Some(summary) => state.with_summary(&summary),
        None => state,
    }
}

/// Each mapping, with what went wrong in its function.
pub(super) fn mappings(lambda: &Status) -> Vec<MappingView> {
    let view = |mapping| mapping_view(mapping, &lambda.functions);
    lambda.mappings.iter().map(view).collect()
}

fn mapping_view(mapping: &MappingStatus, functions: &[FunctionStatus]) -> MappingView {
    let function = functions.iter().find(|function| function.name == mapping.function);
    let service = mapping.function.split('-').next().unwrap_or_default();
    MappingView {
        function: mapping.function.clone(),
        service: service.to_owned(),
        topic: mapping.topic.clone(),
        consumer_group: mapping.consumer_group.clone(),
        state: mapping.state,
        lag: mapping.lag,
        batch_size: mapping.batch_size,
        last_batch_records: mapping.last_batch_records,
        last_duration_ms: mapping.last_duration_ms,
        batches: mapping.batches,
        records: mapping.records,
        retries: mapping.retries,
        failures: function.map_or(0, |function| function.errors),
        last_error: mapping.last_error.clone(),
    }
}

/// The functions that answer over HTTP, with how many answers came from the cache.
pub(super) fn reads(lambda: &Status, metrics: &BTreeMap<String, CacheReads>) -> Vec<ReadState> {
    let mut requests: BTreeMap<&str, u64> = BTreeMap::new();
    for route in &lambda.routes {
        *requests.entry(&route.function).or_default() += route.requests;
    }
    let read = |(function, requests): (&str, u64)| {
        let reads = metrics.get(function).copied().unwrap_or_default();
        ReadState {
            function: function.to_owned(),
            requests,
            hits: reads.cache_hits,
            misses: reads.cache_misses,
        }
    };
    requests.into_iter().map(read).collect()
}
