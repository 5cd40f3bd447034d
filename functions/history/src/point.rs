//! The points of a series as they are printed, and how days or instants become hours, weeks and months.

use chrono::{Datelike, Days, NaiveDate};
use shared::number::Number;

/// The four prices of a day, an hour, a week or a month, as they are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point<At> {
    /// Which one.
    pub at: At,
    /// The first.
    pub open: Number,
    /// The highest.
    pub high: Number,
    /// The lowest.
    pub low: Number,
    /// The last.
    pub close: Number,
}

impl<At> Point<At> {
    /// A point from its first and last price and others in between.
    pub(crate) fn of(at: At, open: Number, close: Number, others: impl IntoIterator<Item = Number>) -> Self {
        let (mut high, mut low) = (open.max(close), open.min(close));
        for price in others {
            high = high.max(price);
            low = low.min(price);
        }
        Self {
            at,
            open,
            high,
            low,
            close,
        }
    }
}

/// Points in buckets: the first's open, the last's close, the extremes of all. `points` are in order, and so are the buckets.
pub(crate) fn fold<At: Copy, Bucket: PartialEq>(
    points: &[Point<At>],
    bucket: impl Fn(At) -> Bucket,
) -> Vec<Point<Bucket>> {
    let mut buckets: Vec<Point<Bucket>> = Vec::new();
    for point in points {
        let at = bucket(point.at);
        match buckets.last_mut() {
            Some(last) if last.at == at => {
                last.high = last.high.max(point.high);
                last.low = last.low.min(point.low);
                last.close = point.close;
            }
            _ => buckets.push(Point {
                at,
                open: point.open,
                high: point.high,
                low: point.low,
                close: point.close,
            }),
        }
    }
    buckets
}

/// The Monday of the day's ISO week.
pub(crate) fn monday(day: NaiveDate) -> NaiveDate {
    let since = u64::from(day.weekday().num_days_from_monday());
    day.checked_sub_days(Days::new(since)).unwrap_or(day)
}

/// The first day of the day's month.
pub(crate) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number {
        serde_json::from_str(text).unwrap()
    }

    fn point(day: &str, [open, high, low, close]: [&str; 4]) -> Point<NaiveDate> {
        Point {
            at: day.parse().unwrap(),
            open: number(open),
            high: number(high),
            low: number(low),
            close: number(close),
        }
    }

    #[test]
    fn a_bucket_has_the_first_open_the_last_close_and_the_extremes() {
        let days = [
            point("2026-10-23", ["10", "12", "9", "11"]),
            point("2026-10-26", ["20", "21", "18", "19"]),
            point("2026-10-28", ["19", "25", "19", "24"]),
            point("2026-10-30", ["24", "24", "17", "18"]),
            point("2026-11-02", ["1", "2", "1", "2"]),
        ];
        assert_eq!(
            fold(&days, monday),
            [
                point("2026-10-19", ["10", "12", "9", "11"]),
                point("2026-10-26", ["20", "25", "17", "18"]),
                point("2026-11-02", ["1", "2", "1", "2"]),
            ]
        );
        assert_eq!(
            fold(&days, first_of_month),
            [
                point("2026-10-01", ["10", "25", "9", "18"]),
                point("2026-11-01", ["1", "2", "1", "2"]),
            ]
        );
        assert_eq!(fold::<NaiveDate, NaiveDate>(&[], monday), []);
    }

    #[test]
    fn weeks_are_iso_weeks_even_across_a_new_year() {
        for (day, of) in [
            ("2027-01-01", "2026-12-28"),
            ("2026-12-28", "2026-12-28"),
            ("2026-12-27", "2026-12-21"),
        ] {
            assert_eq!(monday(day.parse().unwrap()), of.parse().unwrap());
        }
    }
}
