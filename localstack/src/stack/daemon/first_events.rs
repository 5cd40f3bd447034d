//! The last stage: the template's custom resources make topics and tables, then events flow, the feed's past year first.

use std::time::{Duration, Instant};

use chrono::Days;
use emulator::{Emulator, Template};

use super::progress::{Progress, count};
use crate::feed::Feed;
use crate::stack::context::StackContext;
use crate::stack::{BACKFILL, PastYearError, StackError};

/// How far before the feed's first day the history reaches: a year and a month, so that series, statistics and forecasts have something to tell.
const PAST: Days = Days::new(400);
/// How long handlers may take to store it; a mapping that stands still must not keep the rest from starting.
const STORED_LIMIT: Duration = Duration::from_secs(30);

/// Deploys the functions and lets events flow. `lambda` is the address of the Lambda API, where custom resources answer.
pub(super) async fn start(
    context: &StackContext,
    template: &Template,
    lambda: &str,
    progress: &Progress,
) -> Result<(), StackError> {
    if let Some(emulator) = context.emulator().await {
        emulator.deploy(lambda).await?;
        progress.line(&format!(
            "{} deployed, topics and tables created",
            count(template.functions.len(), "function")
        ));
        remove_fault(context, progress).await?;
        emulator.start_events().await?;
    }
    if let (Some(feed), Some(emulator)) = (&context.feed, context.emulator().await) {
        if template.functions.iter().any(|function| function.name == BACKFILL) {
            publish_past_year(&emulator, feed, progress).await?;
        }
        feed.begin();
    }
    let mappings = count(template.mappings.len(), "event source mapping");
    progress.line(&format!(
        "{mappings} and {} started",
        count(template.schedules.len(), "schedule")
    ));
    Ok(())
}

/// A fault that somebody put into the table, and that the last stack ended with, would refuse true rates for ever.
async fn remove_fault(context: &StackContext, progress: &Progress) -> Result<(), StackError> {
    if context.rate_table.has_fault().await {
        let removing = |error| StackError::system("mend History's table")(std::io::Error::other(error));
        context.rate_table.remove_fault().await.map_err(removing)?;
        progress.line("History's table takes every rate again: the console's fault of the last run was still in it");
    }
    Ok(())
}

/// Has the time before the feed's first day published, and waits until it is stored. On a stack that has it already it changes nothing.
async fn publish_past_year(emulator: &Emulator, feed: &Feed, progress: &Progress) -> Result<(), StackError> {
    let to = feed.status().day;
    let from = to.checked_sub_days(PAST).unwrap_or(to);
    let request = serde_json::json!({"from": from, "to": to}).to_string();
    let invocation = emulator
        .invoke(BACKFILL, request.into())
        .await
        .map_err(PastYearError::Invoke)?;
    let response = String::from_utf8_lossy(&invocation.payload).into_owned();
    if invocation.function_error.is_some() {
        return Err(PastYearError::Function(response).into());
    }
    let report: serde_json::Value =
        serde_json::from_str(&response).map_err(|source| PastYearError::Response { source, response })?;
    if report["left_out_count"] != 0 {
        progress.line(&format!(
            "left out of the history, because it cannot be read: {} columns, lines and cells, the first of them {}",
            report["left_out_count"], report["left_out"][0]
        ));
    }
    // Whoever asks when the stack is ready shall find them.
    let started = Instant::now();
    while started.elapsed() < STORED_LIMIT && !is_stored(emulator).await {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    progress.line(&format!(
        "rates of {from} to {to} are there, for history, statistics and forecasts"
    ));
    Ok(())
}

/// Whether no event waits for a handler.
async fn is_stored(emulator: &Emulator) -> bool {
    let mappings = emulator.status().await.mappings;
    mappings.iter().all(|mapping| mapping.lag == Some(0))
}
