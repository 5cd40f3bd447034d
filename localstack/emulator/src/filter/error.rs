//! What is allowed where Lambda refuses a filter.

/// What is allowed in place of a filter that Lambda refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    #[error(r#"a JSON object such as {{"value": {{"currency_code": ["USD"]}}}}"#)]
    Shape,
    #[error("patterns on value alone, not on {0}: Lambda filters Kafka records by nothing else")]
    OtherThanValue(String),
    #[error(
        "{0}: text, a number, true, false, null, or one of prefix, suffix, equals-ignore-case, anything-but, numeric, exists"
    )]
    Rule(String),
    #[error("{0}: one operator in each object")]
    SeveralOperators(String),
    #[error("{0}: a list that is not empty")]
    EmptyList(String),
    #[error("{0}: a list of objects")]
    AlternativeNotAnObject(String),
    #[error("{0}: a list of at least two objects")]
    TooFewAlternatives(String),
    #[error("{0}: a list of values or an object")]
    Field(String),
}
