//! Dead letters: records that can never be applied, each whole, with where it stood in Kafka, when and by whom it was refused, and why. Here are their form
//! in the SQS queue, their sender, and what is asked and answered about them. Whoever refuses, lists, replays or shows them comes here; SQS is known to
//! [`DeadLetters`] alone.

mod filter;
mod letter;
mod part;
mod refused_record;
mod report;
mod request;
mod sender;
mod text_or_base64;

pub use self::filter::DeadLetterFilter;
pub use self::letter::DeadLetter;
pub use self::part::{DeadLetterPart, JoinError};
pub use self::refused_record::{RefusalCode, RefusedRecord, shortened};
pub use self::report::{
    DeadLetterCounts, DeadLetterDetail, DeadLetterKind, DeadLetterList, DeadLetterOutcome, DeadLetterReport,
    DeadLetterResult, DeadLetterSummary, Outcome, PurgeReport, ReplayReport, ShownRecord,
};
pub use self::request::{Action, DeadLetterRequest, InvalidRequest, MAX_ROWS, ReplayTarget};
pub use self::sender::{DeadLetterError, DeadLetters};
pub use self::text_or_base64::TextOrBase64;
