//! What AWS takes and refuses, and when schedules fire, against every minute of the calendar looked at one by one.

mod firings;

use super::*;
use ScheduleStyle::{Rule, Scheduler};

/// Expressions, whether a rule takes them, whether EventBridge Scheduler does, and who says so.
#[rustfmt::skip]
const TABLE: &[(&str, bool, bool, &str)] = &[
    // "Setting a schedule pattern for scheduled rules": value and unit, singular for 1, plural above. Scheduler's own page has "rate(1 days)".
    ("rate(1 minute)", true, true, "both pages"),
    ("rate(5 minutes)", true, true, "both pages"),
    ("rate(1 hour)", true, true, "both pages"),
    ("rate(30 days)", true, true, "both pages"),
    ("rate(1 days)", false, true, "rules: \"the unit must be singular\"; Scheduler: its example of a day of 23 hours"),
    ("rate(1 minutes)", false, true, "the same"),
    ("rate(5 minute)", false, true, "the same"),
    ("rate(10 day)", false, true, "the same"),
    // "A positive number." Units are those three.
    ("rate(0 minutes)", false, false, "\"a positive number\""),
    ("rate(-10 minutes)", false, false, "\"a positive number\""),
    ("rate(+5 minutes)", false, false, "\"a positive number\""),
    ("rate(1.5 hours)", false, false, "no fraction in either grammar"),
    ("rate(10 seconds)", false, false, "units"),
    ("rate(10 weeks)", false, false, "units"),
    ("rate(10 years)", false, false, "units"),
    ("rate(10 minutess)", false, false, "units"),
    ("rate(5)", false, false, "two fields"),
    ("rate()", false, false, "two fields"),
    ("rate(5 minutes 3)", false, false, "two fields"),
    // LocalStack's tests that ran against AWS (tests/aws/services/events, scheduler) have these as ValidationException.
    ("rate( 10 minutes )", false, false, "LocalStack's validated tests"),
    (" rate(10 minutes)", false, false, "LocalStack's validated tests"),
    ("rate(foo minutes)", false, false, "LocalStack's validated tests"),
    ("cron(0 1 * * * *)", false, false, "LocalStack's validated tests"),
    ("cron(7 20 * * NOT *)", false, false, "LocalStack's validated tests"),
    ("cron(0 dummy ? * MON-FRI *)", false, false, "LocalStack's validated tests"),
    ("cron(71 8 1 * ? *)", false, false, "LocalStack's validated tests"),
    ("cron()", false, false, "LocalStack's validated tests"),
    ("cron(INVALID)", false, false, "LocalStack's validated tests"),
    ("at(2021-12-31T23:59:59Z)", false, false, "LocalStack's validated tests"),
    ("at(2021-12-31)", false, false, "LocalStack's validated tests"),
    // LocalStack issue 13572: tried on AWS.
    ("cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)", true, true, "tried on AWS"),
    ("cron(30-30 13-13 ? * 2,4,6 *)", true, true, "tried on AWS"),
    ("cron(1-31/30 1-1 ? * 1,7 *)", true, true, "tried on AWS"),
    // aws-sdk-js issue 4212.
    ("cron(*/60 * * * ? *)", false, false, "tried on AWS"),
    // Examples of the pages, and their tables of fields, values and wildcards.
    ("cron(0 10 * * ? *)", true, true, "example"),
    ("cron(0/15 * * * ? *)", true, true, "example"),
    ("cron(0/30 20-23 ? * MON-FRI *)", true, true, "example"),
    ("cron(15 10 ? * 6L 2022-2023)", true, true, "example"),
    ("cron(0 8 3W * ? *)", true, true, "W"),
    ("cron(0 8 L * ? *)", true, true, "L"),
    ("cron(0 8 ? * 3#2 *)", true, true, "#"),
    ("cron(0 0 ? JAN,FEB,MAR 1 1970,2199)", true, true, "values"),
    ("cron(0 8 ? * 3#1,6#3 *)", false, false, "# with one expression only"),
    ("cron(0 8 ? * 3#6 *)", false, false, "no month has six"),
    ("cron(0 12 * * ?)", false, true, "rules: six required fields; Scheduler: the year is optional"),
    ("cron(* * * * *)", false, false, "no ?"),
    ("cron(0 0 12 * * ? *)", false, false, "seven fields"),
    ("cron(0 0 ? * ? *)", false, false, "? in one of both"),
    ("cron(0 0 1 * MON *)", false, false, "a value in one of both"),
    ("cron(0 0 * * * *)", false, false, "* in one of both"),
    ("cron(? 0 * * ? *)", false, false, "? stands for a day"),
    ("cron(60 0 * * ? *)", false, false, "0-59"),
    ("cron(0 24 * * ? *)", false, false, "0-23"),
    ("cron(0 0 0 * ? *)", false, false, "1-31"),
    ("cron(0 0 32 * ? *)", false, false, "1-31"),
    ("cron(0 0 1 13 ? *)", false, false, "1-12"),
    ("cron(0 0 1 JANUARY ? *)", false, false, "JAN-DEC"),
    ("cron(0 0 ? * 0 *)", false, false, "1-7"),
    ("cron(0 0 ? * 8 *)", false, false, "1-7"),
    ("cron(0 0 ? * MON/2 *)", false, false, "no / in day-of-week"),
    ("cron(0 0 1 1 ? 1969)", false, false, "1970-2199"),
    ("cron(0 0 1 1 ? 2200)", false, false, "1970-2199"),
    ("cron(0/0 * * * ? *)", false, false, "a step goes on"),
    ("cron(5- * * * ? *)", false, false, "a range has two ends"),
    ("cron(5,, * * * ? *)", false, false, "a list has values"),
    ("cron(W * * * ? *)", false, false, "no W in minutes"),
    // "One-time schedules", Scheduler's page alone.
    ("at(2026-11-20T13:00:00)", false, true, "Scheduler alone"),
    ("at(2026-11-20 13:00:00)", false, false, "a T"),
    ("at(2026-1-2T3:4:5)", false, false, "all digits"),
    ("at(2026-02-30T00:00:00)", false, false, "no such day"),
    ("at(2026-11-20T24:00:00)", false, false, "no such hour"),
    ("", false, false, "nothing"),
    ("every minute", false, false, "no expression"),
    ("Rate(5 minutes)", false, false, "no expression"),
    ("rate(5 minutes", false, false, "no expression"),
];

#[test]
fn expressions_are_taken_and_refused_as_aws_does() {
    for (text, by_rule, by_scheduler, source) in TABLE {
        for (style, is_taken) in [(Rule, *by_rule), (Scheduler, *by_scheduler)] {
            let parsed = ScheduleExpression::parse(text, style);
            assert_eq!(parsed.is_ok(), is_taken, "{text:?} as {style:?} ({source}): {parsed:?}");
        }
    }
}

#[test]
fn an_error_says_what_is_allowed() {
    for (text, style, allowed) in [
        ("rate(5 minute)", Rule, "rate(5 minutes): singular for 1, plural above"),
        ("rate(1 hours)", Rule, "rate(1 hour): singular for 1, plural above"),
        (
            "rate(1.5 hours)",
            Scheduler,
            "rate(value unit): a whole number above 0, one blank, and minutes, hours or days (minute, hour or day for 1)",
        ),
        (
            "cron(0 12 * * ?)",
            Rule,
            "six fields, here are 5: cron(minutes hours day-of-month month day-of-week year)",
        ),
        (
            "cron(0 0 ? * ? *)",
            Rule,
            "? in one of day-of-month and day-of-week, and not in both",
        ),
        (
            "cron(0 0 ? * 8 *)",
            Rule,
            "1 to 7 or SUN to SAT in day-of-week, with , for lists, - for ranges, or *, L, a day with L alone, or day#number alone",
        ),
        (
            "cron(0 24 * * ? *)",
            Rule,
            "0 to 23 in hours, with , for lists, - for ranges and / for steps, or *",
        ),
        (
            "cron(*/60 * * * ? *)",
            Rule,
            r#"a step from 1 to 59 in minutes, not "60""#,
        ),
        (
            "at(2026-01-01T00:00:00)",
            Rule,
            "rate(..) or cron(..); only EventBridge Scheduler (ScheduleV2) takes at(..)",
        ),
        (
            "at(2026-1-1T00:00:00)",
            Scheduler,
            "at(yyyy-mm-ddThh:mm:ss), a time on the clock of ScheduleExpressionTimezone",
        ),
    ] {
        let error = ScheduleExpression::parse(text, style).unwrap_err();
        assert_eq!(error.to_string(), allowed, "{text}");
    }
}

#[test]
fn seconds_are_read_by_their_own_name_alone() {
    let seconds = |count| Some(ScheduleExpression::Rate(Duration::from_secs(count)));
    assert_eq!(ScheduleExpression::in_seconds("rate(1 second)"), seconds(1));
    assert_eq!(ScheduleExpression::in_seconds("rate(2 seconds)"), seconds(2));
    for text in [
        "rate(2 second)",
        "rate(1 seconds)",
        "rate(0 seconds)",
        "rate(2 minutes)",
        "",
    ] {
        assert_eq!(ScheduleExpression::in_seconds(text), None, "{text}");
    }
}
