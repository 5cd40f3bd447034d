//! What makes a repeated click one click. Nothing here touches MongoDB or the clock.

use uuid::Uuid;

/// The namespace of the names that keys are stored under; any constant would do.
const CLICK_KEYS: Uuid = Uuid::from_u128(0x6b1f_4f0e_9a51_4c1b_8a52_0c8f_64d7_3e19);

/// A user's idempotency key, and what it was sent for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// A digest of user and key (UUID version 5): one length whatever they are, and the store need not know who clicked.
    pub id: String,
    /// What was asked, in the caller's own terms: the same key for anything else is a mistake.
    pub request: String,
}

impl IdempotencyKey {
    /// The key that `user` sent with `request`. Neither user nor key may contain a control character.
    #[must_use]
    pub fn new(user: &str, key: &str, request: String) -> Self {
        // The zero byte is in neither, so no two pairs are joined to the same text.
        let id = Uuid::new_v5(&CLICK_KEYS, format!("{user}\0{key}").as_bytes());
        Self {
            id: id.simple().to_string(),
            request,
        }
    }
}
