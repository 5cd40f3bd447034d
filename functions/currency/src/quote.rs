//! The rates of pairs, now: a pair with KRW is a stored rate, any other is made of two that one source set at one instant, and never of two.

use std::collections::BTreeMap;

use chrono::{NaiveDate, Utc};
use shared::api::{ApiError, ServedFrom};
use shared::cross::Pair;
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::number::Number;
use shared::provenance::Provenance;
use shared::rate::StoredRate;
use shared::schedule;
use shared::store::{CommonRates, DayRate, newest_common, progress};
use shared::time::Timestamp;

use crate::Currency;
use crate::current::Current;
use crate::ended::Ended;

/// A stored rate that an answer is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leg {
    /// The currency.
    pub code: CurrencyCode,
    /// KRW for one unit, and the source's own quotation.
    pub rate: StoredRate,
    /// Whose rate it is.
    pub source: String,
    /// When its source set it.
    pub recorded_at: Timestamp,
}

/// The rate of a pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quote {
    /// In the direction of the pair.
    pub rate: Number,
    /// What it is made of: nothing for a currency in itself, one rate for a pair with KRW, else two of one source and instant, the target's first.
    pub legs: Vec<Leg>,
}

/// The rates of several currencies in units of one.
#[derive(Debug)]
pub(crate) struct Quotes {
    /// By target. One that has no rate, or none of an instant and source that the base has, is not there.
    pub quotes: BTreeMap<CurrencyCode, Quote>,
    /// Those that have no current rate any more, by code; the base can be among them.
    pub ended: BTreeMap<CurrencyCode, Ended>,
    /// Those that have a current rate and none in the base any more: the last day on which one source had both, which that source has left behind since.
    pub ended_pairs: BTreeMap<CurrencyCode, NaiveDate>,
    /// Those, the base among them, that have never had a rate, by code.
    pub missing: Vec<CurrencyCode>,
    /// Where they were read.
    pub served_from: ServedFrom,
}

impl From<&ExchangeRateUpdated> for Leg {
    fn from(row: &ExchangeRateUpdated) -> Self {
        Self {
            code: row.currency_code,
            rate: row.stored_rate(),
            source: row.source.clone(),
            recorded_at: row.recorded_at,
        }
    }
}

impl From<&DayRate> for Leg {
    fn from(rate: &DayRate) -> Self {
        Self {
            code: rate.code,
            rate: rate.rate,
            source: rate.source.clone(),
            recorded_at: rate.recorded_at,
        }
    }
}

impl Quote {
    /// The rate of `pair` from all that it is made of; `None` where something is missing.
    pub(crate) fn new(pair: Pair, legs: Vec<Leg>) -> Option<Self> {
        let stored = |code: CurrencyCode| legs.iter().find(|leg| leg.code == code).map(|leg| leg.rate);
        let rate = pair.rate(stored)?;
        Some(Self { rate, legs })
    }

    /// When it was set: all of its rates at one instant; `None` for a currency in itself.
    pub(crate) fn recorded_at(&self) -> Option<Timestamp> {
        self.legs.first().map(|leg| leg.recorded_at)
    }
}

impl Currency {
    /// The current rates of `targets` in units of `base`, or of one unit of `base` where `inverse`.
    ///
    /// # Errors
    /// [`ApiError`] when neither Redis nor PostgreSQL can answer, or PostgreSQL cannot where two currencies' newest rates are of different days.
    pub(crate) async fn quotes(
        &self,
        base: CurrencyCode,
        targets: &[CurrencyCode],
        inverse: bool,
    ) -> Result<Quotes, ApiError> {
        let mut needed: Vec<CurrencyCode> = targets.iter().filter(|code| **code != base).copied().collect();
        if !needed.is_empty() || base != CurrencyCode::KRW {
            needed.push(base);
        }
        let current = self.current(&needed).await?;
        let mut served_from = current.served_from;
        let (mut quotes, mut apart) = (BTreeMap::new(), Vec::new());
        for target in targets.iter().copied() {
            let pair = Pair { base, target, inverse };
            let Some(legs) = legs(&current, target, base) else {
                continue;
            };
            match &legs[..] {
                [one, other] if one.source != other.source || one.recorded_at != other.recorded_at => {
                    apart.push((target, one.recorded_at.min(other.recorded_at).utc().date_naive()));
                }
                _ => quotes.extend(Quote::new(pair, legs).map(|quote| (target, quote))),
            }
        }
        let mut ended_pairs = BTreeMap::new();
        if !apart.is_empty() {
            served_from = ServedFrom::Store;
            let common = newest_common(&self.store, base, &apart, None).await?;
            for CommonRates { base: of_base, target } in self.still_published(common, &mut ended_pairs).await? {
                let pair = Pair {
                    base,
                    target: target.code,
                    inverse,
                };
                let quote = Quote::new(pair, vec![Leg::from(&target), Leg::from(&of_base)]);
                quotes.extend(quote.map(|quote| (target.code, quote)));
            }
        }
        let has_none = |code: &CurrencyCode| {
            *code != CurrencyCode::KRW && !current.rows.contains_key(code) && !current.ended.contains_key(code)
        };
        needed.retain(has_none);
        needed.sort_unstable();
        Ok(Quotes {
            quotes,
            missing: needed,
            ended: current.ended,
            ended_pairs,
            served_from,
        })
    }

    /// Those of `common` that their source has not left behind; the others go to `ended_pairs`, with their day.
    async fn still_published(
        &self,
        mut common: Vec<CommonRates>,
        ended_pairs: &mut BTreeMap<CurrencyCode, NaiveDate>,
    ) -> Result<Vec<CommonRates>, ApiError> {
        let now = Utc::now();
        // As for one currency: only what is old by the clock can have been left behind, and only then is it asked how far the source is.
        let is_old = |rate: &DayRate| schedule::is_interrupted(&rate.source, rate.recorded_at, now);
        let mut sources: Vec<&str> = common
            .iter()
            .filter(|rates| is_old(&rates.target))
            .map(|rates| &*rates.target.source)
            .collect();
        sources.sort_unstable();
        sources.dedup();
        if sources.is_empty() {
            return Ok(common);
        }
        let progress = progress(&self.store, &sources).await?;
        common.retain(|CommonRates { base, target: rate }| {
            let until = progress.until(&rate.source, &[rate.code, base.code]);
            let goes_on = !until.is_some_and(|until| schedule::is_interrupted(&rate.source, rate.recorded_at, until));
            if !goes_on {
                ended_pairs.insert(rate.code, rate.recorded_at.utc().date_naive());
            }
            goes_on
        });
        Ok(common)
    }
}

/// The newest rates of both currencies; `None` where one has none.
fn legs(current: &Current, target: CurrencyCode, base: CurrencyCode) -> Option<Vec<Leg>> {
    let mut codes = if target == base { Vec::new() } else { vec![target, base] };
    codes.retain(|code| *code != CurrencyCode::KRW);
    codes.iter().map(|code| current.rows.get(code).map(Leg::from)).collect()
}

/// Where an answer comes from that is made of `legs`.
pub(crate) fn provenance<'a>(legs: impl IntoIterator<Item = &'a Leg>) -> Provenance {
    let of_leg = |leg: &'a Leg| (leg.source.as_str(), leg.recorded_at);
    legs.into_iter().map(of_leg).collect()
}
