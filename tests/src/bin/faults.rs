//! `./tests/faults`: see `tests::faults`.

use emulator::PartialResponse;
use tests::faults::{Plan, run};

const USAGE: &str = "allowed are --schedules N, --seed SEED and --reading only-named|from-first-named|both";

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut plan = Plan {
        schedules: 20,
        seed: rand::random_range(1..1_000_000_000),
        readings: vec![PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed],
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        let number = || value.parse::<u64>().ok().filter(|number| *number > 0);
        let is_known = match name.as_str() {
            "--schedules" => number().map(|number| plan.schedules = number).is_some(),
            "--seed" => number().map(|number| plan.seed = number).is_some(),
            "--reading" => readings(&value).map(|readings| plan.readings = readings).is_some(),
            _ => false,
        };
        if !is_known {
            eprintln!("faults {name} {value}: {USAGE}");
            std::process::exit(2);
        }
    }
    run(&plan).await;
}

/// One reading by its name, or both.
fn readings(value: &str) -> Option<Vec<PartialResponse>> {
    if value == "both" {
        return Some(vec![PartialResponse::OnlyNamed, PartialResponse::FromFirstNamed]);
    }
    value.parse().ok().map(|reading| vec![reading])
}
