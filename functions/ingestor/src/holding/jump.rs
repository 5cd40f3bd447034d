//! How far rates are apart.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use shared::rate::Rate;

/// Whether `new` differs from `old` by more than `max_percent`.
pub(super) fn is_jump(new: Rate, old: Rate, max_percent: Decimal) -> bool {
    percent_between(new, old).abs() > max_percent
}

/// By how many percent `new` differs from `old`, to four decimals.
#[must_use]
pub fn percent_between(new: Rate, old: Rate) -> Decimal {
    // Rates are between 10^-10 and 10^12, so the quotient stays below 10^24 and fits.
    ((new.decimal() - old.decimal()) / old.decimal() * Decimal::ONE_HUNDRED)
        .round_dp(4)
        .normalize()
}

/// How far apart two quotations are, the same in both directions. It decides and is never shown, so it need not be exact.
pub(super) fn distance(one: Rate, other: Rate) -> f64 {
    let number = |rate: Rate| rate.decimal().to_f64().unwrap_or(f64::NAN);
    (number(one) / number(other)).ln().abs()
}
