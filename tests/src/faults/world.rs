//! One pipeline under test: its servers, the ways to them, its clock and its ECB; and how each fault is done to it.

mod again;
mod harm;

use std::fmt;
use std::time::{Duration, Instant};

use bytes::Bytes;
use emulator::{Emulator, PartialResponse};
use serde_json::{Value, json};
use shared::config::{KafkaConfig, KafkaSecurity};
use shared::event::Run;
use shared::publish::Publisher;

use super::clock::Clock;
use super::compare::READS;
use super::fault::Victim;
use super::schedule::Schedule;
use super::work::{Poison, Work};
use crate::ecb_server::EcbDaily;
use crate::pipeline::{Pipeline, Setup};

/// How long a piece of work may take, all its repetitions together; far longer than any schedule's faults last.
const PATIENCE: Duration = Duration::from_secs(180);

/// A pipeline that can be harmed.
pub struct World {
    /// The pipeline.
    pub pipeline: Pipeline,
    ecb: EcbDaily,
    clock: Option<Clock>,
}

/// How work went.
#[derive(Debug, Default, Clone, Copy)]
pub struct Outcome {
    /// Invocations that failed and were repeated.
    pub failures: u32,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} invocations failed and were repeated", self.failures)
    }
}

impl World {
    /// A fresh pipeline; a rough one has proxies before its servers, and functions that follow a clock of its own.
    ///
    /// # Panics
    /// When anything does not start.
    pub async fn start(reading: PartialResponse, is_rough: bool) -> Self {
        let ecb = EcbDaily::start().await;
        let clock = is_rough.then(|| {
            let folder = std::env::temp_dir().join(format!("hwanyul-clock-{}", uuid::Uuid::new_v4().simple()));
            std::fs::create_dir_all(&folder).unwrap();
            Clock::new(&folder)
        });
        let setup = Setup {
            function_env: clock.as_ref().map(Clock::environment).unwrap_or_default(),
            is_proxied: is_rough,
            partial_response: Some(reading),
            ..Setup::default()
        };
        let parameters = [
            ("ProviderUrls", ecb.provider_urls()),
            ("RateBatchSize", "100"),
            ("MaxJumpPercent", "1000"),
            ("BackupRetrySeconds", "1"),
        ];
        let pipeline = Pipeline::start_with(&parameters, setup).await;
        Self { pipeline, ecb, clock }
    }

    /// Does the work without any fault, and waits until all of it is applied.
    ///
    /// # Panics
    /// When it does not come to an end.
    pub async fn work(&mut self, work: &[(Duration, Work)]) -> Outcome {
        let outcome = do_all(&Doing::of(&self.pipeline, &self.ecb), work).await;
        self.settled().await;
        outcome
    }

    /// Does the schedule's work while its faults happen, undoes them all, and waits until everything is applied.
    ///
    /// # Panics
    /// When it does not come to an end.
    pub async fn endure(&mut self, schedule: &Schedule) -> Outcome {
        let Self { pipeline, ecb, clock } = self;
        let proxies = pipeline.proxies.as_ref().expect("a rough world has proxies");
        let clock = clock.as_ref().expect("a rough world has a clock");
        let doing = Doing {
            emulator: &pipeline.emulator,
            // The poison comes from elsewhere, so its way is not disturbed; a broker that is down it has to await all the same.
            kafka: pipeline.kafka.bootstrap(),
            ecb,
        };
        let kafka = harm::kafka(&mut pipeline.kafka, &proxies.kafka, schedule.of(Victim::Kafka));
        let redis = harm::redis(&mut pipeline.redis, &proxies.redis, schedule.of(Victim::Redis));
        let postgres = harm::postgres(&mut pipeline.postgres, &proxies.postgres, schedule.of(Victim::Postgres));
        let sqs = harm::sqs(&proxies.sqs, schedule.of(Victim::Sqs));
        let functions = harm::functions(clock, schedule.of(Victim::Functions), schedule.seed);
        let jumps = harm::clock(clock, schedule.of(Victim::Clock));
        let faults = async { tokio::join!(kafka, redis, postgres, sqs, functions, jumps) };
        let is_over = tokio::sync::watch::Sender::new(false);
        let reading = read_on(&pipeline.api, is_over.subscribe());
        let working = async {
            let (outcome, _) = tokio::join!(do_all(&doing, &schedule.work), faults);
            is_over.send_replace(true);
            outcome
        };
        let (outcome, ()) = tokio::join!(working, reading);
        self.settled().await;
        outcome
    }

    /// Waits until nothing is left to do: the backup queue is empty, and every group has read its topic to the end.
    async fn settled(&self) {
        let started = Instant::now();
        loop {
            let waiting = self.pipeline.messages("BackupQueue").await;
            if waiting == 0 {
                self.pipeline.caught_up().await;
                // What came from the queue in between is in the topics now, and read.
                if self.pipeline.messages("BackupQueue").await == 0 {
                    return;
                }
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{waiting} events are still in the backup queue: {:?}",
                self.pipeline.emulator.status().await
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Ends it.
    pub async fn stop(self) {
        self.pipeline.stop().await;
    }
}

/// What work needs.
struct Doing<'a> {
    emulator: &'a Emulator,
    kafka: String,
    ecb: &'a EcbDaily,
}

impl<'a> Doing<'a> {
    fn of(pipeline: &'a Pipeline, ecb: &'a EcbDaily) -> Self {
        Self {
            emulator: &pipeline.emulator,
            kafka: pipeline.kafka.bootstrap(),
            ecb,
        }
    }

    /// Invokes a function again and again until it succeeds, as a schedule or an operator would. Adds the failures to `outcome`.
    async fn until_done(&self, function: &str, payload: impl Into<Bytes>, outcome: &mut Outcome) -> Value {
        let started = Instant::now();
        let payload = payload.into();
        loop {
            let invoked = self.emulator.invoke(function, payload.clone()).await;
            let reason = match invoked {
                Ok(invocation) if invocation.function_error.is_none() => {
                    return serde_json::from_slice(&invocation.payload).unwrap_or_default();
                }
                Ok(invocation) => String::from_utf8_lossy(&invocation.payload).into_owned(),
                Err(error) => error.to_string(),
            };
            outcome.failures += 1;
            assert!(started.elapsed() < PATIENCE, "{function} failed for too long: {reason}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn publisher(&self) -> Publisher {
        Publisher::new(KafkaConfig {
            bootstrap_servers: self.kafka.clone(),
            security: KafkaSecurity::Plaintext,
        })
    }

    async fn poison(&self, poison: &Poison) {
        let event = Run::new("/test")
            .event(poison, shared::time::Timestamp::new(chrono::Utc::now()).unwrap())
            .unwrap();
        let started = Instant::now();
        while let Err(error) = self.publisher().publish(std::slice::from_ref(&event)).await {
            assert!(started.elapsed() < PATIENCE, "Kafka does not come back: {error}");
        }
    }
}

async fn do_all(doing: &Doing<'_>, work: &[(Duration, Work)]) -> Outcome {
    let mut outcome = Outcome::default();
    for (pause, piece) in work {
        tokio::time::sleep(*pause).await;
        match piece {
            Work::Run { day, rates } => {
                doing.ecb.publish(*day, rates);
                doing.until_done("ingestor", "{}", &mut outcome).await;
            }
            Work::Backfill { from, to } => loop {
                let request = json!({"from": from, "to": to}).to_string();
                let report = doing.until_done("operations-backfill", request, &mut outcome).await;
                if report["done"] == true {
                    break;
                }
            },
            Work::Poison(poison) => doing.poison(poison).await,
            Work::Again { records, seed } => again::deliver(doing, *records, *seed, &mut outcome).await,
        }
    }
    outcome
}

/// Readers who fill the caches with what they are told, right or wrong, all the while.
async fn read_on(api: &str, mut is_over: tokio::sync::watch::Receiver<bool>) {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(15))
        .build()
        .unwrap();
    loop {
        for path in READS {
            let asked = client.get(format!("{api}{path}")).send();
            tokio::select! {
                // What they are told meanwhile may be an error; what is left afterwards is compared.
                _ = asked => {}
                _ = is_over.wait_for(|is_over| *is_over) => return,
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
