//! A schedule of a function.

use chrono_tz::Tz;

use crate::schedule::{ScheduleExpression, ScheduleStyle};

/// One schedule of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleSpec {
    /// The function's and the event's logical id, joined, as SAM names it.
    pub name: String,
    /// What its rule is called on AWS: the stack's name and its own.
    pub physical_name: String,
    /// The function's name.
    pub function: String,
    /// `rate(..)`, `cron(..)` or `at(..)`, as written.
    pub expression: String,
    /// The same, read.
    pub when: ScheduleExpression,
    /// Whether it is a rate in seconds, which AWS refuses; an emulator runs it only when it is told so.
    pub is_in_seconds: bool,
    /// The payload, when the template sets one.
    pub input: Option<String>,
    /// Which service's event stands in for an absent payload.
    pub style: ScheduleStyle,
    /// `ScheduleExpressionTimezone`: whose clock `cron(..)` goes by; UTC when unset.
    pub zone: Tz,
    /// `Enabled`, or `State`.
    pub is_enabled: bool,
}
