//! `GET /api/v1/rankings`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::NaiveDate;
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorCode, ErrorEnvelope, Format, Freshness, FromParams, Params, Query};
use utoipa::{IntoParams, ToSchema};

use crate::Ranking;
use crate::calendar::RankingPeriod;
use crate::leaderboard::{RankedCountry, leaderboard, total};

/// Which part of which ranking.
#[derive(Debug, Clone, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RankingQuery {
    /// The Korean day, ISO week (Monday to Sunday) or calendar month that the ranking is about.
    #[param(inline, default = "daily")]
    period: Option<RankingPeriod>,
    /// A Korean day (KST, UTC+9) in that period, from 1970-01-01 to today; today unless given.
    #[param(example = "2026-10-30")]
    date: Option<NaiveDate>,
    /// How many countries to list.
    #[param(minimum = 1, maximum = 50, default = 10)]
    limit: Option<u32>,
    /// How many countries of the ranking to leave out before the first that is listed.
    #[param(minimum = 0, maximum = 10_000, default = 0)]
    offset: Option<u32>,
    /// How to write the rows; goes before `Accept`. CSV and NDJSON are the rows of `ranking` alone.
    #[param(inline, default = "json")]
    format: Option<Format>,
}

impl FromParams for RankingQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let period = |text: &str| match text {
            "daily" => Ok(RankingPeriod::Daily),
            "weekly" => Ok(RankingPeriod::Weekly),
            "monthly" => Ok(RankingPeriod::Monthly),
            other => Err(ApiError::refused(
                ErrorCode::InvalidPeriod,
                "period",
                other,
                "daily, weekly or monthly",
            )),
        };
        Ok(Self {
            period: params.text("period").map(period).transpose()?,
            date: params.date("date")?,
            limit: params.number("limit", 1..=50)?,
            offset: params.number("offset", 0..=10_000)?,
            format: params.format("format")?,
        })
    }
}

/// Which countries' currencies people looked at most.
#[derive(Debug, Serialize, ToSchema)]
pub struct RankingPage {
    /// The kind of period.
    #[schema(inline)]
    pub period: RankingPeriod,
    /// The Korean day that was asked for.
    pub date: NaiveDate,
    /// The period's first Korean day.
    pub from: NaiveDate,
    /// The period's last Korean day; it can be in the future.
    pub to: NaiveDate,
    /// By clicks, and by code where they are equal. A country without clicks in the period is not listed.
    pub ranking: Vec<RankedCountry>,
    /// Of the whole period, not of this page.
    pub totals: Totals,
    /// Which part of the ranking this is.
    pub pagination: Pagination,
}

/// A whole period in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Totals {
    /// Clicks of all countries.
    #[schema(minimum = 0)]
    pub total_clicks: u64,
    /// Countries with clicks.
    #[schema(minimum = 0)]
    pub countries: usize,
}

/// Which part of a list this is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Pagination {
    /// At most this many rows.
    #[schema(minimum = 1, maximum = 50)]
    pub limit: u32,
    /// Rows left out before the first.
    #[schema(minimum = 0, maximum = 10_000)]
    pub offset: u32,
    /// Rows of the whole list.
    #[schema(minimum = 0)]
    pub total: usize,
    /// Whether there are rows behind the last.
    pub has_more: bool,
}

/// The ranking of a day, week or month
///
/// Countries by their clicks in the Korean day, ISO week or calendar month that holds `date`, with each one's share and its change against the period
/// before. Countries with the same clicks share a rank ("1, 2, 2, 4") and are listed by code.
#[utoipa::path(get, path = "/api/v1/rankings", operation_id = "ranking", tag = "Ranking", params(RankingQuery), responses(
    (status = 200, description = "The ranking; empty when nobody clicked.", content(
        (Envelope<RankingPage> = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
    (status = 400, description = "A parameter is unknown, repeated or not allowed.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
    (status = 503, description = "MongoDB is away.", body = ErrorEnvelope),
))]
pub(super) async fn ranking(
    State(service): State<Arc<Ranking>>,
    Query(query): Query<RankingQuery>,
    headers: HeaderMap,
) -> Result<Answer, ApiError> {
    let today = service.today();
    let date = query.date.unwrap_or(today);
    if date > today {
        let allowed = format!("a day from 1970-01-01 to {today}, which it is in Korea");
        return Err(ApiError::invalid("date", &date.to_string(), &allowed));
    }
    let period = query.period.unwrap_or_default();
    let found = service.period_clicks(period, date).await?;
    let all = leaderboard(&found.clicks, &found.before);
    let (limit, offset) = (query.limit.unwrap_or(10), query.offset.unwrap_or(0));
    let (first, last) = page(all.len(), limit, offset);
    let page = RankingPage {
        period,
        date,
        from: found.range.from,
        to: found.range.to,
        totals: Totals {
            total_clicks: total(&found.clicks),
            countries: all.len(),
        },
        pagination: Pagination {
            limit,
            offset,
            total: all.len(),
            has_more: last < all.len(),
        },
        ranking: all.into_iter().take(last).skip(first).collect(),
    };
    // Somebody may click at any time.
    match Format::negotiate(query.format, &headers) {
        Format::Json => Answer::json(&page, Freshness::Revalidate),
        format => Answer::rows(&page.ranking, format, Freshness::Revalidate),
    }
}

/// The places of the first row of a page and of the first behind it.
fn page(rows: usize, limit: u32, offset: u32) -> (usize, usize) {
    let place = |place: u32| usize::try_from(place).unwrap_or(usize::MAX).min(rows);
    (place(offset), place(offset.saturating_add(limit)))
}
