//! Twenty random schedules of faults, half with either reading of the partial batch response. `./tests/faults` runs more, and one again by its seed.

use emulator::PartialResponse;
use tests::faults::{Plan, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_random_schedules_leave_nothing_lost_doubled_or_stale() {
    let seed = std::env::var("FAULT_SEED").ok().map(|seed| seed.parse().unwrap());
    run(&Plan {
        schedules: 20,
        seed: seed.unwrap_or_else(|| rand::random_range(1..1_000_000_000)),
        readings: vec![PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed],
    })
    .await;
}
