//! The daily points of a pair, from the days of its currencies.

use std::cmp::Ordering;

use chrono::NaiveDate;
use shared::api::Number;
use shared::currency::CurrencyCode;
use shared::pair::Pair;
use shared::rate::Rate;
use shared::time::Timestamp;

use crate::leg::{Leg, LegDay, Ticks};
use crate::origin::Origin;
use crate::point::Point;

/// The daily points of a pair between two days, oldest first.
#[derive(Debug, Clone)]
pub(crate) struct Daily {
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where the points come from.
    pub origin: Origin,
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

/// The days that all `legs` have, within `from` and `to`: of each, every currency's own.
pub(crate) fn common_days<'a>(legs: &[&'a Leg], from: NaiveDate, to: NaiveDate) -> Vec<Vec<&'a LegDay>> {
    let Some((first, others)) = legs.split_first() else {
        return Vec::new();
    };
    let within = first.days.iter().filter(|day| (from..=to).contains(&day.day));
    within
        .filter_map(|day| {
            let of_others = others.iter().map(|leg| {
                let place = leg.days.binary_search_by_key(&day.day, |day| day.day).ok()?;
                leg.days.get(place)
            });
            std::iter::once(Some(day)).chain(of_others).collect()
        })
        .collect()
}

/// Whether high and low of a cross need the observations of the day: its extremes are those of instants, not of days.
pub(crate) fn needs_ticks(days: &[Vec<&LegDay>]) -> bool {
    days.iter()
        .any(|of_day| of_day.len() > 1 && of_day.iter().any(|day| day.observations > 1))
}

/// The points of a pair. `days` come from [`common_days`] of `legs`; `ticks` are those of the legs where [`needs_ticks`] says so, and nothing else.
pub(crate) fn points(pair: Pair, legs: &[&Leg], days: &[Vec<&LegDay>], ticks: &[Ticks]) -> Vec<Point<NaiveDate>> {
    let instants = crosses(pair, legs, ticks);
    let point = |of_day: &Vec<&LegDay>| {
        let at = of_day.first()?.day;
        let price = |of: &dyn Fn(&LegDay) -> Rate| {
            pair.rate(|code| {
                let place = legs.iter().position(|leg| leg.code == code)?;
                of_day.get(place).map(|day| of(day))
            })
        };
        let (open, close) = (price(&|day| day.open)?, price(&|day| day.close)?);
        let extremes = if of_day.len() > 1 {
            let begin = instants.partition_point(|(instant, _)| instant.utc().date_naive() < at);
            let of_instants = instants[begin..]
                .iter()
                .take_while(|(instant, _)| instant.utc().date_naive() == at);
            of_instants.map(|(_, price)| *price).collect()
        } else {
            // The highest price of a day is the lowest the other way round.
            vec![price(&|day| day.high)?, price(&|day| day.low)?]
        };
        Some(Point::of(at, open, close, extremes))
    };
    days.iter().filter_map(point).collect()
}

/// The pair's rate at every instant at which all `legs` have an observation, oldest first. `ticks` are those of the legs, in their order.
pub(crate) fn crosses(pair: Pair, legs: &[&Leg], ticks: &[Ticks]) -> Vec<(Timestamp, Number)> {
    let rate = |prices: &[Rate]| {
        pair.rate(|code| {
            let place = legs.iter().position(|leg| leg.code == code)?;
            prices.get(place).copied()
        })
    };
    match ticks {
        [one] => one
            .ticks
            .iter()
            .filter_map(|(at, price)| Some((*at, rate(&[*price])?)))
            .collect(),
        [first, second] => {
            let (mut left, mut right) = (first.ticks.iter().peekable(), second.ticks.iter().peekable());
            let mut crosses = Vec::new();
            while let (Some((at, price)), Some((other_at, other_price))) = (left.peek(), right.peek()) {
                let order = at.cmp(other_at);
                if order == Ordering::Equal {
                    crosses.extend(rate(&[*price, *other_price]).map(|price| (*at, price)));
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

/// Where the points of `days` come from.
pub(crate) fn origin(legs: &[&Leg], days: &[Vec<&LegDay>]) -> Origin {
    let mut origin = Origin::default();
    for day in days.iter().flatten() {
        origin.add_source(&day.source);
    }
    let Some(last) = days.last() else { return origin };
    for (leg, day) in legs.iter().zip(last) {
        origin.add_newest(&day.source, leg.recorded_at);
    }
    origin
}

#[cfg(test)]
mod tests;
