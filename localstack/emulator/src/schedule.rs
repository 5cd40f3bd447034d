//! Schedule expressions: which there are, and when they fire. Everything here computes; nothing waits.

mod clock;
mod cron;
mod error;
mod expression;
mod style;

pub use error::ScheduleExpressionError;
pub use expression::ScheduleExpression;
pub use style::ScheduleStyle;
