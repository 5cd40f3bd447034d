//! One field of a cron expression: values, lists, ranges and steps.

use std::collections::BTreeSet;

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

    /// The values that the field's text stands for; the error is what is allowed.
    pub(super) fn parse(&self, text: &str) -> Result<BTreeSet<u32>, String> {
        let mut values = BTreeSet::new();
        for item in text.split(',') {
            let (range, step) = match item.split_once('/') {
                Some((range, step)) if self.has_steps => (range, Some(self.step(step)?)),
                Some(_) => return Err(self.allowed()),
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
                return Err(format!("a range of years from the earlier to the later, not {range}"));
            } else {
                // FRI-MON goes round the end.
                values.extend((first..=self.most).chain(self.least..=last).step_by(step));
            }
        }
        Ok(values)
    }

    /// One value, as a number or by its name.
    pub(super) fn number(&self, text: &str) -> Result<u32, String> {
        let named = self.names.iter().zip(self.least..);
        let mut named = named.filter(|(name, _)| name.eq_ignore_ascii_case(text));
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_number);
        named
            .next()
            .map(|(_, value)| value)
            .or(number)
            .filter(|value| (self.least..=self.most).contains(value))
            .ok_or_else(|| self.allowed())
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        let step = text.parse().ok().filter(|_| is_number);
        let most = usize::try_from(self.most).unwrap_or(usize::MAX);
        step.filter(|step| (1..=most).contains(step))
            .ok_or_else(|| format!("a step from 1 to {most} in {}, not {text:?}", self.name))
    }

    fn allowed(&self) -> String {
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
        format!(
            "{} to {}{names} in {}, with , for lists, - for ranges{steps}, or *{special}",
            self.least, self.most, self.name
        )
    }
}
