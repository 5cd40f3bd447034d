//! The closing rates of one day: of each pair two rates that one source set at one instant.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shared::api::{ApiError, ErrorCode};
use shared::currency::CurrencyCode;
use shared::store::{DayRate, DayRates, LOOK_BACK_DAYS, newest_common, rates_on};

use crate::History;

/// The rates of a day against one base.
#[derive(Debug)]
pub(crate) struct ClosingRates {
    /// The currency that prices are in.
    base: CurrencyCode,
    /// The closing rates of the day.
    closing: DayRates,
    /// Of the currencies that no source has at the instant of the base's closing rate: the newest rates of the day that one source has for both, at one
    /// instant; the currency's own first.
    common: BTreeMap<CurrencyCode, [DayRate; 2]>,
}

impl ClosingRates {
    /// The day.
    pub(crate) fn day(&self) -> NaiveDate {
        self.closing.day
    }

    /// The currencies that have a rate on that day, by code.
    pub(crate) fn codes(&self) -> Vec<CurrencyCode> {
        self.closing.codes()
    }

    /// The stored rates that the price of `target` is made of, all of one instant.
    pub(crate) fn legs(&self, target: CurrencyCode) -> Option<Vec<&DayRate>> {
        let closing = self.closing.legs(target, self.base)?;
        if are_of_one_instant(&closing) {
            return Some(closing);
        }
        self.common.get(&target).map(|pair| pair.iter().collect())
    }
}

impl History {
    /// The rates of `symbols`, or of all currencies where none are named, against `base`: on `date`, or on the last day before it with any rate.
    ///
    /// # Errors
    /// 404 when there is no such day or `base` has no rate on it; 503 when PostgreSQL is away.
    pub(crate) async fn closing_rates(
        &self,
        date: NaiveDate,
        base: CurrencyCode,
        symbols: &[CurrencyCode],
    ) -> Result<ClosingRates, ApiError> {
        let mut needed = symbols.to_vec();
        if !needed.is_empty() && !needed.contains(&base) {
            needed.push(base);
        }
        let closing = rates_on(&self.store, date, &needed).await?.ok_or_else(|| {
            let what = format!("there are no rates on {date} or in the {LOOK_BACK_DAYS} days before it");
            ApiError::new(ErrorCode::NotFound, what)
        })?;
        if base != CurrencyCode::KRW && closing.of(base).is_none() {
            let what = format!("there is no rate of {base} on {}, the last day with rates", closing.day);
            return Err(ApiError::new(ErrorCode::NotFound, what));
        }
        let common = self.common_rates(base, &closing).await?;
        Ok(ClosingRates { base, closing, common })
    }

    /// The rates of the currencies that no source has at the instant of the closing rate of `base`, and of `base` beside each.
    async fn common_rates(
        &self,
        base: CurrencyCode,
        closing: &DayRates,
    ) -> Result<BTreeMap<CurrencyCode, [DayRate; 2]>, ApiError> {
        let is_apart = |code: &CurrencyCode| {
            let legs = closing.legs(*code, base).unwrap_or_default();
            !are_of_one_instant(&legs)
        };
        let apart: Vec<(CurrencyCode, NaiveDate)> = closing
            .codes()
            .into_iter()
            .filter(is_apart)
            .map(|code| (code, closing.day))
            .collect();
        if apart.is_empty() {
            return Ok(BTreeMap::new());
        }
        let found = newest_common(&self.store, base, &apart, Some(0)).await?;
        Ok(found
            .into_iter()
            .map(|rates| (rates.target.code, [rates.target, rates.base]))
            .collect())
    }
}

fn are_of_one_instant(legs: &[&DayRate]) -> bool {
    legs.windows(2).all(|pair| pair[0].recorded_at == pair[1].recorded_at)
}
