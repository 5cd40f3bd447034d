//! How long each kind of key lives. The one table.

use std::time::Duration;

use crate::period::Period;

/// `rate:{code}`: ten minutes.
pub const RATE: Duration = Duration::from_secs(10 * 60);
/// `stats:*` and `analysis:*`: one hour.
pub const COMPUTED: Duration = Duration::from_secs(60 * 60);
/// Fences: a day, far longer than the 15 minutes that a Lambda invocation can last, so none expires under a reader or writer that still runs.
pub const FENCE: Duration = Duration::from_secs(24 * 60 * 60);
/// What a source last published: 30 days. Lost earlier it costs one repeated publication, which changes nothing.
pub const PUBLISHED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// What is held back of a source: 30 days from the last run that looked at it.
pub const HELD: Duration = PUBLISHED;
/// State of a provider (circuit, next allowed request): 2 days.
pub const PROVIDER: Duration = Duration::from_secs(2 * 24 * 60 * 60);

/// A reader's lock while it computes: five seconds. It ends sooner unless the reader dies, and then the others need not wait for long.
pub const SINGLE_FLIGHT_LOCK: Duration = Duration::from_secs(5);
/// The window in which a client's clicks are counted: a minute from the first.
pub const CLICK_LIMIT: Duration = Duration::from_secs(60);

/// `history:*`, longer for longer periods: 15 minutes, half an hour, an hour.
#[must_use]
pub const fn history(period: Period) -> Duration {
    match period {
        Period::Day | Period::Week => Duration::from_secs(15 * 60),
        Period::Month | Period::Quarter => Duration::from_secs(30 * 60),
        Period::HalfYear | Period::Year => Duration::from_secs(60 * 60),
    }
}
