//! `GET /api/v1/rankings/stats/{country}`.

use std::sync::Arc;

use axum::extract::State;
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, Freshness, FromParams, Params, Query};
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use shared::number::Number;
use utoipa::{IntoParams, ToSchema};

use super::input::PathCountry;
use crate::Ranking;

/// How many days.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatsQuery {
    /// How many Korean days, ending today.
    #[param(minimum = 1, maximum = 30, default = 7)]
    days: Option<u32>,
}

impl FromParams for StatsQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        Ok(Self {
            days: params.number("days", 1..=30)?,
        })
    }
}

/// One country's clicks by day.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountryStats {
    /// ISO 3166-1 alpha-2 code.
    pub country_code: CountryCode,
    /// Korean name.
    #[schema(example = "미국")]
    pub country_name: &'static str,
    /// English name.
    #[schema(example = "United States")]
    pub country_name_en: &'static str,
    /// The country's own currency.
    pub currency_code: CurrencyCode,
    /// How many days.
    #[schema(minimum = 1, maximum = 30)]
    pub days: u32,
    /// The first Korean day.
    pub from: NaiveDate,
    /// The last Korean day: today, as far as it has gone.
    pub to: NaiveDate,
    /// Clicks of all these days.
    #[schema(minimum = 0)]
    pub total_clicks: u64,
    /// Clicks a day, days without any included; ten significant digits.
    pub average_clicks: Number,
    /// The day with the most clicks, the first of several; null when there were none at all.
    pub best_day: Option<DayClicks>,
    /// Each day, the oldest first, days without clicks included.
    pub daily: Vec<DayClicks>,
}

/// One day's clicks.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct DayClicks {
    /// The Korean day (KST, UTC+9).
    pub date: NaiveDate,
    /// Clicks on it.
    #[schema(minimum = 0)]
    pub clicks: u64,
}

/// One country's clicks by day
///
/// The clicks of each of the last Korean days, today included, with their sum, their average and the best of them. Days without clicks are listed with
/// zero.
#[utoipa::path(get, path = "/api/v1/rankings/stats/{country}", operation_id = "countryStats", tag = "Ranking",
    params(PathCountry, StatsQuery), responses(
    (status = 200, description = "The country's clicks.", body = Envelope<CountryStats>),
    (status = 400, description = "The country is unknown, or a parameter is unknown, repeated or not allowed.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
    (status = 503, description = "MongoDB is away.", body = ErrorEnvelope),
))]
pub(super) async fn stats(
    State(service): State<Arc<Ranking>>,
    PathCountry { country }: PathCountry,
    Query(query): Query<StatsQuery>,
) -> Result<Answer, ApiError> {
    let days = query.days.unwrap_or(7);
    let counted = service.clicks_by_day(country, days).await?;
    Answer::json(&summary(country, days, &counted), Freshness::Revalidate)
}

fn summary(country: CountryCode, days: u32, counted: &[(NaiveDate, u64)]) -> CountryStats {
    let daily: Vec<DayClicks> = counted
        .iter()
        .map(|&(date, clicks)| DayClicks { date, clicks })
        .collect();
    let total_clicks = daily.iter().map(|day| day.clicks).sum();
    // Of equal ones `max_by_key` takes the last, so look from the end.
    let best_day = daily
        .iter()
        .rev()
        .max_by_key(|day| day.clicks)
        .filter(|day| day.clicks > 0)
        .copied();
    let end = |day: Option<&DayClicks>| day.map_or_else(NaiveDate::default, |day| day.date);
    CountryStats {
        country_code: country,
        country_name: country.country().korean,
        country_name_en: country.country().english,
        currency_code: country.currency(),
        days,
        from: end(daily.first()),
        to: end(daily.last()),
        total_clicks,
        average_clicks: Number::computed(Decimal::from(total_clicks) / Decimal::from(days.max(1))),
        best_day,
        daily,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(clicks: &[u64]) -> CountryStats {
        let first: NaiveDate = "2026-02-27".parse().unwrap();
        let days: Vec<(NaiveDate, u64)> = first.iter_days().zip(clicks.iter().copied()).collect();
        summary("US".parse().unwrap(), u32::try_from(clicks.len()).unwrap(), &days)
    }

    #[test]
    fn the_average_counts_days_without_clicks() {
        let stats = of(&[0, 5, 5]);
        assert_eq!(
            (stats.total_clicks, stats.average_clicks.to_string().as_str()),
            (10, "3.333333333")
        );
        assert_eq!(
            [stats.from, stats.to].map(|day| day.to_string()),
            ["2026-02-27", "2026-03-01"]
        );
        let best = stats.best_day.unwrap();
        assert_eq!((best.date.to_string().as_str(), best.clicks), ("2026-02-28", 5));
    }

    #[test]
    fn without_clicks_there_is_no_best_day() {
        let stats = of(&[0, 0]);
        assert!(stats.best_day.is_none());
        assert_eq!(
            (stats.total_clicks, stats.average_clicks.to_string().as_str()),
            (0, "0")
        );
    }
}
