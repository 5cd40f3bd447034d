//! What the parameters of several routes have in common.

use chrono::NaiveDate;
use shared::api::{ApiError, ErrorCode, Params};
use shared::currency::CurrencyCode;
use shared::pair::Pair;

use crate::period::{IntervalName, PeriodName, Span, is_within_reach};

/// A pair of two different currencies, from `base` (KRW unless given), `target` and `inverse`.
pub(super) fn pair(params: &Params) -> Result<Pair, ApiError> {
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
pub(super) fn period(params: &Params) -> Result<Option<PeriodName>, ApiError> {
    let read = |text: &str| {
        let period = PeriodName::parse(text);
        period.ok_or_else(|| ApiError::refused(ErrorCode::InvalidPeriod, "period", text, PeriodName::ALLOWED))
    };
    params.text("period").map(read).transpose()
}

/// The days asked for: `period`, or `from` and perhaps `to`, or one month.
pub(super) fn span(params: &Params) -> Result<Span, ApiError> {
    let (from, to) = (params.date("from")?, params.date("to")?);
    match (period(params)?, from, to) {
        (None, None, None) => Ok(Span::Period(PeriodName::Month)),
        (Some(period), None, None) => Ok(Span::Period(period)),
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
        (None, Some(from), to) => range(from, to),
    }
}

fn range(from: NaiveDate, to: Option<NaiveDate>) -> Result<Span, ApiError> {
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
        to => Ok(Span::Range(from, to)),
    }
}

/// The distance of points, if it goes with the days asked for; daily unless given.
pub(super) fn interval(params: &Params, span: Span) -> Result<IntervalName, ApiError> {
    let Some(text) = params.text("interval") else {
        return Ok(IntervalName::default());
    };
    let interval =
        IntervalName::parse(text).ok_or_else(|| ApiError::invalid("interval", text, IntervalName::ALLOWED))?;
    match (interval, span.period()) {
        (IntervalName::Hourly, Some(period)) if !period.has_hours() => {
            let allowed = "daily, weekly or monthly; hourly goes with the periods 1d and 1w, and with from and to at most 8 days apart";
            Err(ApiError::refused(ErrorCode::InvalidPeriod, "interval", text, allowed))
        }
        _ => Ok(interval),
    }
}
