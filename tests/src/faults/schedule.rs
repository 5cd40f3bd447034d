//! A schedule: the work that goes on, and the faults meanwhile, both from one seed.

use std::fmt;
use std::time::Duration;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::fault::{Fault, Victim};
use super::work::Work;

/// Work and faults.
pub struct Schedule {
    /// Where it came from.
    pub seed: u64,
    /// What goes on, each piece after its pause.
    pub work: Vec<(Duration, Work)>,
    /// What happens meanwhile.
    pub faults: Vec<Fault>,
}

impl Schedule {
    /// The schedule of a seed.
    #[must_use]
    pub fn random(seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let work = Work::random(&mut random);
        let faults = (0..random.random_range(3..8))
            .map(|_| Fault::random(&mut random))
            .collect();
        Self { seed, work, faults }
    }

    /// The faults of one victim, in order.
    #[must_use]
    pub fn of(&self, victim: Victim) -> Vec<Fault> {
        self.faults
            .iter()
            .filter(|fault| fault.victim == victim)
            .copied()
            .collect()
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let work: Vec<String> = self.work.iter().map(|(_, piece)| piece.to_string()).collect();
        let faults: Vec<String> = self.faults.iter().map(ToString::to_string).collect();
        write!(f, "{} | {}", work.join(", "), faults.join(", "))
    }
}
