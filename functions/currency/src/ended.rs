//! What has no current rate: a currency that was withdrawn or that its source has left behind, a pair that no source publishes together any more, and a
//! currency that has never had one. Each error names the last day that can be asked for.

use chrono::NaiveDate;
use serde::Serialize;
use shared::api::{ApiError, ErrorCode};
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::store::newest_common;
use utoipa::ToSchema;

use crate::Currency;

/// A currency that has no current rate any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = EndedCurrency)]
pub struct Ended {
    /// The currency.
    pub currency_code: CurrencyCode,
    /// The day (UTC) of its last rate, or where it goes on and only its rate in `base` does not, of that: a conversion with this `date` still works.
    pub last_date: NaiveDate,
    /// Why it has none.
    pub state: EndedState,
}

/// Why a currency has no current rate any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EndedState {
    /// It was withdrawn: ISO 4217 has it in list three.
    Ended,
    /// Its source has published several times without it; or, where it is told in another currency than KRW, no source has published both for that long.
    Interrupted,
}

impl Ended {
    /// The currency of `row`, its last.
    pub(crate) fn new(row: &ExchangeRateUpdated, state: EndedState) -> Self {
        Self {
            currency_code: row.currency_code,
            last_date: row.recorded_at.utc().date_naive(),
            state,
        }
    }

    /// A currency that goes on, and of whose price in the currency asked for `last_date` is the last day.
    pub(crate) fn in_this_base(currency_code: CurrencyCode, last_date: NaiveDate) -> Self {
        Self {
            currency_code,
            last_date,
            state: EndedState::Interrupted,
        }
    }
}

impl Currency {
    /// The error of who asks for the current rate of one unit of `from` in units of `to`, of which `ended` has none: with the last day that can be asked for.
    pub(crate) async fn no_current_rate(&self, ended: Ended, from: CurrencyCode, to: CurrencyCode) -> ApiError {
        let code = ended.currency_code;
        let other = if code == from { to } else { from };
        if other == CurrencyCode::KRW || other == code {
            return currency_ended(ended, from, to, Some(ended.last_date));
        }
        match newest_common(&self.store, other, &[(code, ended.last_date)], None).await {
            Ok(common) => {
                let day = common.first().map(|rates| rates.target.recorded_at.utc().date_naive());
                currency_ended(ended, from, to, day)
            }
            Err(error) => error.into(),
        }
    }
}

/// The error of who asks for the current rate of one unit of `from` in units of `to`, one of which has ended. `common_day` is the last day on which one source
/// has a rate for both, if there is one.
fn currency_ended(ended: Ended, from: CurrencyCode, to: CurrencyCode, common_day: Option<NaiveDate>) -> ApiError {
    let Ended {
        currency_code: code,
        last_date,
        state,
    } = ended;
    let english = code.currency().english;
    let why = match state {
        EndedState::Ended => "was withdrawn",
        EndedState::Interrupted => "is not published any more",
    };
    let hint = match common_day {
        Some(day) => {
            format!(
                "/api/v1/convert?from={from}&to={to}&date={day} converts at the last rates that both have of one day"
            )
        }
        None => format!("there is no day on which one source has a rate for both {from} and {to}"),
    };
    let message =
        format!("there is no current rate for {code} ({english}), which {why}: its last one is of {last_date}; {hint}");
    not_current(message, code, last_date, common_day)
}

/// The error of who asks for the current rate of one unit of `from` in units of `to`, where each has one, and of both together `last_date` is the last day.
pub(crate) fn pair_ended(from: CurrencyCode, to: CurrencyCode, last_date: NaiveDate) -> ApiError {
    let message = format!(
        "there is no current rate for {from} in {to}: no source publishes both any more, and {last_date} is the last day on which one did; \
         /api/v1/convert?from={from}&to={to}&date={last_date} converts at the rates of that day"
    );
    not_current(message, from, last_date, Some(last_date))
}

/// 404: what ended on `last_date`, with the day that a conversion may be asked for instead.
fn not_current(message: String, code: CurrencyCode, last_date: NaiveDate, instead: Option<NaiveDate>) -> ApiError {
    let mut error = ApiError::new(ErrorCode::NotFound, message);
    error.details.value = Some(code.to_string());
    error.details.last_date = Some(last_date);
    error.details.suggestions = instead.iter().map(|day| format!("date={day}")).collect();
    error
}

/// The error for a known currency that no source has a rate of.
pub(crate) fn no_rate(code: CurrencyCode) -> ApiError {
    let currency = code.currency();
    let english = currency.english;
    let why = currency.last_day.map_or_else(
        || "no source in use gives one".to_owned(),
        |last| format!("it was withdrawn, and {last} was its last day"),
    );
    let message = format!("there is no rate for {code} ({english}): {why}");
    ApiError::new(ErrorCode::NotFound, message)
}
