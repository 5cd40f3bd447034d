//! Why a row of a document is no rate. The texts are shown in a run's summary, beside the row's code.

use shared::rate::RateError;

/// Why a row of a document is no rate.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum RowError {
    /// Its number is none that a rate can be.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// The row has no rate.
    #[error("the row has no rate")]
    NoRate,
    /// The rate against the won is not a number that can be written.
    #[error("cannot be crossed to KRW")]
    NotCrossed,
    /// A column that has to be there is not, or says 0.
    #[error("{0} is 0 or absent")]
    Absent(&'static str),
    /// A column's number is none.
    #[error("{column}: {cause}")]
    Column {
        /// Which.
        column: &'static str,
        /// What is wrong with its number.
        cause: NumberError,
    },
    /// The currency and its units cannot be told apart.
    #[error("cannot read {0:?}")]
    Units(String),
}

/// Why a text with thousands commas is no number.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NumberError {
    /// A comma stands where no thousands end.
    #[error("{0:?} is no number with thousands commas")]
    Grouping(String),
    /// It is none that a rate can be.
    #[error(transparent)]
    Rate(#[from] RateError),
    /// It is too large or too small to be divided by its units.
    #[error("cannot be divided")]
    NotDivided,
}
