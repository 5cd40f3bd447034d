//! `GET /api/v1/history`: the series of a pair.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DurationRound, NaiveDate, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, FailureResponses, Format, Freshness, FromParams, Params, Query, Served};
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::period::Period;
use shared::time::Timestamp;
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::{IntoParams, ToSchema};

use super::query::{self, PairQuery};
use crate::History;
use crate::daily::Daily;
use crate::formulas::{self, Trend};
use crate::point::{Point, first_of_month, fold, monday};
use crate::range::IntervalName;

/// How far apart the points of a series are, and in which format they are answered.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PointsQuery {
    /// How far apart points are; daily unless given. hourly goes with the periods 1d and 1w, and with `from` and `to` of at most 8 days, both included.
    #[param(inline, required = false, default = "daily")]
    interval: IntervalName,
    /// JSON unless given; goes before the header `Accept`.
    #[param(inline)]
    format: Option<Format>,
}

/// Which series, and in which form.
#[derive(Debug)]
pub(super) struct SeriesQuery {
    of: PairQuery,
    points: PointsQuery,
}

impl IntoParams for SeriesQuery {
    fn into_params(parameter_in: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut params = PairQuery::into_params(&parameter_in);
        params.extend(PointsQuery::into_params(&parameter_in));
        params
    }
}

impl FromParams for SeriesQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let of = PairQuery::from_params(params)?;
        let points = PointsQuery {
            interval: query::interval(params, of.range())?,
            format: params.format("format")?,
        };
        Ok(Self { of, points })
    }
}

/// One point of a series. A rate is what `unit` says.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeriesRow {
    /// The day, the Monday of the week or the first day of the month as YYYY-MM-DD; of an hourly series the hour, RFC 3339 UTC.
    #[schema(example = "2026-10-30")]
    pub date: String,
    /// The first rate.
    pub open: Number,
    /// The highest rate.
    pub high: Number,
    /// The lowest rate.
    pub low: Number,
    /// The last rate.
    pub close: Number,
    /// The same as close.
    pub rate: Number,
    /// The rate less that of the first row.
    pub change: Number,
    /// The change in percent of the rate of the first row.
    pub change_percent: Number,
}

/// Statistics of the daily closes of the series, whatever its interval.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct SeriesStatistics {
    /// Their mean; null without any.
    pub average: Option<Number>,
    /// The lowest; null without any.
    pub min: Option<Number>,
    /// The highest; null without any.
    pub max: Option<Number>,
    /// The sample standard deviation of returns, ln(close / close before), in percent; null with fewer than two. There is no return between closes that are
    /// more than 14 days apart: the series was interrupted there.
    pub volatility: Option<Number>,
    /// The sign of the mean return where |mean / (standard deviation / √n)| of n returns is above the two-sided 5 % critical value of Student's t with n - 1
    /// degrees of freedom; stable otherwise, and with fewer than three returns. Of series that go nowhere 5 % are called up or down.
    pub trend: Trend,
}

impl SeriesStatistics {
    fn of(daily: &Daily) -> Self {
        let closes = daily.closes();
        let values: Vec<Number> = closes.iter().map(|(_, close)| *close).collect();
        let returns = formulas::returns(&closes);
        Self {
            average: formulas::average(&values),
            min: values.iter().min().copied(),
            max: values.iter().max().copied(),
            volatility: formulas::volatility(&returns).and_then(|(daily, _)| Number::from_f64(daily)),
            trend: formulas::trend(&returns),
        }
    }
}

/// The series of a pair.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimeSeries {
    /// The currency that prices are told in.
    pub base: CurrencyCode,
    /// The currency that is priced.
    pub target: CurrencyCode,
    /// What a rate is.
    #[schema(example = "KRW per USD")]
    pub unit: String,
    /// Whether it is told the other way round.
    pub inverse: bool,
    /// The period; null where `from` was given.
    pub period: Option<Period>,
    /// How far apart points are.
    pub interval: IntervalName,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    /// Whose rates these are, several with commas between: of each day and currency one source alone. Null without any point.
    #[schema(example = "ecb")]
    pub source: Option<String>,
    /// The newest instant that both currencies have reached. Null without any point.
    pub recorded_at: Option<Timestamp>,
    /// Whether that is older than the source's own schedule allows today.
    pub stale: bool,
    /// The points, oldest first. Nothing is carried forward: where one of the currencies has no rate there is no point.
    pub results: Vec<SeriesRow>,
    /// How many points there are.
    pub data_points: usize,
    /// Statistics of the daily closes.
    pub statistics: SeriesStatistics,
}

/// The series of a pair
///
/// Days are UTC days. A rate against KRW has every digit that is stored; any other is computed from what one source printed of both currencies, or else from
/// their prices in KRW, once and rounded to ten significant digits. Statistics are computed from the rates as they are printed, so anyone can recompute them.
/// As CSV or NDJSON the rows of `results`.
#[utoipa::path(get, path = "/api/v1/history", operation_id = "history", tag = "History", params(SeriesQuery), responses(
    (status = 200, description = "The series.", content(
        (Envelope<Served<TimeSeries>> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"),
    )),
    FailureResponses,
))]
pub(super) async fn series(
    State(service): State<Arc<History>>,
    headers: HeaderMap,
    Query(SeriesQuery { of, points }): Query<SeriesQuery>,
) -> Result<Answer, ApiError> {
    let (pair, range) = (of.pair(), of.range());
    let series = service.series(pair, range).await?;
    let (daily, mut served_from) = service.daily(&series).await?;
    let results = match points.interval {
        IntervalName::Hourly => {
            let (instants, from) = service.instants(&series).await?;
            served_from = served_from.and(from);
            rows(&hours(&instants)?)
        }
        IntervalName::Daily => rows(&daily.points),
        IntervalName::Weekly => rows(&fold(&daily.points, monday)),
        IntervalName::Monthly => rows(&fold(&daily.points, first_of_month)),
    };
    let freshness = daily
        .provenance
        .next_update()
        .map_or(Freshness::Revalidate, Freshness::Until);
    let format = Format::negotiate(points.format, &headers);
    if format != Format::Json {
        return Answer::rows(&results, format, freshness);
    }
    let body = TimeSeries {
        base: pair.base,
        target: pair.target,
        unit: pair.unit(),
        inverse: pair.inverse,
        period: range.period(),
        interval: points.interval,
        from: daily.from,
        to: daily.to,
        source: daily.provenance.source(),
        recorded_at: daily.provenance.recorded_at(),
        stale: daily.provenance.is_stale(Utc::now()).unwrap_or(true),
        data_points: results.len(),
        results,
        statistics: SeriesStatistics::of(&daily),
    };
    Answer::served(body, served_from, freshness)
}

/// A point for each hour that has any.
fn hours(instants: &[(Timestamp, Number)]) -> Result<Vec<Point<String>>, ApiError> {
    let mut points = Vec::with_capacity(instants.len());
    for (at, price) in instants {
        let hour = at
            .utc()
            .duration_trunc(TimeDelta::hours(1))
            .map_err(|error| ApiError::internal(&error))?;
        points.push(Point::of(hour, *price, *price, []));
    }
    Ok(fold(&points, |hour| hour.to_rfc3339_opts(SecondsFormat::Secs, true)))
}

fn rows<At: ToString>(points: &[Point<At>]) -> Vec<SeriesRow> {
    let Some(first) = points.first().map(|point| point.close) else {
        return Vec::new();
    };
    let row = |point: &Point<At>| {
        let (change, change_percent) = formulas::change(first, point.close);
        SeriesRow {
            date: point.at.to_string(),
            open: point.open,
            high: point.high,
            low: point.low,
            close: point.close,
            rate: point.close,
            change,
            change_percent,
        }
    };
    points.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_named_by_their_beginning_and_hold_what_fell_into_them() {
        let number = |text: &str| serde_json::from_str::<Number>(text).unwrap();
        let instants = [
            ("2026-10-30T09:00:00Z", "3"),
            ("2026-10-30T09:59:59.999999Z", "1"),
            ("2026-10-30T11:30:00Z", "2"),
        ];
        let instants = instants.map(|(at, price)| (at.parse().unwrap(), number(price)));
        let rows = rows(&hours(&instants).unwrap());
        let printed: Vec<String> = rows
            .iter()
            .map(|row| {
                format!(
                    "{} {} {} {} {} {}",
                    row.date, row.open, row.high, row.low, row.close, row.change_percent
                )
            })
            .collect();
        assert_eq!(
            printed,
            ["2026-10-30T09:00:00Z 3 3 1 1 0", "2026-10-30T11:00:00Z 2 2 2 2 100"]
        );
    }
}
