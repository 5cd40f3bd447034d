//! The instant that a run's events carry as `updated_at`: of two events about the same observation the later one counts, so a correction must never be
//! dated before what it corrects.
//!
//! The version is the time that most clocks agree on ([`crate::clock_sample`]), but later than every version that Redis remembers as given: clocks that agree
//! may still differ by seconds, and two runs may come in one microsecond.

use shared::time::Timestamp;

/// The version of the events that are published `now`; `given` is the latest that is known to have been given.
#[must_use]
pub fn next(given: Option<Timestamp>, now: Timestamp) -> Timestamp {
    match given.filter(|given| *given >= now) {
        None => now,
        Some(given) => {
            tracing::warn!(
                clock = %now, given = %given,
                "The clock is behind what was published before; events are dated after that"
            );
            given.next()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_now_but_after_what_was_given() {
        let [early, now, late] =
            ["2026-10-30T13:15:00Z", "2026-10-30T13:15:01Z", "2026-10-30T13:15:02Z"].map(|text| text.parse().unwrap());
        assert_eq!(next(None, now), now);
        assert_eq!(next(Some(early), now), now);
        assert_eq!(next(Some(now), now), now.next());
        assert_eq!(next(Some(late), now), late.next());
    }
}
