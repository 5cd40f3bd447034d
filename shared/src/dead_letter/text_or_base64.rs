//! Bytes for people: the text itself where it is one.

use serde::{Deserialize, Serialize};

/// Bytes as JSON holds them: `{"text": "..."}` for UTF-8 that can be read, else `{"base64": "..."}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextOrBase64 {
    /// UTF-8 without control characters other than tab and line ends.
    Text(String),
    /// Anything else.
    Base64(String),
}

/// A text is no base64.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not base64")]
pub struct NotBase64;

impl TextOrBase64 {
    /// `bytes` as JSON holds them.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        let is_odd = |character: char| character.is_control() && !matches!(character, '\t' | '\n' | '\r');
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.contains(is_odd) => Self::Text(text.to_owned()),
            _ => Self::Base64(base64_simd::STANDARD.encode_to_string(bytes)),
        }
    }

    /// The bytes.
    ///
    /// # Errors
    /// [`NotBase64`] when somebody else wrote it.
    pub fn bytes(&self) -> Result<Vec<u8>, NotBase64> {
        match self {
            Self::Text(text) => Ok(text.as_bytes().to_vec()),
            Self::Base64(text) => base64_simd::STANDARD.decode_to_vec(text).map_err(|_| NotBase64),
        }
    }
}
