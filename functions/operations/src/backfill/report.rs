//! What the backfill answers.

use chrono::NaiveDate;
use serde::Serialize;
use shared::time::Timestamp;

use crate::ecb_history::{HistoryDay, Omission, Omissions};

/// What the events' `updated_at` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DatedBy {
    /// When the file was last modified.
    LastModified,
    /// Their `recorded_at`, because the file's server does not say when it was modified. They fill gaps and correct nothing.
    RecordedAt,
}

/// What is published.
#[derive(Debug, Serialize)]
pub struct BackfillReport {
    /// First day of the file in the span.
    pub from: Option<NaiveDate>,
    /// Last day of the file in the span.
    pub to: Option<NaiveDate>,
    /// Every event up to the end of this day is acknowledged, by Kafka or by the backup queue; resume with the day after it.
    pub published_through: Option<NaiveDate>,
    /// Whether that is the whole span.
    pub done: bool,
    /// Acknowledged events.
    pub events: usize,
    /// Those of them that wait in the backup queue, because Kafka did not acknowledge them in time. The span stops at the first part that has any.
    pub backed_up: usize,
    /// Days they are of.
    pub days: usize,
    /// Days of the span that are not published yet.
    pub days_left: usize,
    /// What the events are dated by.
    pub dated_by: DatedBy,
    /// When the file was last modified, if its server says so. Another one than in the answer before means another file: days that are published may be
    /// corrected in it, so begin again.
    pub last_modified: Option<Timestamp>,
    /// How many columns, lines and cells of the whole file were left out, because they cannot be read.
    pub left_out_count: usize,
    /// The first hundred of them.
    pub left_out: Vec<Omission>,
    /// How long it took, with reading the file.
    pub duration_ms: u64,
}

impl BackfillReport {
    /// Before anything is published of `days`, which are in order, of a file that was last modified then.
    pub(super) fn before(days: &[&HistoryDay], last_modified: Option<Timestamp>, left_out: Omissions) -> Self {
        Self {
            from: days.first().map(|day| day.day),
            to: days.last().map(|day| day.day),
            published_through: None,
            done: false,
            events: 0,
            backed_up: 0,
            days: 0,
            days_left: days.len(),
            dated_by: last_modified.map_or(DatedBy::RecordedAt, |_| DatedBy::LastModified),
            last_modified,
            left_out_count: left_out.count,
            left_out: left_out.named,
            duration_ms: 0,
        }
    }
}
