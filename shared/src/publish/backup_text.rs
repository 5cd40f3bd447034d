//! The text in which a record waits in the backup queue: who publishes it from there sends what would have been sent at once, to the byte.

use serde::{Deserialize, Serialize};

use crate::event::Topic;
use crate::kafka::ProducerRecord;

/// The version of the text. A reader of version 1 refuses any other instead of guessing.
const VERSION: u32 = 1;

/// Why a text is not a record that waits.
#[derive(Debug, thiserror::Error)]
pub enum BackupTextError {
    /// Not of the form.
    #[error("not an event of the backup: {0}")]
    Form(#[from] serde_json::Error),
    /// Of another version.
    #[error("version must be {VERSION}, got {0}")]
    Version(u32),
    /// Of no topic of ours.
    #[error("topic must be one of the four, got {0:?}")]
    Topic(String),
    /// A value that is no base64.
    #[error("{0} must be base64")]
    Base64(String),
}

/// The text: one JSON object. Values are base64, because Kafka's are bytes and SQS takes only some characters.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    version: u32,
    topic: String,
    key: String,
    payload: String,
    headers: Vec<(String, String)>,
}

/// What every version has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl ProducerRecord {
    /// The record as text.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let base64 = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
        serde_json::to_string(&Text {
            version: VERSION,
            topic: self.topic.name().to_owned(),
            key: self.key.clone(),
            payload: base64(&self.payload),
            headers: self
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), base64(value)))
                .collect(),
        })
    }

    /// The record that [`ProducerRecord::to_text`] wrote.
    ///
    /// # Errors
    /// [`BackupTextError`] says what is not as it was written.
    pub fn from_text(text: &str) -> Result<Self, BackupTextError> {
        let Versioned { version } = serde_json::from_str(text)?;
        if version != VERSION {
            return Err(BackupTextError::Version(version));
        }
        let text: Text = serde_json::from_str(text)?;
        let named = Topic::ALL.into_iter().find(|topic| topic.name() == text.topic);
        let bytes = |what: &str, text: &str| {
            let decoded = base64_simd::STANDARD.decode_to_vec(text);
            decoded.map_err(|_| BackupTextError::Base64(what.to_owned()))
        };
        let payload = bytes("payload", &text.payload)?;
        let headers = text.headers.into_iter().map(|(name, value)| {
            let value = bytes(&format!("header {name}"), &value)?;
            Ok((name, value))
        });
        Ok(Self {
            headers: headers.collect::<Result<_, BackupTextError>>()?,
            topic: named.ok_or(BackupTextError::Topic(text.topic))?,
            key: text.key,
            payload: payload.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn record() -> ProducerRecord {
        ProducerRecord {
            topic: Topic::ExchangeRateUpdated,
            key: "USD".to_owned(),
            payload: Bytes::from_static(b"{\"deal_base_rate\":1335.26673827425707}"),
            headers: vec![
                ("ce_id".to_owned(), b"a".to_vec()),
                ("odd".to_owned(), vec![0, 255, 10]),
                ("ce_id".to_owned(), Vec::new()),
            ],
        }
    }

    #[test]
    fn a_record_survives_its_text_to_the_byte() {
        let record = record();
        assert_eq!(ProducerRecord::from_text(&record.to_text().unwrap()).unwrap(), record);
    }

    #[test]
    fn what_is_not_exactly_such_a_text_is_refused() {
        let text = record().to_text().unwrap();
        for (from, to, error) in [
            ("\"version\":1", "\"version\":2", "version must be 1, got 2"),
            ("\"version\":1,", "", "missing field `version`"),
            ("\"key\"", "\"keys\"", "unknown field `keys`"),
            (
                "exchange_rate_updated",
                "rates",
                "topic must be one of the four, got \"rates\"",
            ),
            ("\"payload\":\"", "\"payload\":\"*", "payload must be base64"),
            ("[\"odd\",\"", "[\"odd\",\"*", "header odd must be base64"),
            ("{", "[", "invalid type"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            let refused = ProducerRecord::from_text(&changed).unwrap_err().to_string();
            assert!(refused.contains(error), "{refused}");
        }
    }
}
