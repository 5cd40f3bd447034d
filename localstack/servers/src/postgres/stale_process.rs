//! What a killed server leaves for a moment: backends that have not noticed yet, and a dead process that nobody has reaped.
//! PostgreSQL refuses to start while it sees either.

use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::ServerError;
use crate::process_table::{Identity, pids};

/// Backends end within milliseconds; the reaping may take a container's first process a second or more.
const LIMIT: Duration = Duration::from_secs(10);

/// Waits until no process works in `dir`, and no dead one is named by its lock file. What is left after that PostgreSQL
/// decides on, but for the lock file of a dead process, which is removed.
pub(super) async fn wait_until_gone(dir: &Path) -> Result<(), ServerError> {
    let deadline = Instant::now() + LIMIT;
    while is_used(dir) || names_a_dead_process(dir) {
        if Instant::now() > deadline {
            break;
        }
        sleep(Duration::from_millis(20)).await;
    }
    if !is_used(dir) && names_a_dead_process(dir) {
        let file = dir.join("postmaster.pid");
        std::fs::remove_file(&file).map_err(ServerError::system(format!("remove {}", file.display())))?;
    }
    Ok(())
}

/// PostgreSQL's processes all work in its folder. A dead one works nowhere.
fn is_used(dir: &Path) -> bool {
    pids()
        .iter()
        .any(|pid| std::fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd == dir))
}

/// Whether the first line of `postmaster.pid` is a process that has ended and still has its pid.
fn names_a_dead_process(dir: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(dir.join("postmaster.pid")) else {
        return false;
    };
    let named = text
        .lines()
        .next()
        .and_then(|pid| pid.parse().ok())
        .and_then(Identity::of);
    named.is_some_and(|process| !process.is_alive())
}
