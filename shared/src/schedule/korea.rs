//! The days, Saturdays and Sundays apart, on which Korean banks are closed: public holidays with their substitutes, elections, days that the government
//! made holidays once, and Labour Day, on which banks close though it was no public holiday before 2026.
//!
//! Seollal, Chuseok and Buddha's Birthday follow the moon, substitutes and elections the law of the year, so this is a table. Source: the public
//! holidays of the Korean government (관공서의 공휴일에 관한 규정) as the Python package `holidays` 0.109 has them (South Korea, categories public and bank),
//! against which every day of the table was compared. A holiday that is declared later is not in it: on such a day, and beyond the table, the worst is
//! that rates count as stale a day early.

use chrono::{Datelike, NaiveDate};

/// The first year of the table.
const FIRST_YEAR: i32 = 2014;

/// Month and day, one year a line, from 2014 to 2028.
#[rustfmt::skip] // One year a line reads as the table it is.
const HOLIDAYS: [&[(u32, u32)]; 15] = [
    &[(1, 1), (1, 30), (1, 31), (5, 1), (5, 5), (5, 6), (6, 4), (6, 6), (8, 15), (9, 8), (9, 9), (9, 10), (10, 3), (10, 9), (12, 25)],
    &[(1, 1), (2, 18), (2, 19), (2, 20), (5, 1), (5, 5), (5, 25), (8, 14), (9, 28), (9, 29), (10, 9), (12, 25)],
    &[(1, 1), (2, 8), (2, 9), (2, 10), (3, 1), (4, 13), (5, 5), (5, 6), (6, 6), (8, 15), (9, 14), (9, 15), (9, 16), (10, 3)],
    &[(1, 27), (1, 30), (3, 1), (5, 1), (5, 3), (5, 5), (5, 9), (6, 6), (8, 15), (10, 2), (10, 3), (10, 4), (10, 5), (10, 6), (10, 9), (12, 25)],
    &[(1, 1), (2, 15), (2, 16), (3, 1), (5, 1), (5, 7), (5, 22), (6, 6), (6, 13), (8, 15), (9, 24), (9, 25), (9, 26), (10, 3), (10, 9), (12, 25)],
    &[(1, 1), (2, 4), (2, 5), (2, 6), (3, 1), (5, 1), (5, 6), (6, 6), (8, 15), (9, 12), (9, 13), (10, 3), (10, 9), (12, 25)],
    &[(1, 1), (1, 24), (1, 27), (4, 15), (4, 30), (5, 1), (5, 5), (8, 17), (9, 30), (10, 1), (10, 2), (10, 9), (12, 25)],
    &[(1, 1), (2, 11), (2, 12), (3, 1), (5, 5), (5, 19), (8, 16), (9, 20), (9, 21), (9, 22), (10, 4), (10, 11)],
    &[(1, 31), (2, 1), (2, 2), (3, 1), (3, 9), (5, 5), (6, 1), (6, 6), (8, 15), (9, 9), (9, 12), (10, 3), (10, 10)],
    &[(1, 23), (1, 24), (3, 1), (5, 1), (5, 5), (5, 29), (6, 6), (8, 15), (9, 28), (9, 29), (10, 2), (10, 3), (10, 9), (12, 25)],
    &[(1, 1), (2, 9), (2, 12), (3, 1), (4, 10), (5, 1), (5, 6), (5, 15), (6, 6), (8, 15), (9, 16), (9, 17), (9, 18), (10, 1), (10, 3), (10, 9), (12, 25)],
    &[(1, 1), (1, 27), (1, 28), (1, 29), (1, 30), (3, 3), (5, 1), (5, 5), (5, 6), (6, 3), (6, 6), (8, 15), (10, 3), (10, 6), (10, 7), (10, 8), (10, 9), (12, 25)],
    &[(1, 1), (2, 16), (2, 17), (2, 18), (3, 2), (5, 1), (5, 5), (5, 25), (6, 3), (7, 17), (8, 17), (9, 24), (9, 25), (10, 5), (10, 9), (12, 25)],
    &[(1, 1), (2, 8), (2, 9), (3, 1), (5, 3), (5, 5), (5, 13), (7, 19), (8, 16), (9, 14), (9, 15), (9, 16), (10, 4), (10, 11), (12, 27)],
    &[(1, 26), (1, 27), (1, 28), (3, 1), (4, 12), (5, 1), (5, 2), (5, 5), (6, 6), (7, 17), (8, 15), (10, 2), (10, 3), (10, 4), (10, 5), (10, 9), (12, 25)],
];

/// The days that are holidays each year: all that is known of years outside the table.
const FIXED: [(u32, u32); 10] = [
    (1, 1),
    (3, 1),
    (5, 1),
    (5, 5),
    (6, 6),
    (7, 17),
    (8, 15),
    (10, 3),
    (10, 9),
    (12, 25),
];

/// Whether Korean banks are closed on `day` for another reason than a weekend.
pub(super) fn is_bank_holiday(day: NaiveDate) -> bool {
    let year = usize::try_from(day.year() - FIRST_YEAR)
        .ok()
        .and_then(|place| HOLIDAYS.get(place));
    year.copied().unwrap_or(&FIXED).contains(&(day.month(), day.day()))
}
