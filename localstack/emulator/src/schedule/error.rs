//! What is allowed where AWS refuses an expression.

/// What is allowed in place of an expression that AWS refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleExpressionError {
    /// It is no expression of an EventBridge rule.
    #[error("rate(value unit) or cron(minutes hours day-of-month month day-of-week year), without blanks around it")]
    NotARuleExpression,
    /// It is no expression of EventBridge Scheduler.
    #[error(
        "rate(value unit), cron(minutes hours day-of-month month day-of-week year) or at(yyyy-mm-ddThh:mm:ss), without blanks around it"
    )]
    NotASchedulerExpression,
    /// `at(..)` in a rule.
    #[error("rate(..) or cron(..); only EventBridge Scheduler (ScheduleV2) takes at(..)")]
    AtInRule,
    /// A time that cannot be read.
    #[error("at(yyyy-mm-ddThh:mm:ss), a time on the clock of ScheduleExpressionTimezone")]
    At,
    /// A rate that cannot be read.
    #[error(
        "rate(value unit): a whole number above 0, one blank, and minutes, hours or days (minute, hour or day for 1)"
    )]
    Rate,
    /// A unit that does not agree with its number.
    #[error("rate({rate}): singular for 1, plural above")]
    RateUnit {
        /// The number with the unit that agrees.
        rate: String,
    },
    /// Too many or too few fields.
    #[error("six fields, here are {count}: cron(minutes hours day-of-month month day-of-week year)")]
    FieldCount {
        /// How many there are.
        count: usize,
    },
    /// Both days are open.
    #[error("? in one of day-of-month and day-of-week, and not in both")]
    BothDaysOpen,
    /// Neither day is open.
    #[error("? in one of day-of-month and day-of-week when the other has a value or *")]
    NoDayOpen,
    /// Not such a day of the week in the month.
    #[error("one day#number in day-of-week, the number from 1 to 5, such as 3#2")]
    NthWeekday,
    /// Years that go backwards.
    #[error("a range of years from the earlier to the later, not {range}")]
    YearRange {
        /// The range.
        range: String,
    },
    /// A step that goes nowhere or too far.
    #[error("a step from 1 to {most} in {field}, not {step:?}")]
    Step {
        /// The longest step.
        most: usize,
        /// The field's name.
        field: &'static str,
        /// The step.
        step: String,
    },
    /// A value that the field does not take.
    #[error("{allowed}")]
    Field {
        /// What it takes.
        allowed: String,
    },
}
