//! Schedules of functions: EventBridge rules (`Schedule`) and EventBridge Scheduler (`ScheduleV2`).

use chrono_tz::Tz;

use crate::schedule::Expression;
use crate::template::TemplateError;
use crate::template::properties::Properties;

/// Which service's event a firing without `Input` carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleStyle {
    /// An EventBridge rule: `aws.events`.
    Rule,
    /// EventBridge Scheduler: `aws.scheduler`.
    Scheduler,
}

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
    pub when: Expression,
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

const ZONE: &str = "ScheduleExpressionTimezone";

pub(super) fn read(
    event: &Properties<'_>,
    kind: &str,
    function: &str,
    name: &str,
) -> Result<ScheduleSpec, TemplateError> {
    let (style, property) = match kind {
        "Schedule" => (ScheduleStyle::Rule, "Schedule"),
        _ => (ScheduleStyle::Scheduler, "ScheduleExpression"),
    };
    let expression = event.required_text(property, "a schedule expression")?;
    let (when, is_in_seconds) = match Expression::parse(&expression, style) {
        Ok(when) => (when, false),
        Err(allowed) => match Expression::in_seconds(&expression) {
            Some(when) => (when, true),
            None => return Err(event.refuse(property, Some(&expression.into()), &allowed)),
        },
    };
    let zone = match (event.text(ZONE)?, style) {
        (None, _) => Tz::UTC,
        (Some(name), ScheduleStyle::Scheduler) => name.parse().map_err(|_| {
            event.refuse(
                ZONE,
                Some(&name.into()),
                "a name of the IANA time zone database, such as Asia/Seoul",
            )
        })?,
        (Some(name), ScheduleStyle::Rule) => {
            let allowed = "absent: an EventBridge rule is in UTC; only ScheduleV2 has a time zone";
            return Err(event.refuse(ZONE, Some(&name.into()), allowed));
        }
    };
    let state = event.text("State")?;
    let is_enabled = match state.as_deref() {
        None => event.flag("Enabled", true)?,
        Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) => return Err(event.refuse("State", Some(&other.into()), "ENABLED, DISABLED")),
    };
    Ok(ScheduleSpec {
        name: name.to_owned(),
        physical_name: event.deployment().physical_name(name),
        function: function.to_owned(),
        expression,
        when,
        is_in_seconds,
        input: event.text("Input")?,
        style,
        zone,
        is_enabled,
    })
}
