//! Rates that the ingestor holds back because they jumped, as Redis keeps them (hash `held:{source}`): a field a currency, its value a JSON list of
//! [`HeldRate`], oldest first. Field KRW stands for whole documents, held because the won jumped; their rates are in the fields of their currencies. The ingestor writes it, the local stack shows it.

use serde::{Deserialize, Serialize};

use crate::currency::CurrencyCode;
use crate::rate::Rate;
use crate::time::Timestamp;

/// One observation that is held back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeldRate {
    /// When the source had set it.
    pub recorded_at: Timestamp,
    /// KRW for one unit. Of KRW itself: as its quotation.
    pub deal_base_rate: Rate,
    /// As it would be published: the source's, or by the spread.
    pub tts: Option<Rate>,
    /// As it would be published.
    pub ttb: Option<Rate>,
    /// The rate in the source's own quotation: units of the currency for one unit of the currency that the source quotes against. Of KRW, where the source
    /// quotes in KRW: how many times as much of the others a won buys as when they were last published, by the median.
    pub quotation: Rate,
    /// The newest quotation that was published before it.
    pub previous: Rate,
    /// When the source had set that one.
    pub previous_at: Timestamp,
    /// By how many percent the quotation differs from the one before, to four decimals, such as `-14.4047`.
    pub change_percent: String,
    /// When a run held it back.
    pub held_since: Timestamp,
    /// The currency whose number this seems to be, where that one has this one's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swapped_with: Option<CurrencyCode>,
}
