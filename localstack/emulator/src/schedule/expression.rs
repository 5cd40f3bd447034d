//! Schedule expressions, as the two services of AWS take them: `rate(..)`, `cron(..)` and EventBridge Scheduler's `at(..)`.
//!
//! Sources: "Setting a schedule pattern for scheduled rules (legacy) in Amazon EventBridge", Amazon EventBridge user guide
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>), and "Schedule types in EventBridge
//! Scheduler", its user guide (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::clock::on_clock;
use super::cron::Cron;
use super::error::ScheduleExpressionError;
use super::style::ScheduleStyle;

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleExpression {
    /// At once, and then every so often.
    Rate(Duration),
    /// At the times that match.
    Cron(Box<Cron>),
    /// Once, at this time of the schedule's own clock.
    At(NaiveDateTime),
}

/// How an `at` is written.
const AT: &str = "%Y-%m-%dT%H:%M:%S";

impl ScheduleExpression {
    /// Reads an expression as the service of `style` does.
    ///
    /// # Errors
    /// [`ScheduleExpressionError`] says what is allowed, when AWS refuses the expression.
    pub fn parse(text: &str, style: ScheduleStyle) -> Result<Self, ScheduleExpressionError> {
        let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inner("rate") {
            return parse_rate(rate, style);
        }
        if let Some(cron) = inner("cron") {
            return Cron::parse(cron, style).map(|cron| Self::Cron(Box::new(cron)));
        }
        match (inner("at"), style) {
            (Some(time), ScheduleStyle::Scheduler) => parse_at(time),
            (Some(_), ScheduleStyle::Rule) => Err(ScheduleExpressionError::AtInRule),
            (None, ScheduleStyle::Scheduler) => Err(ScheduleExpressionError::NotASchedulerExpression),
            (None, ScheduleStyle::Rule) => Err(ScheduleExpressionError::NotARuleExpression),
        }
    }

    /// Reads `rate(N seconds)`, which no service of AWS takes: a stack on one machine may be in more of a hurry.
    #[must_use]
    pub fn in_seconds(text: &str) -> Option<Self> {
        let (count, unit) = text.strip_prefix("rate(")?.strip_suffix(')')?.split_once(' ')?;
        let count = whole(count)?;
        let is_known = (unit == "second" && count == 1) || (unit == "seconds" && count > 1);
        is_known.then_some(Self::Rate(Duration::from_secs(count)))
    }

    /// Whether EventBridge Scheduler knows the time zone: one of the IANA database.
    #[must_use]
    pub fn is_zone(name: &str) -> bool {
        name.parse::<Tz>().is_ok()
    }

    /// The first firing after this time, for a schedule on the clock of `zone`. A rate is counted from `after`.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        match self {
            Self::Rate(period) => after.checked_add_signed(TimeDelta::from_std(*period).ok()?),
            Self::Cron(cron) => cron.next(after, zone),
            Self::At(time) => on_clock(*time, zone).filter(|time| *time > after),
        }
    }
}

/// A positive whole number without a sign.
fn whole(text: &str) -> Option<u64> {
    let has_digits_alone = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| has_digits_alone && *number > 0)
}

fn parse_rate(text: &str, style: ScheduleStyle) -> Result<ScheduleExpression, ScheduleExpressionError> {
    const REFUSED: ScheduleExpressionError = ScheduleExpressionError::Rate;
    let (count, unit) = text.split_once(' ').ok_or(REFUSED)?;
    let count = whole(count).ok_or(REFUSED)?;
    let (singular, seconds) = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => ("minute", 60),
        "hour" => ("hour", 60 * 60),
        "day" => ("day", 24 * 60 * 60),
        _ => return Err(REFUSED),
    };
    // A rule wants the number to agree. Scheduler's own pages write rate(1 days) beside rate(1 day).
    if style == ScheduleStyle::Rule && (count == 1) != (unit == singular) {
        let plural = if count == 1 { "" } else { "s" };
        return Err(ScheduleExpressionError::RateUnit {
            rate: format!("{count} {singular}{plural}"),
        });
    }
    let seconds = count.checked_mul(seconds).ok_or(REFUSED)?;
    Ok(ScheduleExpression::Rate(Duration::from_secs(seconds)))
}

fn parse_at(text: &str) -> Result<ScheduleExpression, ScheduleExpressionError> {
    let time = NaiveDateTime::parse_from_str(text, AT).ok();
    // Numbers of fewer digits are read as well, and AWS wants all of them.
    time.filter(|time| time.format(AT).to_string() == text)
        .map(ScheduleExpression::At)
        .ok_or(ScheduleExpressionError::At)
}

#[cfg(test)]
mod tests;
