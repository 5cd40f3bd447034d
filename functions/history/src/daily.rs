//! The daily points of a pair, from the days of its currencies.

use std::cmp::Ordering;

use chrono::NaiveDate;
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::provenance::Provenance;
use shared::rate::{Rate, StoredRate};
use shared::schedule;
use shared::time::Timestamp;

use crate::leg::{Leg, LegDay, Tick, Ticks};
use crate::point::Point;

/// The daily points of a pair between two days, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Daily {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where the points come from.
    pub provenance: Provenance,
    /// The points.
    pub points: Vec<Point<NaiveDate>>,
}

impl Daily {
    /// Days and closes.
    pub(crate) fn closes(&self) -> Vec<(NaiveDate, Number)> {
        self.points.iter().map(|point| (point.at, point.close)).collect()
    }
}

/// The currencies of a pair that have stored prices: all but KRW.
pub(crate) fn currencies(pair: Pair) -> Vec<CurrencyCode> {
    [pair.base, pair.target]
        .into_iter()
        .filter(|code| *code != CurrencyCode::KRW)
        .collect()
}

/// A day that all currencies of a pair have.
#[derive(Debug)]
pub(crate) struct CommonDay<'a> {
    /// Which day.
    pub day: NaiveDate,
    /// The sources that have all of them on it, in the order in which they count: of each, every currency's own prices. Of one currency the first source alone.
    pub sources: Vec<Vec<&'a LegDay>>,
}

/// The days within `from` and `to` on which one source has all `legs`.
pub(crate) fn common_days<'a>(legs: &[&'a Leg], from: NaiveDate, to: NaiveDate) -> Vec<CommonDay<'a>> {
    let of = |day: &LegDay, sources| CommonDay { day: day.day, sources };
    match legs {
        [one] => {
            let firsts = one.by_day(from, to).filter_map(<[LegDay]>::first);
            firsts.map(|day| of(day, vec![vec![day]])).collect()
        }
        [first, second] => {
            let mut others = second.by_day(from, to).peekable();
            let mut common = Vec::new();
            for of_first in first.by_day(from, to) {
                let Some(day) = of_first.first() else { continue };
                while others.next_if(|of_second| of_second[0].day < day.day).is_some() {}
                let Some(of_second) = others.next_if(|of_second| of_second[0].day == day.day) else {
                    continue;
                };
                let both = of_first.iter().filter_map(|one| {
                    let other = of_second.iter().find(|other| other.source == one.source)?;
                    Some(vec![one, other])
                });
                let both: Vec<Vec<&LegDay>> = both.collect();
                if !both.is_empty() {
                    common.push(of(day, both));
                }
            }
            common
        }
        _ => Vec::new(),
    }
}

/// Whether the prices of a source's day are to be computed from the observations of that day: a cross is of instants, and neither its extremes nor its last price
/// follow from those of its currencies, unless each has the one observation that the source dates by the day.
fn is_of_instants(of_source: &[&LegDay]) -> bool {
    let is_one = |day: &&LegDay| day.observations == 1 && schedule::dates_by_day(&day.source);
    of_source.len() > 1 && !of_source.iter().all(is_one)
}

/// The first and the last of the days whose observations are needed; `None` where none are.
pub(crate) fn needs_ticks(days: &[CommonDay<'_>]) -> Option<(NaiveDate, NaiveDate)> {
    let mut needed = days
        .iter()
        .filter(|day| day.sources.iter().any(|of_source| is_of_instants(of_source)));
    let first = needed.next()?.day;
    Some((first, needed.next_back().map_or(first, |last| last.day)))
}

/// The points of a pair and where they come from. `days` come from [`common_days`] of `legs`; `ticks` are those of the legs where [`needs_ticks`] says so, and
/// nothing else. Of each day the first source counts that has all of the pair at one instant.
pub(crate) fn points(
    pair: Pair,
    legs: &[&Leg],
    days: &[CommonDay<'_>],
    ticks: &[Ticks],
) -> (Vec<Point<NaiveDate>>, Provenance) {
    let mut provenance = Provenance::default();
    let mut points = Vec::with_capacity(days.len());
    let mut newest = None;
    for common in days {
        let priced = common.sources.iter().find_map(|of_source| {
            let source = of_source.first()?.source.as_str();
            let (point, recorded_at) = if is_of_instants(of_source) {
                of_instants(pair, legs, source, common.day, ticks)?
            } else {
                of_day(pair, legs, of_source)?
            };
            Some((source, point, recorded_at))
        });
        if let Some((source, point, recorded_at)) = priced {
            provenance.add_source(source);
            points.push(point);
            newest = recorded_at.map(|recorded_at| (source, recorded_at));
        }
    }
    if let Some((source, recorded_at)) = newest {
        provenance.add_newest(source, recorded_at);
    }
    (points, provenance)
}

/// A day by the prices of the day; and when its last one was set, if it is the last day of all.
fn of_day(pair: Pair, legs: &[&Leg], of_source: &[&LegDay]) -> Option<(Point<NaiveDate>, Option<Timestamp>)> {
    let day = of_source.first()?;
    let price = |of: &dyn Fn(&LegDay) -> Rate| {
        pair.rate(|code| {
            let place = legs.iter().position(|leg| leg.code == code)?;
            of_source.get(place).map(|day| day.stored(of(day)))
        })
    };
    let (open, close) = (price(&|day| day.open)?, price(&|day| day.close)?);
    // The highest price of a day is the lowest the other way round.
    let point = Point::of(day.day, open, close, [price(&|day| day.high)?, price(&|day| day.low)?]);
    let is_last = |leg: &&Leg| leg.days.last().is_some_and(|last| last.day == day.day);
    let recorded_at = |leg: &&Leg| is_last(leg).then(|| leg.recorded_at(&day.source)).flatten();
    Some((point, legs.iter().map(recorded_at).min().flatten()))
}

/// A day of a cross by the instants that both have; and the last of them.
fn of_instants(
    pair: Pair,
    legs: &[&Leg],
    source: &str,
    day: NaiveDate,
    ticks: &[Ticks],
) -> Option<(Point<NaiveDate>, Option<Timestamp>)> {
    let crosses = crosses(pair, legs, source, day, ticks);
    let ((_, open), (last, close)) = (crosses.first()?, crosses.last()?);
    let prices = crosses.iter().map(|(_, price)| *price);
    Some((Point::of(day, *open, *close, prices), Some(*last)))
}

/// The pair's rate at every instant of `days` at which all `legs` have an observation of one source, oldest first: of each day those of the first source that
/// has any. `ticks` are those of the legs, in their order.
pub(crate) fn instants(pair: Pair, legs: &[&Leg], days: &[CommonDay<'_>], ticks: &[Ticks]) -> Vec<(Timestamp, Number)> {
    let of_day = |common: &CommonDay<'_>| {
        let of_source = |of_source: &Vec<&LegDay>| {
            let crosses = crosses(pair, legs, &of_source.first()?.source, common.day, ticks);
            (!crosses.is_empty()).then_some(crosses)
        };
        common.sources.iter().find_map(of_source).unwrap_or_default()
    };
    days.iter().flat_map(of_day).collect()
}

/// The pair's rate at every instant of a day at which all `legs` have an observation of a source, oldest first.
fn crosses(pair: Pair, legs: &[&Leg], source: &str, day: NaiveDate, ticks: &[Ticks]) -> Vec<(Timestamp, Number)> {
    let rate = |rates: &[StoredRate]| {
        pair.rate(|code| {
            let place = legs.iter().position(|leg| leg.code == code)?;
            rates.get(place).copied()
        })
    };
    let ticks: Vec<&[Tick]> = ticks.iter().map(|ticks| ticks.of(source, day)).collect();
    match ticks.as_slice() {
        [one] => {
            let priced = one.iter().filter_map(|tick| Some((tick.at, rate(&[tick.rate])?)));
            priced.collect()
        }
        [first, second] => {
            let (mut left, mut right) = (first.iter().peekable(), second.iter().peekable());
            let mut crosses = Vec::new();
            while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
                let order = one.at.cmp(&other.at);
                if order == Ordering::Equal {
                    crosses.extend(rate(&[one.rate, other.rate]).map(|price| (one.at, price)));
                }
                if order.is_le() {
                    left.next();
                }
                if order.is_ge() {
                    right.next();
                }
            }
            crosses
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
