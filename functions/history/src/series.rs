//! The series of pairs: which days they cover, read from the cache or the store.

use chrono::NaiveDate;
use shared::api::{ApiError, ErrorCode, ServedFrom};
use shared::cache::{Interval, key, ttl};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::period::Period;
use shared::time::Timestamp;

use crate::History;
use crate::daily::{self, Daily};
use crate::leg::{Leg, Ticks};
use crate::range::{DateRange, LONGEST_HOURLY_DAYS, is_within_reach};
use crate::read_through::{Entry, Loaded, read_through};
use crate::store::{self, DayWindow};

/// What was read of one pair.
#[derive(Debug)]
pub(crate) struct Series {
    /// The pair.
    pub pair: Pair,
    /// The first day asked for.
    pub from: NaiveDate,
    /// The last day asked for.
    pub to: NaiveDate,
    /// Where it was read.
    pub served_from: ServedFrom,
    legs: Vec<Leg>,
    /// The period under which its instants can be cached.
    cached_period: Option<Period>,
}

impl Series {
    /// Whose the newest day of the first currency is: of several the one that counts.
    pub(crate) fn last_source(&self) -> &str {
        let last = self.legs.first().and_then(Leg::last);
        last.map_or("", |day| day.source.as_str())
    }
}

impl History {
    /// One pair.
    ///
    /// # Errors
    /// 404 when there is no day on which both of its currencies have a rate; 503 when PostgreSQL is needed and away.
    pub(crate) async fn series(&self, pair: Pair, range: DateRange) -> Result<Series, ApiError> {
        let mut all = self.all_series(&[pair], range).await?;
        all.pop().ok_or_else(|| no_rates(pair))
    }

    /// Several pairs, in their order; what the cache does not have comes in one query, unless the currencies of a pair end on different days.
    ///
    /// # Errors
    /// As [`History::series`], for the first pair at fault.
    pub(crate) async fn all_series(&self, pairs: &[Pair], range: DateRange) -> Result<Vec<Series>, ApiError> {
        let mut series = Vec::with_capacity(pairs.len());
        let DateRange::Period(period) = range else {
            for pair in pairs {
                series.push(self.stored_series(*pair, range).await?);
            }
            return Ok(series);
        };
        let mut codes: Vec<CurrencyCode> = pairs.iter().flat_map(|pair| daily::currencies(*pair)).collect();
        codes.sort_unstable();
        codes.dedup();
        let Loaded { values, served_from } = self.legs(&codes, period).await?;
        for pair in pairs {
            let of = |code: CurrencyCode| {
                let place = codes.iter().position(|known| *known == code)?;
                values.get(place)?.clone()
            };
            let legs: Option<Vec<Leg>> = daily::currencies(*pair).into_iter().map(of).collect();
            let legs = legs.ok_or_else(|| no_rates(*pair))?;
            match end(&legs) {
                Some(last) => series.push(Series {
                    pair: *pair,
                    from: period.first_day(last),
                    to: last,
                    served_from,
                    legs,
                    cached_period: Some(period),
                }),
                // One of them ended earlier, was just renewed or ends with another source: the pair's own period is another.
                None => series.push(self.stored_series(*pair, range).await?),
            }
        }
        Ok(series)
    }

    /// The days of currencies back from each one's own newest day.
    async fn legs(&self, codes: &[CurrencyCode], period: Period) -> Result<Loaded<Leg>, ApiError> {
        let window = DayWindow {
            ends_together: false,
            until: None,
            from: None,
            days: period.most_days(),
        };
        let compute = |codes: Vec<CurrencyCode>| async move {
            let legs = store::legs(&self.store, &codes, window).await?;
            let of = |code: &CurrencyCode| legs.iter().find(|leg| leg.code == *code).cloned();
            Ok(Loaded {
                values: codes.iter().map(of).collect(),
                served_from: ServedFrom::Store,
            })
        };
        read_through(&self.cache, &entries(codes, period, Interval::Daily), compute).await
    }

    /// One pair from the store.
    async fn stored_series(&self, pair: Pair, range: DateRange) -> Result<Series, ApiError> {
        let codes = daily::currencies(pair);
        let window = match range {
            DateRange::Period(period) => DayWindow {
                ends_together: true,
                until: None,
                from: None,
                days: period.most_days(),
            },
            DateRange::Between { from, to } => DayWindow {
                ends_together: true,
                until: to,
                from: Some(from),
                days: 0,
            },
        };
        let legs = store::legs(&self.store, &codes, window).await?;
        let last = legs.first().and_then(Leg::last).map(|day| day.day);
        let newest = match last {
            Some(last) => last,
            // Nothing in the range says nothing of the rest.
            None => store::newest_common_day(&self.store, &codes, None)
                .await?
                .ok_or_else(|| no_rates(pair))?,
        };
        let (from, to) = match range {
            DateRange::Period(period) => (period.first_day(newest), newest),
            DateRange::Between { from, to } => (from, to.unwrap_or(newest).max(from)),
        };
        if !is_within_reach(from, to) {
            return Err(too_long(from, to));
        }
        Ok(Series {
            pair,
            from,
            to,
            served_from: ServedFrom::Store,
            legs,
            cached_period: None,
        })
    }

    /// The daily points.
    ///
    /// # Errors
    /// 503 when PostgreSQL is needed and away.
    pub(crate) async fn daily(&self, series: &Series) -> Result<(Daily, ServedFrom), ApiError> {
        let legs: Vec<&Leg> = series.legs.iter().collect();
        let days = daily::common_days(&legs, series.from, series.to);
        let (ticks, served_from) = match daily::needs_ticks(&days) {
            Some((first, last)) => self.ticks(series, first, last).await?,
            None => (Vec::new(), series.served_from),
        };
        let (points, provenance) = daily::points(series.pair, &legs, &days, &ticks);
        let daily = Daily {
            from: series.from,
            to: series.to,
            provenance,
            points,
        };
        Ok((daily, served_from.and(series.served_from)))
    }

    /// The rate at every instant at which both currencies have an observation, of the days of the series.
    ///
    /// # Errors
    /// 400 when the series is longer than hours are answered for; 503 when PostgreSQL is needed and away.
    pub(crate) async fn instants(&self, series: &Series) -> Result<(Vec<(Timestamp, Number)>, ServedFrom), ApiError> {
        if (series.to - series.from).num_days() >= LONGEST_HOURLY_DAYS {
            let allowed = format!("daily, weekly or monthly for more than {LONGEST_HOURLY_DAYS} days");
            return Err(ApiError::refused(
                ErrorCode::InvalidPeriod,
                "interval",
                "hourly",
                &allowed,
            ));
        }
        let (ticks, served_from) = self.ticks(series, series.from, series.to).await?;
        let legs: Vec<&Leg> = series.legs.iter().collect();
        let days = daily::common_days(&legs, series.from, series.to);
        let instants = daily::instants(series.pair, &legs, &days, &ticks);
        Ok((instants, served_from.and(series.served_from)))
    }

    /// Every observation of the currencies of a series from `first` to `last`, at least.
    async fn ticks(
        &self,
        series: &Series,
        first: NaiveDate,
        last: NaiveDate,
    ) -> Result<(Vec<Ticks>, ServedFrom), ApiError> {
        let codes: Vec<CurrencyCode> = series.legs.iter().map(|leg| leg.code).collect();
        if let Some(period) = series.cached_period {
            let (from, to) = (series.from, series.to);
            let compute = |codes: Vec<CurrencyCode>| async move {
                let ticks = store::ticks(&self.store, &codes, from, to).await?;
                Ok(Loaded {
                    values: ticks.into_iter().map(Some).collect(),
                    served_from: ServedFrom::Store,
                })
            };
            let entries = entries(&codes, period, Interval::Hourly);
            let Loaded { values, served_from } = read_through(&self.cache, &entries, compute).await?;
            // Entries that end on another day were cached before or after those of the days.
            let same: Option<Vec<Ticks>> = values
                .into_iter()
                .map(|ticks| ticks.filter(|ticks| ticks.last == to))
                .collect();
            if let Some(ticks) = same {
                return Ok((ticks, served_from));
            }
        }
        let ticks = store::ticks(&self.store, &codes, first, last).await?;
        Ok((ticks, ServedFrom::Store))
    }
}

/// The day on which all `legs` end ends_together: the last of each, with an instant of one source that all have; `None` where there is none.
fn end(legs: &[Leg]) -> Option<NaiveDate> {
    let (first, others) = legs.split_first()?;
    let last = first.last()?.day;
    let has = |leg: &Leg, known: &(String, Timestamp)| leg.recorded.contains(known);
    let is_common = |known: &(String, Timestamp)| others.iter().all(|leg| has(leg, known));
    let ends_there = |leg: &Leg| leg.last().is_some_and(|day| day.day == last);
    (others.iter().all(ends_there) && first.recorded.iter().any(is_common)).then_some(last)
}

/// Where the series of `codes` are cached.
fn entries(codes: &[CurrencyCode], period: Period, interval: Interval) -> Vec<Entry> {
    let entry = |code: &CurrencyCode| Entry {
        code: *code,
        key: key::history(*code, period, interval),
        ttl: ttl::history(period),
    };
    codes.iter().map(entry).collect()
}

fn no_rates(pair: Pair) -> ApiError {
    let what = match daily::currencies(pair).as_slice() {
        [one] => format!("there are no rates of {one} ({})", one.currency().english),
        _ => format!(
            "there is no day on which one source has a rate for both {} and {}",
            pair.base, pair.target
        ),
    };
    ApiError::new(ErrorCode::NotFound, what)
}

fn too_long(from: NaiveDate, to: NaiveDate) -> ApiError {
    ApiError::invalid(
        "from",
        &from.to_string(),
        &format!("a day at most ten years before {to}"),
    )
}
