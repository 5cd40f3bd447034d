//! How long things take, and how it is said.

use std::time::{Duration, Instant};

/// Times of one measurement, sorted.
pub struct Times(Vec<Duration>);

impl Times {
    /// From times in any order.
    pub fn new(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// The time below which `percent` of all lie, in milliseconds.
    pub fn percentile(&self, percent: usize) -> f64 {
        let place = (self.0.len() * percent / 100).min(self.0.len() - 1);
        self.0[place].as_secs_f64() * 1000.0
    }

    /// The median, in milliseconds.
    pub fn median(&self) -> f64 {
        self.percentile(50)
    }
}

/// How long `work` takes.
pub async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let done = work.await;
    (done, started.elapsed())
}

/// One line of a result: what, its median, its limit's median, the ratio, the goal.
pub fn report(what: &str, measured: f64, limit_name: &str, limit: f64, goal: &str) {
    println!(
        "{what:<58} {measured:>9.2} ms   {limit_name:<38} {limit:>8.2} ms   ratio {:>6.2}   {goal}",
        measured / limit
    );
}
