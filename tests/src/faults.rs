//! Random schedules of faults, from a seed: servers killed and paused, connections slowed, stalled and cut, functions killed in the middle of a batch, a full
//! disk, a full Redis, a clock that jumps, doubled and reordered deliveries, while runs and backfills go on. After each schedule, stores, caches and answers
//! equal those of an undisturbed pipeline that did the same work, every poison record is a dead letter, and nothing is left to do.
//!
//! `./tests/faults` runs as many as asked, `./tests/run` twenty.

pub mod clock;
pub mod compare;
pub mod fault;
pub mod schedule;
pub mod work;
pub mod world;

use std::time::Instant;

use emulator::PartialResponse;

use self::schedule::Schedule;
use self::world::World;

/// How many schedules one pair of pipelines goes through before a fresh one takes over.
const SCHEDULES_EACH: u64 = 20;

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many schedules.
    pub schedules: u64,
    /// The first one's seed; each further one's is one more.
    pub seed: u64,
    /// How the mappings read a partial batch response; the schedules are shared out among them.
    pub readings: Vec<PartialResponse>,
}

/// Runs the plan and prints each schedule with its seed, so that one can be run again: `./tests/faults --seed SEED`.
///
/// # Panics
/// When a schedule leaves anything behind; the message says what, and the schedule is printed before.
pub async fn run(plan: &Plan) {
    let began = Instant::now();
    let share = plan.schedules.div_ceil(plan.readings.len() as u64);
    let mut next = 0;
    for reading in &plan.readings {
        let mut left = share.min(plan.schedules - next);
        while left > 0 {
            let here = left.min(SCHEDULES_EACH);
            let mut calm = World::start(*reading, false).await;
            let mut rough = World::start(*reading, true).await;
            for _ in 0..here {
                one(&mut calm, &mut rough, plan.seed + next, *reading).await;
                next += 1;
            }
            tokio::join!(calm.stop(), rough.stop());
            left -= here;
        }
    }
    println!(
        "{} schedules, seeds {} to {}, in {:.0} s: nothing lost, doubled or stale",
        plan.schedules,
        plan.seed,
        plan.seed + plan.schedules - 1,
        began.elapsed().as_secs_f64()
    );
}

async fn one(calm: &mut World, rough: &mut World, seed: u64, reading: PartialResponse) {
    let began = Instant::now();
    let schedule = Schedule::random(seed);
    println!("seed {seed} ({reading:?}): {schedule}");
    let (quiet, disturbed) = tokio::join!(calm.work(&schedule.work), rough.endure(&schedule));
    println!("  {disturbed}, settled after {:.1} s", began.elapsed().as_secs_f64());
    assert_eq!(quiet.failures, 0, "the undisturbed pipeline failed");
    compare::equal(&calm.pipeline, &rough.pipeline, &schedule).await;
}
