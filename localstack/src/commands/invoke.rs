//! `invoke`: calls one function and prints its answer.

use std::path::Path;

use bytes::Bytes;

use super::client::Client;
use super::{CommandError, say};
use crate::stack::StackPaths;

/// Calls `function` with the file's content, else with an empty object, and prints what it answers.
///
/// # Errors
/// [`CommandError::Function`] when the function failed; [`CommandError::UnknownFunction`] lists the functions.
pub async fn invoke(paths: &StackPaths, function: &str, event: Option<&Path>) -> Result<(), CommandError> {
    let payload = match event {
        None => Bytes::from_static(b"{}"),
        Some(file) => std::fs::read(file)
            .map_err(CommandError::system(format!("read {}", file.display())))?
            .into(),
    };
    let answer = Client::find(paths)?.invoke(function, payload).await?;
    let text = String::from_utf8_lossy(&answer.payload).into_owned();
    if answer.is_error {
        return Err(CommandError::Function {
            name: function.to_owned(),
            answer: text,
        });
    }
    say(text);
    Ok(())
}
