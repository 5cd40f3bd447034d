//! `reset`: ends the stack and removes its data and logs.

use std::path::Path;

use servers::Postgres;

use super::{CommandError, down, say};
use crate::stack::StackPaths;

/// Ends the stack, and removes all it wrote.
///
/// # Errors
/// As `down`, and [`CommandError::System`] when a folder cannot be removed.
pub async fn reset(paths: &StackPaths) -> Result<(), CommandError> {
    down(paths).await?;
    // PostgreSQL's data is elsewhere when its user cannot reach the checkout.
    remove(&Postgres::data_dir(&paths.data().join("postgres")))?;
    remove(&paths.stack())?;
    say(format_args!("removed {}", paths.stack().display()));
    Ok(())
}

fn remove(dir: &Path) -> Result<(), CommandError> {
    match std::fs::remove_dir_all(dir) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CommandError::system(format!("remove {}", dir.display()))(error)),
    }
}
