//! Reads schedules of functions: EventBridge rules (`Schedule`) and EventBridge Scheduler (`ScheduleV2`).

use chrono_tz::Tz;

use crate::schedule::{ScheduleExpression, ScheduleStyle};
use crate::template::error::TemplateError;
use crate::template::properties::Properties;
use crate::template::spec::ScheduleSpec;

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
    let (when, is_in_seconds) = match ScheduleExpression::parse(&expression, style) {
        Ok(when) => (when, false),
        Err(allowed) => match ScheduleExpression::in_seconds(&expression) {
            Some(when) => (when, true),
            None => return Err(event.property_error(property, Some(&expression.into()), &allowed.to_string())),
        },
    };
    let zone = match (event.text(ZONE)?, style) {
        (None, _) => Tz::UTC,
        (Some(name), ScheduleStyle::Scheduler) => name.parse().map_err(|_| {
            event.property_error(
                ZONE,
                Some(&name.into()),
                "a name of the IANA time zone database, such as Asia/Seoul",
            )
        })?,
        (Some(name), ScheduleStyle::Rule) => {
            let allowed = "absent: an EventBridge rule is in UTC; only ScheduleV2 has a time zone";
            return Err(event.property_error(ZONE, Some(&name.into()), allowed));
        }
    };
    let state = event.text("State")?;
    let is_enabled = match state.as_deref() {
        None => event.flag("Enabled", true)?,
        Some("ENABLED") => true,
        Some("DISABLED") => false,
        Some(other) => return Err(event.property_error("State", Some(&other.into()), "ENABLED, DISABLED")),
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
