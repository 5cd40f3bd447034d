//! What a person types: `up`, `down`, `status`, `invoke`, `backfill`, `dead-letters`, `logs`, `sam-env`, `reset`, `servers`. Each prints for people and fails with
//! what to do next.

mod backfill;
mod client;
mod dead_letters;
mod down;
mod error;
mod invoke;
mod logs;
mod reset;
mod sam_env;
mod status;
mod table;
mod up;
mod with_servers;

pub use backfill::backfill;
pub use dead_letters::{DeadLetters, dead_letters};
pub use down::down;
pub use error::CommandError;
pub use invoke::invoke;
pub use logs::logs;
pub use reset::reset;
pub use sam_env::sam_env;
pub use status::status;
pub use up::up;
pub use with_servers::{WithServersError, with_servers};

/// 128 and the number of SIGPIPE, as shells have it.
const BROKEN_PIPE: i32 = 141;

/// Prints a line. Nobody reads any more, as after `| head`: then this ends the process, as it ends every program that prints.
fn say(line: impl std::fmt::Display) {
    use std::io::Write as _;
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(BROKEN_PIPE);
    }
}
