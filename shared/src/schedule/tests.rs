use super::target_calendar::easter;
use super::*;
use crate::ecb;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When the rates of a day are recorded.
fn recorded(source: &str, of: &str) -> Timestamp {
    match source {
        ecb::SOURCE => ecb::recorded_at(day(of)).unwrap(),
        _ => instant(&format!("{of}T02:00:00Z")),
    }
}

#[test]
fn the_ecb_publishes_on_working_days_of_target() {
    for (from, to) in [
        ("2026-10-29", "2026-10-30"),
        ("2026-10-30", "2026-11-02"),
        ("2026-04-02", "2026-04-07"),
        ("2026-04-30", "2026-05-04"),
        ("2026-12-24", "2026-12-28"),
        ("2025-12-31", "2026-01-02"),
    ] {
        assert_eq!(next_day("ecb", day(from)), day(to));
    }
}

#[test]
fn korea_eximbank_publishes_when_korean_banks_are_open() {
    for (from, to, why) in [
        ("2026-10-30", "2026-11-02", "a weekend"),
        (
            "2025-10-02",
            "2025-10-10",
            "National Foundation Day and Chuseok: seven closed days in a row",
        ),
        (
            "2017-09-29",
            "2017-10-10",
            "Chuseok with a day made a holiday: ten closed days in a row",
        ),
        ("2026-02-13", "2026-02-19", "Seollal"),
        ("2026-05-22", "2026-05-26", "the substitute of Buddha's Birthday"),
        ("2024-04-30", "2024-05-02", "Labour Day, on which banks close"),
        (
            "2024-09-30",
            "2024-10-02",
            "Armed Forces Day, a holiday of that year alone",
        ),
        ("2026-06-02", "2026-06-04", "local elections"),
        ("2027-12-24", "2027-12-28", "the substitute of Christmas"),
        // Beyond the table: weekends and the days that are holidays each year.
        ("2030-12-24", "2030-12-26", "Christmas"),
        ("2013-05-31", "2013-06-03", "a weekend"),
    ] {
        assert_eq!(next_day("koreaexim", day(from)), day(to), "{why}");
    }
}

#[test]
fn easter_is_where_the_calendars_have_it() {
    for text in [
        "2000-04-23",
        "2008-03-23",
        "2011-04-24",
        "2019-04-21",
        "2024-03-31",
        "2025-04-20",
        "2026-04-05",
    ] {
        assert_eq!(easter(day(text).year()), day(text));
    }
}

/// For each: source, day of the rates, the hour of the next publication in UTC. Freshness ends five minutes before it, staleness begins two hours after.
#[test]
fn freshness_ends_where_the_next_publication_may_begin() {
    for (source, of, hour) in [
        // Clocks in Frankfurt go on at 2026-03-29 01:00Z and back at 2026-10-25 01:00Z.
        ("ecb", "2026-03-26", "2026-03-27T15:00:00Z"),
        ("ecb", "2026-03-27", "2026-03-30T14:00:00Z"),
        ("ecb", "2026-10-22", "2026-10-23T14:00:00Z"),
        ("ecb", "2026-10-23", "2026-10-26T15:00:00Z"),
        ("ecb", "2026-07-01", "2026-07-02T14:00:00Z"),
        ("ecb", "2026-01-14", "2026-01-15T15:00:00Z"),
        // Good Friday and Easter Monday, 1 May, Christmas, New Year.
        ("ecb", "2026-04-02", "2026-04-07T14:00:00Z"),
        ("ecb", "2026-04-30", "2026-05-04T14:00:00Z"),
        ("ecb", "2026-12-24", "2026-12-28T15:00:00Z"),
        ("ecb", "2026-12-31", "2027-01-04T15:00:00Z"),
        // Seoul has no summer time.
        ("koreaexim", "2026-07-01", "2026-07-02T02:00:00Z"),
        ("koreaexim", "2026-01-14", "2026-01-15T02:00:00Z"),
        ("koreaexim", "2026-02-13", "2026-02-19T02:00:00Z"),
        ("koreaexim", "2025-10-02", "2025-10-10T02:00:00Z"),
        ("koreaexim", "2026-04-30", "2026-05-04T02:00:00Z"),
    ] {
        let of = recorded(source, of);
        assert_eq!(
            earliest_next(source, of),
            at(hour) - TimeDelta::minutes(5),
            "{source} {of}"
        );
        assert!(!is_stale(source, of, at(hour) + TimeDelta::hours(2)), "{source} {of}");
        assert!(
            is_stale(source, of, at(hour) + TimeDelta::hours(2) + TimeDelta::seconds(1)),
            "{source} {of}"
        );
    }
}

#[test]
fn a_source_without_an_hour_is_renewed_after_a_day() {
    for source in ["exchangerate_api", "somebody"] {
        let of = instant("2026-10-24T00:02:31Z");
        assert_eq!(earliest_next(source, of), at("2026-10-25T00:02:31Z"));
        assert_eq!(next_expected(source, of), at("2026-10-25T02:02:31Z"));
    }
}

#[test]
fn a_currency_is_interrupted_when_its_source_went_on_without_it() {
    for (source, of, newest, interrupted) in [
        // Five publications of the ECB after 2022-03-01, the last that had the rouble: 2, 3, 4, 7 and 8 March.
        ("ecb", "2022-03-01", "2022-03-07", false),
        ("ecb", "2022-03-01", "2022-03-08", true),
        ("ecb", "2025-12-31", "2026-01-07", false),
        ("ecb", "2025-12-31", "2026-01-08", true),
        // Days on which nothing is published are not missed.
        ("koreaexim", "2025-10-02", "2025-10-10", false),
        ("koreaexim", "2025-10-02", "2025-10-15", false),
        ("koreaexim", "2025-10-02", "2025-10-16", true),
        ("exchangerate_api", "2026-10-20", "2026-10-24", false),
        ("exchangerate_api", "2026-10-20", "2026-10-25", true),
    ] {
        let is = is_interrupted(source, recorded(source, of), recorded(source, newest).utc());
        assert_eq!(is, interrupted, "{source} {of} {newest}");
    }
}
