//! What a document comes to, and by which rules.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::time::Timestamp;

use crate::observation::Update;
use crate::provider::quotes::OmittedRow;

/// What is held back of one source, by currency, oldest first. KRW stands for whole documents; their rates are there by their own codes too.
pub type Held = BTreeMap<CurrencyCode, Vec<HeldRate>>;

/// What decides beside the document itself.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// A change of more percent is a jump.
    pub max_jump_percent: Decimal,
    /// The time of the run, for what it is the first to hold back.
    pub now: Timestamp,
}

/// What a document comes to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Decision {
    /// To be published, in the order of their time: what was held back, then the document's own. It may hold what is published already.
    pub updates: Vec<Update>,
    /// What is held back from now on.
    pub held: Held,
    /// What was held back and is contradicted, so that it will not be published by itself.
    pub dropped: Vec<(CurrencyCode, HeldRate)>,
    /// What is neither published nor held back.
    pub left_out: Vec<OmittedRow>,
}
