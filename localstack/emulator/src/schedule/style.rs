//! The two services that schedule functions.

/// Which service's event a firing without `Input` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleStyle {
    /// An EventBridge rule: `aws.events`.
    Rule,
    /// EventBridge Scheduler: `aws.scheduler`.
    Scheduler,
}
