//! One fault: what happens to whom, when, and for how long.

use std::fmt;
use std::time::Duration;

use rand::Rng;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

/// What a fault happens to. Each has faults one after the other; different ones may have theirs at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// The broker.
    Kafka,
    /// The caches.
    Redis,
    /// The stores.
    Postgres,
    /// The queues. Its data is never lost on AWS, as it would be here, so only the way to it suffers.
    Sqs,
    /// The functions' processes.
    Functions,
    /// The functions' clock.
    Clock,
}

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// `kill -9`, and a new start after the fault's time.
    Killed,
    /// SIGSTOP, then SIGCONT.
    Paused,
    /// The way to it is slow: milliseconds for each piece.
    Slow(u64),
    /// Nothing passes on the way to it.
    Stalled,
    /// The way to it is cut.
    Cut,
    /// Each connection breaks after so many bytes of answers.
    CutAfter(u64),
    /// Redis answers writes with OOM; PostgreSQL's disk has no room.
    Full,
    /// The clock is so many seconds off.
    Jumped(i64),
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Whose.
    pub victim: Victim,
    /// What.
    pub harm: Harm,
    /// How long after the victim's former fault, or after the beginning.
    pub after: Duration,
    /// How long it lasts.
    pub lasts: Duration,
}

const VICTIMS: [Victim; 6] = [
    Victim::Kafka,
    Victim::Redis,
    Victim::Postgres,
    Victim::Sqs,
    Victim::Functions,
    Victim::Clock,
];

impl Fault {
    /// Any fault.
    pub fn random(random: &mut impl Rng) -> Self {
        let victim = *VICTIMS.choose(random).unwrap_or(&Victim::Kafka);
        let slow = Harm::Slow(random.random_range(10..150));
        let cut_after = Harm::CutAfter(random.random_range(0..20_000));
        let ways = [slow, Harm::Stalled, Harm::Cut, cut_after];
        let possible = match victim {
            Victim::Kafka => [&ways[..], &[Harm::Killed, Harm::Killed, Harm::Paused]].concat(),
            Victim::Redis | Victim::Postgres => [&ways[..], &[Harm::Killed, Harm::Paused, Harm::Full]].concat(),
            Victim::Sqs => ways.to_vec(),
            Victim::Functions => vec![Harm::Killed, Harm::Paused],
            Victim::Clock => vec![Harm::Jumped(random.random_range(-7_200..7_200))],
        };
        Self {
            victim,
            harm: *possible.choose(random).unwrap_or(&Harm::Killed),
            after: Duration::from_millis(random.random_range(0..900)),
            lasts: Duration::from_millis(random.random_range(50..2_000)),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} {:?} for {} ms after {} ms",
            self.victim,
            self.harm,
            self.lasts.as_millis(),
            self.after.as_millis()
        )
    }
}
