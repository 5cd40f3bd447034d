//! Schedule expressions, as the two services of AWS take them: `rate(..)`, `cron(..)` and EventBridge Scheduler's `at(..)`.
//!
//! Sources: "Setting a schedule pattern for scheduled rules (legacy) in Amazon EventBridge", Amazon EventBridge user guide
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>), and "Schedule types in EventBridge
//! Scheduler", its user guide (<https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>).

use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::cron::Cron;
use crate::template::ScheduleStyle;

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// At once, and then every so often.
    Rate(Duration),
    /// At the times that match.
    Cron(Box<Cron>),
    /// Once, at this time of the schedule's own clock.
    At(NaiveDateTime),
}

/// How an `at` is written.
const AT: &str = "%Y-%m-%dT%H:%M:%S";

impl Expression {
    /// Reads an expression as the service of `style` does.
    ///
    /// # Errors
    /// What is allowed there, when AWS refuses the expression.
    pub fn parse(text: &str, style: ScheduleStyle) -> Result<Self, String> {
        let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(rate) = inner("rate") {
            return parse_rate(rate, style);
        }
        if let Some(cron) = inner("cron") {
            return Cron::parse(cron, style).map(|cron| Self::Cron(Box::new(cron)));
        }
        match (inner("at"), style) {
            (Some(time), ScheduleStyle::Scheduler) => parse_at(time),
            (Some(_), ScheduleStyle::Rule) => {
                Err("rate(..) or cron(..); only EventBridge Scheduler (ScheduleV2) takes at(..)".to_owned())
            }
            (None, ScheduleStyle::Scheduler) => {
                Err("rate(value unit), cron(minutes hours day-of-month month day-of-week year) or at(yyyy-mm-ddThh:mm:ss), without blanks around it".to_owned())
            }
            (None, ScheduleStyle::Rule) => Err(
                "rate(value unit) or cron(minutes hours day-of-month month day-of-week year), without blanks around it"
                    .to_owned(),
            ),
        }
    }

    /// Reads `rate(N seconds)`, which no service of AWS takes: a local stack may be in more of a hurry.
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

/// The moment at which the clock of `zone` shows `time`: none when it skips that time, the first when it shows it twice.
///
/// Source: "Daylight savings time on EventBridge Scheduler" on the page above: an invocation at a time that does not exist is skipped, and
/// one at a time that comes twice runs once, before the shift.
pub(super) fn on_clock(time: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let moment = time.and_local_timezone(zone).earliest()?;
    Some(moment.with_timezone(&Utc))
}

/// A positive whole number without a sign.
pub(super) fn whole(text: &str) -> Option<u64> {
    let has_digits_alone = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|number| has_digits_alone && *number > 0)
}

fn parse_rate(text: &str, style: ScheduleStyle) -> Result<Expression, String> {
    const ALLOWED: &str =
        "rate(value unit): a whole number above 0, one blank, and minutes, hours or days (minute, hour or day for 1)";
    let allowed = || ALLOWED.to_owned();
    let (count, unit) = text.split_once(' ').ok_or_else(allowed)?;
    let count = whole(count).ok_or_else(allowed)?;
    let (singular, seconds) = match unit.strip_suffix('s').unwrap_or(unit) {
        "minute" => ("minute", 60),
        "hour" => ("hour", 60 * 60),
        "day" => ("day", 24 * 60 * 60),
        _ => return Err(allowed()),
    };
    // A rule wants the number to agree. Scheduler's own pages write rate(1 days) beside rate(1 day).
    if style == ScheduleStyle::Rule && (count == 1) != (unit == singular) {
        let plural = if count == 1 { "" } else { "s" };
        return Err(format!(
            "rate({count} {singular}{plural}): singular for 1, plural above"
        ));
    }
    let seconds = count.checked_mul(seconds).ok_or_else(allowed)?;
    Ok(Expression::Rate(Duration::from_secs(seconds)))
}

fn parse_at(text: &str) -> Result<Expression, String> {
    let time = NaiveDateTime::parse_from_str(text, AT).ok();
    // Numbers of fewer digits are read as well, and AWS wants all of them.
    time.filter(|time| time.format(AT).to_string() == text)
        .map(Expression::At)
        .ok_or_else(|| "at(yyyy-mm-ddThh:mm:ss), a time on the clock of ScheduleExpressionTimezone".to_owned())
}

#[cfg(test)]
mod tests;
