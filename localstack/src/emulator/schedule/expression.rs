//! Schedule expressions: `rate(..)` and AWS's six-field `cron(..)`.

use std::fmt;
use std::time::Duration;

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// When a schedule fires, in UTC.
#[derive(Clone)]
pub enum Expression {
    /// At once, and then every so often.
    Rate(Duration),
    /// At the times that match.
    Cron(Box<Cron>),
}

impl fmt::Debug for Expression {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(period) => write!(formatter, "Rate({period:?})"),
            Self::Cron(cron) => write!(formatter, "Cron({})", cron.as_str()),
        }
    }
}

impl Expression {
    /// What [`Expression::parse`] accepts. Seconds are an extension for local use: AWS counts in minutes at the least.
    pub const ALLOWED: &'static str = "rate(N seconds|minutes|hours|days) or cron(minute hour day-of-month month day-of-week year), one of the days being ?";

    /// Reads an expression; `None` when it is none that [`Expression::ALLOWED`] describes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let inner = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        match (inner("rate"), inner("cron")) {
            (Some(rate), _) => parse_rate(rate),
            (None, Some(cron)) => parse_cron(cron),
            (None, None) => None,
        }
    }
}

fn parse_rate(text: &str) -> Option<Expression> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: u64 = count.parse().ok().filter(|count| *count > 0)?;
    let seconds = match unit.trim() {
        "second" | "seconds" => 1,
        "minute" | "minutes" => 60,
        "hour" | "hours" => 60 * 60,
        "day" | "days" => 24 * 60 * 60,
        _ => return None,
    };
    Some(Expression::Rate(Duration::from_secs(count.checked_mul(seconds)?)))
}

fn parse_cron(text: &str) -> Option<Expression> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let [minute, hour, day, month, weekday, year] = fields.as_slice() else {
        return None;
    };
    // AWS wants exactly one of the two days to be `?`: "Schedule types", EventBridge Scheduler user guide.
    if (*day == "?") == (*weekday == "?") {
        return None;
    }
    let weekday = match weekday.strip_suffix('L') {
        // AWS writes the last Friday as `6L`, croner as `6#L`.
        Some(last) if !last.is_empty() => format!("{last}#L"),
        _ => (*weekday).to_owned(),
    };
    let pattern = [
        "0".to_owned(),
        with_range(minute, 59),
        with_range(hour, 23),
        with_range(day, 31),
        with_range(month, 12),
        with_range(&weekday, 7),
        with_range(year, 2199),
    ];
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Required)
        .alternative_weekdays(true)
        .build();
    parser
        .parse(&pattern.join(" "))
        .ok()
        .map(|cron| Expression::Cron(Box::new(cron)))
}

/// AWS writes "every 10 from 5 on" as `5/10`; croner wants the range spelled out, `5-59/10`.
fn with_range(field: &str, most: u32) -> String {
    let item = |item: &str| match item.split_once('/') {
        Some((start, step)) if start.bytes().all(|byte| byte.is_ascii_digit()) && !start.is_empty() => {
            format!("{start}-{most}/{step}")
        }
        _ => item.to_owned(),
    };
    field.split(',').map(item).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn next(expression: &str, after: &str) -> String {
        let Some(Expression::Cron(cron)) = Expression::parse(expression) else {
            panic!("{expression} is not cron")
        };
        let after: DateTime<Utc> = after.parse().unwrap();
        cron.find_next_occurrence(&after, false)
            .unwrap()
            .format("%Y-%m-%dT%H:%M:%S")
            .to_string()
    }

    #[test]
    fn rates_count_in_seconds_minutes_hours_and_days() {
        for (text, seconds) in [
            ("rate(2 seconds)", 2),
            ("rate(1 minute)", 60),
            ("rate(3 hours)", 10_800),
            ("rate(1 day)", 86_400),
        ] {
            assert!(
                matches!(Expression::parse(text), Some(Expression::Rate(period)) if period.as_secs() == seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn cron_has_six_fields_in_utc_with_sunday_as_1() {
        assert_eq!(
            next("cron(0 15 ? * MON-FRI *)", "2026-10-30T15:00:00Z"),
            "2026-11-02T15:00:00"
        );
        assert_eq!(next("cron(0 0 ? * 1 *)", "2026-10-30T00:00:00Z"), "2026-11-01T00:00:00");
        assert_eq!(
            next("cron(5/20 * * * ? *)", "2026-10-30T15:26:00Z"),
            "2026-10-30T15:45:00"
        );
        assert_eq!(next("cron(0 9 L * ? *)", "2026-02-03T00:00:00Z"), "2026-02-28T09:00:00");
        assert_eq!(
            next("cron(0 9 ? * 6L *)", "2026-10-01T00:00:00Z"),
            "2026-10-30T09:00:00"
        );
        assert_eq!(
            next("cron(0 9 1 1 ? 2028)", "2026-10-01T00:00:00Z"),
            "2028-01-01T09:00:00"
        );
    }

    #[test]
    fn other_expressions_are_refused() {
        for text in [
            "",
            "rate(0 minutes)",
            "rate(5)",
            "rate(1 fortnight)",
            "cron(* * * * *)",
            "cron(0 0 * * * *)",
            "cron(61 0 * * ? *)",
            "every minute",
        ] {
            assert!(Expression::parse(text).is_none(), "{text}");
        }
    }
}
