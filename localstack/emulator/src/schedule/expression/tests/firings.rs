//! Firings, computed a second time without anything of this module: every minute of UTC is asked what the zone's clock shows.

use std::collections::BTreeSet;

use chrono::{Datelike, Timelike};

use super::*;

/// Half an hour of each workday, on the clocks of Frankfurt and of Seoul.
const BERLIN: &str = "cron(0-30 16 ? * MON-FRI *)";
const SEOUL: &str = "cron(0-30 11 ? * MON-FRI *)";

/// Whether the clock shows a time at which a schedule fires.
type Matches = fn(NaiveDateTime) -> bool;

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The first `count` minutes after `after` that match. What the clock shows a second time does not count.
fn minute_by_minute(after: DateTime<Utc>, zone: Tz, count: usize, matches: Matches) -> Vec<DateTime<Utc>> {
    let minute = TimeDelta::minutes(1);
    // The clock may have been set back just before.
    let mut now = after.with_second(0).unwrap() - TimeDelta::hours(3);
    let mut shown = BTreeSet::new();
    let mut found = Vec::new();
    while found.len() < count {
        let clock = now.with_timezone(&zone).naive_local();
        if shown.insert(clock) && matches(clock) && now > after {
            found.push(now);
        }
        if shown.len() > 600 {
            shown.pop_first();
        }
        now += minute;
    }
    found
}

fn firings(expression: &ScheduleExpression, after: DateTime<Utc>, zone: Tz, count: usize) -> Vec<DateTime<Utc>> {
    let next = |last: &DateTime<Utc>| expression.next(*last, zone);
    std::iter::successors(next(&after), next).take(count).collect()
}

fn is_workday(clock: NaiveDateTime) -> bool {
    clock.weekday().num_days_from_monday() < 5
}

fn scheduled(text: &str) -> ScheduleExpression {
    ScheduleExpression::parse(text, Scheduler).unwrap()
}

#[test]
fn the_next_400_firings_are_those_of_the_calendar() {
    let (berlin, seoul) = (scheduled(BERLIN), scheduled(SEOUL));
    // Now, a new year, a leap day, and the days before Europe sets its clocks, of which the last two are a week of 400 firings with the change in it.
    for start in [
        "2026-11-29T12:00:00Z",
        "2026-12-31T23:59:59Z",
        "2028-02-25T15:17:30Z",
        "2027-03-25T15:10:00Z",
        "2027-10-28T14:29:59Z",
        "2030-03-29T00:00:00Z",
        "2031-10-24T14:00:00Z",
    ] {
        let start = moment(start);
        let afternoon: Matches = |clock| is_workday(clock) && clock.hour() == 16 && clock.minute() <= 30;
        let morning: Matches = |clock| is_workday(clock) && clock.hour() == 11 && clock.minute() <= 30;
        for (expression, zone, matches) in [
            (&berlin, Tz::Europe__Berlin, afternoon),
            (&seoul, Tz::Asia__Seoul, morning),
        ] {
            assert_eq!(
                firings(expression, start, zone, 400),
                minute_by_minute(start, zone, 400, matches),
                "{zone} after {start}"
            );
        }
        let every_five: Vec<_> = (1..=400).map(|count| start + TimeDelta::minutes(5 * count)).collect();
        assert_eq!(firings(&scheduled("rate(5 minutes)"), start, Tz::UTC, 400), every_five);
    }
}

#[test]
fn a_change_of_clocks_moves_the_firings_in_utc() {
    let berlin = scheduled(BERLIN);
    let first_of = |start: &str| firings(&berlin, moment(start), Tz::Europe__Berlin, 1)[0].to_rfc3339();
    // Friday before, Monday after.
    assert_eq!(first_of("2027-03-26T00:00:00Z"), "2027-03-26T15:00:00+00:00");
    assert_eq!(first_of("2027-03-29T00:00:00Z"), "2027-03-29T14:00:00+00:00");
    assert_eq!(first_of("2027-10-29T00:00:00Z"), "2027-10-29T14:00:00+00:00");
    assert_eq!(first_of("2027-11-01T00:00:00Z"), "2027-11-01T15:00:00+00:00");
}

#[test]
fn a_time_that_the_clock_skips_is_skipped_and_one_that_comes_twice_fires_once() {
    let zones = [
        Tz::America__Los_Angeles,
        Tz::Europe__Berlin,
        // Half an hour, at 2 o'clock; and a change at midnight.
        Tz::Australia__Lord_Howe,
        Tz::America__Santiago,
        Tz::Asia__Seoul,
    ];
    let schedules: [(&str, Matches); 6] = [
        ("cron(30 2 * * ? *)", |clock| clock.hour() == 2 && clock.minute() == 30),
        ("cron(0/10 0-3 * * ? *)", |clock| {
            clock.hour() <= 3 && clock.minute() % 10 == 0
        }),
        ("cron(45 23,1 ? * SAT,SUN *)", |clock| {
            !is_workday(clock) && [1, 23].contains(&clock.hour()) && clock.minute() == 45
        }),
        ("cron(0 2 L * ? *)", |clock| {
            (clock.hour(), clock.minute()) == (2, 0) && (clock + TimeDelta::days(1)).day() == 1
        }),
        ("cron(30 1 ? MAR,OCT 1L *)", |clock| {
            [3, 10].contains(&clock.month())
                && clock.weekday() == chrono::Weekday::Sun
                && clock.day() > 24
                && (clock.hour(), clock.minute()) == (1, 30)
        }),
        ("cron(15 0 ? * 1#1 2027)", |clock| {
            clock.year() == 2027
                && clock.weekday() == chrono::Weekday::Sun
                && clock.day() <= 7
                && (clock.hour(), clock.minute()) == (0, 15)
        }),
    ];
    for zone in zones {
        for (text, matches) in schedules {
            let expression = scheduled(text);
            let start = moment("2026-12-01T00:00:00Z");
            let count = if text.contains("0-3") { 9_000 } else { 10 };
            let found = firings(&expression, start, zone, count);
            assert_eq!(
                found,
                minute_by_minute(start, zone, found.len(), matches),
                "{text} in {zone}"
            );
            assert!(!found.is_empty(), "{text} in {zone}");
        }
    }
}

#[test]
fn the_example_of_schedulers_page_holds() {
    // "cron(30 2 * * ? *)" in Los Angeles: not on 14 March 2027, and once, before the shift, on 7 November.
    let expression = ScheduleExpression::parse("cron(30 2 * * ? *)", Scheduler).unwrap();
    let on = |start: &str, count| {
        let found = firings(&expression, moment(start), Tz::America__Los_Angeles, count);
        found.iter().map(DateTime::to_rfc3339).collect::<Vec<_>>()
    };
    assert_eq!(
        on("2027-03-13T08:00:00Z", 2),
        ["2027-03-13T10:30:00+00:00", "2027-03-15T09:30:00+00:00"]
    );
    let expression = ScheduleExpression::parse("cron(30 1 * * ? *)", Scheduler).unwrap();
    let found = firings(&expression, moment("2027-11-07T07:00:00Z"), Tz::America__Los_Angeles, 2);
    assert_eq!(
        found.iter().map(DateTime::to_rfc3339).collect::<Vec<_>>(),
        ["2027-11-07T08:30:00+00:00", "2027-11-08T09:30:00+00:00"]
    );
}

#[test]
fn days_are_found_by_month_by_week_and_by_weekday() {
    let next = |text: &str, after: &str| {
        let expression = ScheduleExpression::parse(text, Rule).unwrap();
        expression
            .next(moment(after), Tz::UTC)
            .map(|time| time.format("%Y-%m-%dT%H:%M").to_string())
    };
    for (text, after, expected) in [
        ("cron(0 15 ? * MON-FRI *)", "2026-10-30T15:00:00Z", "2026-11-02T15:00"),
        ("cron(0 0 ? * 1 *)", "2026-10-30T00:00:00Z", "2026-11-01T00:00"),
        ("cron(0 0 ? * L *)", "2026-10-30T00:00:00Z", "2026-10-31T00:00"),
        ("cron(0 0 ? * FRI-MON *)", "2026-11-03T00:00:00Z", "2026-11-06T00:00"),
        ("cron(5/20 * * * ? *)", "2026-10-30T15:26:00Z", "2026-10-30T15:45"),
        ("cron(0 9 L * ? *)", "2026-02-03T00:00:00Z", "2026-02-28T09:00"),
        ("cron(0 9 ? * 6L *)", "2026-10-01T00:00:00Z", "2026-10-30T09:00"),
        ("cron(0 9 ? * FRIL *)", "2026-10-01T00:00:00Z", "2026-10-30T09:00"),
        ("cron(0 9 ? * 3#5 *)", "2026-10-01T00:00:00Z", "2026-12-29T09:00"),
        // 1 August 2026 is a Saturday, 31 May a Sunday; the month is not left.
        ("cron(0 9 1W 8 ? *)", "2026-01-01T00:00:00Z", "2026-08-03T09:00"),
        ("cron(0 9 31W 5 ? *)", "2026-01-01T00:00:00Z", "2026-05-29T09:00"),
        ("cron(0 9 15W 8 ? *)", "2026-01-01T00:00:00Z", "2026-08-14T09:00"),
        ("cron(0 9 29 2 ? *)", "2026-10-01T00:00:00Z", "2028-02-29T09:00"),
        ("cron(0 9 1 1 ? 2028)", "2026-10-01T00:00:00Z", "2028-01-01T09:00"),
        ("cron(0 9 1 1 ? 2026/2)", "2026-10-01T00:00:00Z", "2028-01-01T09:00"),
    ] {
        assert_eq!(next(text, after).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(next("cron(0 9 30 2 ? *)", "2026-10-01T00:00:00Z"), None);
    assert_eq!(next("cron(0 9 1 1 ? 2025)", "2026-10-01T00:00:00Z"), None);
}

#[test]
fn a_one_time_schedule_fires_once_on_its_own_clock() {
    let expression = ScheduleExpression::parse("at(2022-11-20T13:00:00)", Scheduler).unwrap();
    let found = firings(&expression, moment("2022-11-01T00:00:00Z"), Tz::America__Los_Angeles, 5);
    assert_eq!(found, [moment("2022-11-20T21:00:00Z")]);
}
