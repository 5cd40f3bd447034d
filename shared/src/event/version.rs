//! Which of two observations of one currency stands: one order, as a comparison and as a text that PostgreSQL and Redis compare.

use std::cmp::Ordering;

use uuid::Uuid;

use super::ExchangeRateUpdated;
use crate::rate::Rate;

impl ExchangeRateUpdated {
    /// Which of two observations of one currency stands: the later `recorded_at`, then the later `updated_at`; of two that agree in both, the one with the
    /// greater values (a null is the least), the quotation last of them, and at last the greater digest. What comes behind the instants says nothing about the
    /// world, but every store and cache follows it, so any order of arrival ends the same in all of them.
    #[must_use]
    pub fn cmp_version(&self, other: &Self) -> Ordering {
        let order = |event: &Self| {
            (
                event.recorded_at,
                event.updated_at,
                event.deal_base_rate,
                event.tts,
                event.ttb,
            )
        };
        order(self).cmp(&order(other)).then_with(|| {
            if self == other {
                Ordering::Equal
            } else {
                self.last_digits().cmp(&other.last_digits())
            }
        })
    }

    /// The same order as a text of 200 digits, for PostgreSQL (`COLLATE "C"`) and for Redis scripts, whose `<` on digits is the same in every locale:
    /// `recorded_at` and `updated_at` in microseconds (18 each), a 1, the three values in KRW (13 digits before the point and 28 behind it, 0 for null), and
    /// 40 digits of quotation and digest. Former texts had the digest in place of the 1, and it began with 0: of one observation they are less.
    #[must_use]
    pub fn version(&self) -> String {
        format!(
            "{:018}{:018}1{}{}{}{}",
            self.recorded_at.micros(),
            self.updated_at.micros(),
            fixed(Some(self.deal_base_rate)),
            fixed(self.tts),
            fixed(self.ttb),
            self.last_digits()
        )
    }

    /// The last 40 digits of a version: without a quotation the digest, which has 39 and so begins with a 0; with one a 1, the quotation (where its first
    /// digit stands, two, and its 18 digits) and 19 digits of the digest. So what has a quotation stands before the same without it, and builds that know of
    /// none write what they always wrote.
    fn last_digits(&self) -> String {
        const KEPT: u128 = 10_u128.pow(19);
        match self.quotation {
            None => format!("{:040}", self.digest()),
            Some(quotation) => format!("1{}{:019}", floating(quotation), self.digest() % KEPT),
        }
    }

    fn digest(&self) -> u128 {
        let shown = |rate: Option<Rate>| rate.map(|rate| rate.to_string()).unwrap_or_default();
        let values = format!(
            "{}\n{}\n{}\n{}\n{}\n{}",
            self.currency_code,
            self.currency_name,
            self.deal_base_rate,
            shown(self.tts),
            shown(self.ttb),
            self.source
        );
        // SHA-1 by way of a name-based UUID: any digest that is the same in every build does.
        Uuid::new_v5(&Uuid::NAMESPACE_OID, values.as_bytes()).as_u128()
    }
}

/// A rate in 20 digits, whose order as texts is that of rates: how far its first digit stands before the last place of [`fixed`], and from it on the 18 that
/// any has.
fn floating(rate: Rate) -> String {
    let all = fixed(Some(rate));
    let digits = all.trim_start_matches('0');
    format!("{:02}{digits:0<18.18}", digits.len())
}

/// A rate with all the digits that any has: 13 before the point and 28 behind it, without the point.
fn fixed(rate: Option<Rate>) -> String {
    let text = rate.map_or_else(|| "0".to_owned(), |rate| rate.to_string());
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole:0>13}{fraction:0<28}")
}
