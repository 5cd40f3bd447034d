//! How each fault is done, and undone.

use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use rustix::process::Signal;
use servers::process_table::{Identity, descendants};
use servers::{Kafka, Postgres, Redis};
use tokio::time::sleep;

use crate::faults::clock::Clock;
use crate::faults::fault::{Fault, Harm};
use crate::proxy::{Proxy, Way};

/// Bytes of a file after which PostgreSQL's writes fail as if the disk were full.
const DISK_FULL: u64 = 65_536;

pub(super) async fn kafka(kafka: &mut Kafka, proxy: &Proxy, faults: Vec<Fault>) {
    for fault in faults {
        sleep(fault.after).await;
        match fault.harm {
            Harm::Killed => {
                kafka.kill().await.unwrap();
                sleep(fault.lasts).await;
                kafka.restart().await.unwrap();
            }
            Harm::Paused => paused(&processes(kafka.identity()), fault.lasts).await,
            other => obstructed(proxy, other, fault.lasts).await,
        }
    }
}

pub(super) async fn redis(redis: &mut Redis, proxy: &Proxy, faults: Vec<Fault>) {
    for fault in faults {
        sleep(fault.after).await;
        match fault.harm {
            Harm::Killed => {
                redis.kill().await.unwrap();
                sleep(fault.lasts).await;
                redis.restart().await.unwrap();
            }
            Harm::Paused => paused(&processes(redis.identity()), fault.lasts).await,
            Harm::Full => {
                // Without an eviction policy, Redis refuses every write that needs memory with OOM.
                memory_limit(redis, "1").await;
                sleep(fault.lasts).await;
                memory_limit(redis, "0").await;
            }
            other => obstructed(proxy, other, fault.lasts).await,
        }
    }
}

pub(super) async fn postgres(postgres: &mut Postgres, proxy: &Proxy, faults: Vec<Fault>) {
    for fault in faults {
        sleep(fault.after).await;
        match fault.harm {
            Harm::Killed => {
                postgres.kill().await.unwrap();
                sleep(fault.lasts).await;
                postgres.restart().await.unwrap();
            }
            Harm::Paused => paused(&processes(postgres.identity()), fault.lasts).await,
            Harm::Full => {
                // PostgreSQL takes a limit of file sizes as a full disk: its log of changes cannot be written, and it goes down until somebody makes room
                // and starts it again.
                for process in processes(postgres.identity()) {
                    limit_files(process, DISK_FULL).await;
                }
                sleep(fault.lasts).await;
                postgres.restart().await.unwrap();
            }
            other => obstructed(proxy, other, fault.lasts).await,
        }
    }
}

pub(super) async fn sqs(proxy: &Proxy, faults: Vec<Fault>) {
    for fault in faults {
        sleep(fault.after).await;
        obstructed(proxy, fault.harm, fault.lasts).await;
    }
}

/// Functions are killed again and again while the fault lasts, a third of them each time, or stand still.
pub(super) async fn functions(clock: &Clock, faults: Vec<Fault>, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    for fault in faults {
        sleep(fault.after).await;
        if fault.harm == Harm::Paused {
            paused(&followers(clock), fault.lasts).await;
            continue;
        }
        let until = tokio::time::Instant::now() + fault.lasts;
        while tokio::time::Instant::now() < until {
            for process in followers(clock) {
                if random.random_ratio(1, 3) {
                    process.signal(Signal::KILL).unwrap();
                }
            }
            sleep(Duration::from_millis(random.random_range(5..200))).await;
        }
    }
}

pub(super) async fn clock(clock: &Clock, faults: Vec<Fault>) {
    for fault in faults {
        sleep(fault.after).await;
        if let Harm::Jumped(seconds) = fault.harm {
            clock.jump(seconds);
            sleep(fault.lasts).await;
            clock.jump(0);
        }
    }
}

async fn obstructed(proxy: &Proxy, harm: Harm, lasts: Duration) {
    let way = match harm {
        Harm::Slow(milliseconds) => Way::Slow(Duration::from_millis(milliseconds)),
        Harm::Stalled => Way::Stalled,
        Harm::Cut => Way::Cut,
        Harm::CutAfter(bytes) => Way::CutAfter(bytes),
        other => panic!("{other:?} is nothing that happens on a way"),
    };
    proxy.set(way);
    sleep(lasts).await;
    proxy.set(Way::Open);
}

async fn paused(processes: &[Identity], lasts: Duration) {
    for process in processes {
        process.signal(Signal::STOP).unwrap();
    }
    sleep(lasts).await;
    for process in processes {
        process.signal(Signal::CONT).unwrap();
    }
}

/// A server's process and all below it.
fn processes(server: Option<Identity>) -> Vec<Identity> {
    let server = server.expect("the server runs");
    let mut all = descendants(server.pid);
    all.push(server);
    all
}

/// The functions that follow this clock.
fn followers(clock: &Clock) -> Vec<Identity> {
    let (_, file) = clock
        .environment()
        .into_iter()
        .find(|(name, _)| name == "FAKETIME_TIMESTAMP_FILE")
        .expect("a clock has a file");
    let follows = |process: &Identity| {
        let environment = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        let variable = format!("FAKETIME_TIMESTAMP_FILE={file}");
        environment
            .split(|byte| *byte == 0)
            .any(|entry| entry == variable.as_bytes())
    };
    descendants(std::process::id()).into_iter().filter(follows).collect()
}

async fn memory_limit(redis: &Redis, bytes: &str) {
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("CONFIG")
        .arg(&["SET", "maxmemory", bytes])
        .exec_async(&mut connection)
        .await
        .unwrap();
}

/// Limits the size of files that the process may write; one that has just ended needs no limit. A process's own user may always do this, and another one
/// not everywhere, not even root.
async fn limit_files(process: Identity, bytes: u64) {
    let Ok(owner) = std::fs::metadata(format!("/proc/{}", process.pid)) else {
        return;
    };
    let (user, group) = (owner.uid(), owner.gid());
    let mut command = if user == rustix::process::geteuid().as_raw() {
        tokio::process::Command::new("prlimit")
    } else {
        let mut command = tokio::process::Command::new("setpriv");
        command.args([
            &format!("--reuid={user}"),
            &format!("--regid={group}"),
            "--clear-groups",
            "prlimit",
        ]);
        command
    };
    command.args(["--pid", &process.pid.to_string(), &format!("--fsize={bytes}:")]);
    let limited = command.output().await.unwrap();
    assert!(
        limited.status.success() || !process.is_alive(),
        "prlimit: {}",
        String::from_utf8_lossy(&limited.stderr)
    );
}
