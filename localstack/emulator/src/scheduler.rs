//! The tasks that fire the schedules.

mod timer;

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::aws::{ACCOUNT, REGION};
use crate::function::Function;
use crate::schedule::ScheduleStyle;
use crate::status::ScheduleStatus;
use crate::sync::lock;
use crate::template::ScheduleSpec;

use timer::Timer;

/// One schedule and what became of its firings.
pub(super) struct Schedule {
    spec: ScheduleSpec,
    function: Arc<Function>,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    runs: u64,
    skipped: u64,
    last_run: Option<DateTime<Utc>>,
}

impl Schedule {
    pub(super) fn new(spec: ScheduleSpec, function: Arc<Function>) -> Self {
        Self {
            spec,
            function,
            counts: Mutex::default(),
        }
    }

    /// Fires until `stop` turns true, then lets the run that is under way end.
    pub(super) async fn run(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        if !self.spec.is_enabled {
            return;
        }
        let mut running: Option<JoinHandle<()>> = None;
        let mut timer = Timer::new(self.spec.when.clone(), self.spec.zone);
        while tokio::select! { is_due = timer.due() => is_due, _ = stop.wait_for(|stopped| *stopped) => false } {
            if running.as_ref().is_some_and(|run| !run.is_finished()) {
                lock(&self.counts).skipped += 1;
                tracing::warn!(
                    schedule.name = self.spec.name,
                    "Skipped a firing of {}: the former is still running",
                    self.spec.name
                );
            } else {
                running = Some(tokio::spawn(Arc::clone(&self).fire()));
            }
        }
        if let Some(run) = running
            && let Err(error) = run.await
        {
            tracing::error!(
                schedule.name = self.spec.name,
                error = &error as &dyn std::error::Error,
                "A scheduled run was lost"
            );
        }
    }

    /// What the schedule has done so far.
    pub(super) fn status(&self) -> ScheduleStatus {
        let counts = lock(&self.counts);
        ScheduleStatus {
            function: self.spec.function.clone(),
            expression: self.spec.expression.clone(),
            is_enabled: self.spec.is_enabled,
            runs: counts.runs,
            skipped: counts.skipped,
            last_run: counts.last_run,
        }
    }

    async fn fire(self: Arc<Self>) {
        let now = Utc::now();
        {
            let mut counts = lock(&self.counts);
            counts.runs += 1;
            counts.last_run = Some(now);
        }
        // A failed run is recorded and logged by the function; the next firing comes anyway.
        if let Err(error) = self.function.invoke(self.payload(now)).await {
            tracing::warn!(
                schedule.name = self.spec.name,
                error = &error as &dyn std::error::Error,
                "Could not run {} on schedule",
                self.spec.function
            );
        }
    }

    fn payload(&self, now: DateTime<Utc>) -> Bytes {
        if let Some(input) = &self.spec.input {
            return Bytes::from(input.clone());
        }
        let (source, resource) = match self.spec.style {
            ScheduleStyle::Rule => (
                "aws.events",
                format!("arn:aws:events:{REGION}:{ACCOUNT}:rule/{}", self.spec.physical_name),
            ),
            ScheduleStyle::Scheduler => (
                "aws.scheduler",
                format!(
                    "arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{}",
                    self.spec.name
                ),
            ),
        };
        let event = serde_json::json!({
            "version": "0",
            "id": uuid::Uuid::new_v4(),
            "detail-type": "Scheduled Event",
            "source": source,
            "account": ACCOUNT,
            "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
            "region": REGION,
            "resources": [resource],
            "detail": {},
        });
        Bytes::from(event.to_string())
    }
}
