//! A forecast of daily closes: the method that did best in a back-test over the last year, with intervals that hold what they say, beside "no change".
//!
//! Rates hardly ever beat "no change", and where no method does, that is the answer. All methods work on logarithms, so no forecast is ever negative.

mod backtest;
mod interval;
mod method;

use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shared::api::{ApiError, ErrorCode, ServedFrom};
use shared::cache::{AnalysisKind, key, ttl};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::number::Number;
use shared::period::Period;
use shared::provenance::Provenance;
use shared::schedule;
use shared::store::progress;
use shared::time::Timestamp;
use utoipa::ToSchema;

use self::backtest::Score;
pub use self::backtest::{Backtest, Candidate};
pub(crate) use self::interval::LEVEL_PERCENT;
pub use self::method::Method;
use crate::History;
use crate::closes::Closes;
use crate::formulas::{is_interrupted, to_f64};
use crate::range::DateRange;
use crate::read_through::{Entry, read_one_through};

/// The most days ahead.
pub(crate) const MOST_DAYS: usize = 30;
/// The fewest closes that a back-test can be made of.
pub(crate) const FEWEST_CLOSES: usize = 60;

/// The forecast of one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = Step)]
pub struct ForecastDay {
    /// The day: one on which the source is expected to publish.
    pub date: NaiveDate,
    /// The forecast close.
    pub rate: Number,
    /// The lower end of the interval in which the close of this day lies with confidence_level.
    pub lower: Number,
    /// The upper end of that interval.
    pub upper: Number,
}

/// A forecast as it is cached: all days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CachedForecast {
    /// Where the closes come from. Entries of earlier releases have it by this name.
    #[serde(rename = "origin")]
    pub provenance: Provenance,
    /// The day of the last close.
    pub last: NaiveDate,
    /// The last close.
    pub current_rate: Number,
    /// The method chosen.
    pub method: Method,
    /// The days ahead.
    pub steps: Vec<ForecastDay>,
    /// How it was chosen.
    pub backtest: Backtest,
}

impl History {
    /// The forecast of a currency in KRW.
    ///
    /// # Errors
    /// 404 without any rate and of a currency that has ended or is interrupted, 422 with fewer than 60 closes in the last year, 503 when PostgreSQL is needed and away.
    pub(crate) async fn forecast(&self, code: CurrencyCode) -> Result<(CachedForecast, ServedFrom), ApiError> {
        let pair = Pair {
            base: CurrencyCode::KRW,
            target: code,
            inverse: false,
        };
        let entry = Entry {
            code,
            key: key::analysis(code, AnalysisKind::Forecast, Period::Year),
            ttl: ttl::COMPUTED,
        };
        let found = read_one_through(&self.cache, entry, || self.computed_forecast(pair)).await?;
        found.ok_or_else(|| too_few(code, 0))
    }

    /// The forecast of a pair from the last year of its series.
    async fn computed_forecast(&self, pair: Pair) -> Result<(CachedForecast, ServedFrom), ApiError> {
        let code = pair.target;
        let series = self.series(pair, DateRange::Period(Period::Year)).await?;
        let (daily, served_from) = self.daily(&series).await?;
        let closes = Closes::from(daily);
        let source = series.last_source();
        if let Some(recorded_at) = closes.provenance.recorded_at() {
            self.refuse_ended(code, source, recorded_at).await?;
        }
        let steady = steady(&closes.closes, source);
        let forecast = forecast(&closes.provenance, &steady, source).ok_or_else(|| too_few(code, steady.len()))?;
        Ok((forecast, served_from))
    }

    /// Refuses a currency that has no current rate any more, by the rules of the current rates: days ahead of its last one are over, or nobody publishes them.
    async fn refuse_ended(&self, code: CurrencyCode, source: &str, recorded_at: Timestamp) -> Result<(), ApiError> {
        let now = Utc::now();
        let is_left_behind = |newest| schedule::is_interrupted(source, recorded_at, newest);
        let why = if code.is_withdrawn_on(now.date_naive()) {
            "was withdrawn"
        } else if is_left_behind(now) {
            // Old by the clock: either the source is silent as a whole, or it goes on without this currency.
            let progress = progress(&self.store, &[source]).await?;
            if !progress.until(source, &[code]).is_some_and(is_left_behind) {
                return Ok(());
            }
            "is not published any more"
        } else {
            return Ok(());
        };
        let last_date = recorded_at.utc().date_naive();
        let english = code.currency().english;
        let message =
            format!("there is nothing to forecast of {code} ({english}), which {why}: its last rate is of {last_date}");
        let mut error = ApiError::new(ErrorCode::NotFound, message);
        error.details.value = Some(code.to_string());
        error.details.last_date = Some(last_date);
        Err(error)
    }
}

fn too_few(code: CurrencyCode, closes: usize) -> ApiError {
    let what = format!(
        "daily closes of {code} in the last year, on days on which its source publishes and after any interruption of more than 14 days"
    );
    ApiError::not_enough(&what, closes, FEWEST_CLOSES)
}

/// The closes of days on which `source` publishes, since the last interruption. Steps ahead are such days, so steps of the past have to be such days as well:
/// with another source's weekends between them they would be smaller, and with a pause of months one of them larger, than those to come.
fn steady(closes: &[(NaiveDate, Number)], source: &str) -> Vec<(NaiveDate, Number)> {
    let last = closes.last().map(|(day, _)| *day);
    let counts = |day: NaiveDate| Some(day) == last || schedule::publishes_on(source, day);
    let mut steady: Vec<(NaiveDate, Number)> = closes.iter().filter(|(day, _)| counts(*day)).copied().collect();
    let interruption = steady.windows(2).rposition(|pair| is_interrupted(pair[0].0, pair[1].0));
    steady.split_off(interruption.map_or(0, |place| place + 1))
}

/// The forecast from these closes; `None` when they are too few.
fn forecast(provenance: &Provenance, closes: &[(NaiveDate, Number)], source: &str) -> Option<CachedForecast> {
    let (last, current_rate) = *closes.last()?;
    if closes.len() < FEWEST_CLOSES {
        return None;
    }
    let logarithms: Vec<f64> = closes.iter().map(|(_, close)| to_f64(*close).ln()).collect();
    let Score {
        method,
        steps,
        ends,
        backtest,
    } = backtest::choose(&logarithms)?;
    let mut date = last;
    let steps = steps.iter().zip(ends);
    let steps: Option<Vec<ForecastDay>> = steps
        .map(|(step, (lower, upper))| {
            date = schedule::next_day(source, date);
            // From the printed close, so that "no change" is exactly that.
            let rate = |logarithm: f64| Number::from_f64(to_f64(current_rate) * logarithm.exp());
            Some(ForecastDay {
                date,
                rate: rate(*step)?,
                lower: rate(lower)?,
                upper: rate(upper)?,
            })
        })
        .collect();
    Some(CachedForecast {
        provenance: provenance.clone(),
        last,
        current_rate,
        method,
        steps: steps?,
        backtest,
    })
}

#[cfg(test)]
mod tests;
