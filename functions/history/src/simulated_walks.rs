//! Walks of which the truth is known, the same each time. Tests only.

use distrs::{Normal, StudentsT};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What moves a walk. None has a drift, and the variance of each of their steps is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Process {
    /// Normal steps.
    Gaussian,
    /// Steps of Student's t with four degrees of freedom: rates have days like that.
    FatTailed,
    /// Normal steps whose variance follows the squares of those before (GARCH(1,1), 0.08 and 0.90): calm and storm come in clusters.
    Clustered,
}

impl Process {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Gaussian, Self::FatTailed, Self::Clustered];
}

/// A generator of walks.
pub(crate) struct Walks {
    process: Process,
    random: StdRng,
}

impl Walks {
    /// The walks of a process that this seed has.
    pub(crate) fn new(process: Process, seed: u64) -> Self {
        Self {
            process,
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// The next walk's steps.
    pub(crate) fn returns(&mut self, count: usize) -> Vec<f64> {
        // Long enough to forget that the first variance is the mean one.
        const FORGOTTEN: usize = 200;
        match self.process {
            Process::Gaussian => (0..count).map(|_| self.normal()).collect(),
            // The variance of Student's t is degrees / (degrees - 2).
            Process::FatTailed => (0..count)
                .map(|_| StudentsT::ppf(self.uniform(), 4.0) / 2.0_f64.sqrt())
                .collect(),
            Process::Clustered => {
                let mut variance = 1.0;
                let mut step = || {
                    let step: f64 = self.normal() * f64::sqrt(variance);
                    variance = 0.02 + 0.08 * step * step + 0.90 * variance;
                    step
                };
                let all: Vec<f64> = (0..FORGOTTEN + count).map(|_| step()).collect();
                all[FORGOTTEN..].to_vec()
            }
        }
    }

    fn normal(&mut self) -> f64 {
        Normal::ppf(self.uniform(), 0.0, 1.0)
    }

    /// Above 0 and below 1.
    fn uniform(&mut self) -> f64 {
        self.random.random_range(f64::MIN_POSITIVE..1.0)
    }
}
