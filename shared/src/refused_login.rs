//! Whether a server refused our user or password: noted by whoever recognizes such an answer, asked after each invocation, because the secrets may have
//! changed. Every module may use it.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a server refused our user since this was last asked. One for the process, because a refusal can be seen far from the invocation that it concerns:
/// read APIs go on without Redis, and clients connect again on their own.
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Remembers that a server refused our user or password. Whoever recognizes such an answer calls it.
pub fn note() {
    REFUSED.store(true, Ordering::Relaxed);
}

/// Whether a server refused our user or password since this was asked before.
pub(crate) fn take() -> bool {
    REFUSED.swap(false, Ordering::Relaxed)
}
