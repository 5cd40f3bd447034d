//! What the parameters of several routes have in common.

use chrono::NaiveDate;
use shared::api::{ApiError, ErrorCode, FromParams, Params};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::period::Period;
use utoipa::IntoParams;

use crate::range::{DateRange, IntervalName, is_within_reach};

/// A pair, and the days asked for.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PairQuery {
    /// The currency that is priced; another one than `base`.
    #[param(value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
    target: CurrencyCode,
    /// The currency that prices are told in; KRW unless given.
    #[param(required = false, default = "KRW", value_type = String, pattern = "^[A-Z]{3}$", example = "KRW")]
    base: CurrencyCode,
    /// `true` tells what one unit of `base` buys, instead of the price of one unit of `target`.
    #[param(required = false, default = false)]
    inverse: bool,
    /// A span that ends at the pair's newest day; 1m unless given. Not together with `from` and `to`.
    #[param(inline, default = "1m")]
    period: Option<Period>,
    /// The first day (UTC), from 1970-01-01 to today and not after `to`; at most ten years before it.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-01")]
    from: Option<NaiveDate>,
    /// The last day (UTC); the pair's newest unless given. Needs `from`.
    #[param(value_type = Option<String>, format = Date, example = "2026-10-30")]
    to: Option<NaiveDate>,
}

impl FromParams for PairQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let (pair, range) = (pair(params)?, range(params)?);
        let (from, to) = match range {
            DateRange::Period(_) => (None, None),
            DateRange::Between { from, to } => (Some(from), to),
        };
        Ok(Self {
            target: pair.target,
            base: pair.base,
            inverse: pair.inverse,
            period: range.period(),
            from,
            to,
        })
    }
}

impl PairQuery {
    /// The pair.
    pub(super) fn pair(&self) -> Pair {
        Pair {
            base: self.base,
            target: self.target,
            inverse: self.inverse,
        }
    }

    /// The days; one month unless given.
    pub(super) fn range(&self) -> DateRange {
        match (self.from, self.period) {
            (Some(from), _) => DateRange::Between { from, to: self.to },
            (None, period) => DateRange::Period(period.unwrap_or(Period::Month)),
        }
    }
}

/// A pair of two different currencies, from `base` (KRW unless given), `target` and `inverse`.
fn pair(params: &Params) -> Result<Pair, ApiError> {
    let pair = Pair {
        base: params.currency("base")?.unwrap_or(CurrencyCode::KRW),
        target: params.required_currency("target")?,
        inverse: params.flag("inverse")?,
    };
    if pair.base == pair.target {
        let allowed = format!("a currency other than base, which is {}", pair.base);
        return Err(ApiError::invalid("target", pair.target.as_str(), &allowed));
    }
    Ok(pair)
}

/// A period, if one is named.
pub(super) fn period(params: &Params) -> Result<Option<Period>, ApiError> {
    let read = |text: &str| {
        let period = text.parse::<Period>();
        period.map_err(|_| ApiError::refused(ErrorCode::InvalidPeriod, "period", text, Period::ALLOWED))
    };
    params.text("period").map(read).transpose()
}

/// The days asked for: `period`, or `from` and perhaps `to`, or one month.
fn range(params: &Params) -> Result<DateRange, ApiError> {
    let (from, to) = (params.date("from")?, params.date("to")?);
    match (period(params)?, from, to) {
        (None, None, None) => Ok(DateRange::Period(Period::Month)),
        (Some(period), None, None) => Ok(DateRange::Period(period)),
        (Some(_), _, _) => {
            let period = params.text("period").unwrap_or_default();
            Err(ApiError::refused(
                ErrorCode::InvalidPeriod,
                "period",
                period,
                "either period, or from and to",
            ))
        }
        (None, None, Some(_)) => Err(ApiError::missing("from", "a day, as YYYY-MM-DD, where to is given")),
        (None, Some(from), to) => between(from, to),
    }
}

fn between(from: NaiveDate, to: Option<NaiveDate>) -> Result<DateRange, ApiError> {
    match to {
        Some(to) if to < from => Err(ApiError::invalid(
            "from",
            &from.to_string(),
            &format!("a day not after to, which is {to}"),
        )),
        Some(to) if !is_within_reach(from, to) => {
            let allowed = format!("a day at most ten years before {to}");
            Err(ApiError::invalid("from", &from.to_string(), &allowed))
        }
        to => Ok(DateRange::Between { from, to }),
    }
}

/// The distance of points, if it goes with the days asked for; daily unless given.
pub(super) fn interval(params: &Params, range: DateRange) -> Result<IntervalName, ApiError> {
    let Some(text) = params.text("interval") else {
        return Ok(IntervalName::default());
    };
    let interval =
        IntervalName::parse(text).ok_or_else(|| ApiError::invalid("interval", text, IntervalName::ALLOWED))?;
    if interval == IntervalName::Hourly && !range.may_have_hours() {
        let allowed = "daily, weekly or monthly; hourly goes with the periods 1d and 1w, and with from and to of at most 8 days, both included";
        return Err(ApiError::refused(ErrorCode::InvalidPeriod, "interval", text, allowed));
    }
    Ok(interval)
}
