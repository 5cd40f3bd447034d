//! One field of a cron expression: values, lists, ranges and steps.

use std::collections::BTreeSet;

use crate::schedule::error::ScheduleExpressionError;

/// What a field may hold.
pub(super) struct Field {
    name: &'static str,
    least: u32,
    most: u32,
    /// Names of the values from `least` on.
    names: &'static [&'static str],
    has_steps: bool,
}

impl Field {
    pub(super) const MINUTES: Self = Self::numbers("minutes", 0, 59);
    pub(super) const HOURS: Self = Self::numbers("hours", 0, 23);
    pub(super) const DAYS: Self = Self::numbers("day-of-month", 1, 31);
    pub(super) const YEARS: Self = Self::numbers("year", 1970, 2199);
    pub(super) const MONTHS: Self = Self {
        names: &[
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ],
        ..Self::numbers("month", 1, 12)
    };
    /// The only field whose row in AWS's tables has no `/`.
    pub(super) const WEEKDAYS: Self = Self {
        names: &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"],
        has_steps: false,
        ..Self::numbers("day-of-week", 1, 7)
    };

    const fn numbers(name: &'static str, least: u32, most: u32) -> Self {
        Self {
            name,
            least,
            most,
            names: &[],
            has_steps: true,
        }
    }

    /// The values that the field's text stands for.
    pub(super) fn parse(&self, text: &str) -> Result<BTreeSet<u32>, ScheduleExpressionError> {
        let mut values = BTreeSet::new();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) if self.has_steps => (range, Some(self.step(step)?)),
                Some(_) => return Err(self.refused()),
                None => (item, None),
            };
            let (first, last) = match (range, range.split_once('-')) {
                ("*", _) => (self.least, self.most),
                (_, Some((first, last))) => (self.number(first)?, self.number(last)?),
                // "1/10 specifies every tenth minute, starting from the first."
                (first, None) if step.is_some() => (self.number(first)?, self.most),
                (only, None) => (self.number(only)?, self.number(only)?),
            };
            let step = step.unwrap_or(1);
            if first <= last {
                values.extend((first..=last).step_by(step));
            } else if self.name == Self::YEARS.name {
                return Err(ScheduleExpressionError::YearRange {
                    range: range.to_owned(),
                });
            } else {
                // FRI-MON goes round the end.
                values.extend((first..=self.most).chain(self.least..=last).step_by(step));
            }
        }
        Ok(values)
    }

    /// One value, as a number or by its name.
    pub(super) fn number(&self, text: &str) -> Result<u32, ScheduleExpressionError> {
        let named = self.names.iter().zip(self.least..);
        let mut named = named.filter(|(name, _)| name.eq_ignore_ascii_case(text));
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number);
        named
            .next()
            .map(|(_, value)| value)
            .or(number)
            .filter(|value| (self.least..=self.most).contains(value))
            .ok_or_else(|| self.refused())
    }

    fn step(&self, text: &str) -> Result<usize, ScheduleExpressionError> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let step = text.parse().ok().filter(|_| is_number);
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        step.filter(|step| (1..=most).contains(step))
            .ok_or_else(|| ScheduleExpressionError::Step {
                most,
                field: self.name,
                step: text.to_owned(),
            })
    }

    fn refused(&self) -> ScheduleExpressionError {
        let names = match (self.names.first(), self.names.last()) {
            (Some(first), Some(last)) => format!(" or {first} to {last}"),
            _ => String::new(),
        };
        let special = match self.name {
            "day-of-month" => ", L or a day with W alone",
            "day-of-week" => ", L, a day with L alone, or day#number alone",
            _ => "",
        };
        let steps = if self.has_steps { " and / for steps" } else { "" };
        let Self { least, most, name, .. } = self;
        ScheduleExpressionError::Field {
            allowed: format!(
                "{least} to {most}{names} in {name}, with , for lists, - for ranges{steps}, or *{special}"
            ),
        }
    }
}
