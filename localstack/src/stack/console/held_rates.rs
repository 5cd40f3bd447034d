//! What the ingestor holds back of its sources' rates: the hashes `held:{source}`, each asked for by its name.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;
use shared::currency::CurrencyCode;
use shared::held::HeldRate;
use shared::time::Timestamp;
use utoipa::ToSchema;

/// What is held back of one currency of one source. Quotations are the source's own: units of the currency for one unit of what the source quotes against.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct HeldView {
    /// The source.
    pub(super) source: String,
    /// ISO 4217 code.
    pub(super) currency_code: String,
    /// When a run held back the first.
    pub(super) held_since: DateTime<Utc>,
    /// How many observations are held back.
    pub(super) observations: usize,
    /// The newest quotation that was published before them, with every digit.
    #[schema(example = "1.0523")]
    pub(super) previous: String,
    /// When the source had set that one.
    pub(super) previous_at: DateTime<Utc>,
    /// The newest quotation that is held back, with every digit.
    #[schema(example = "0.9007")]
    pub(super) quotation: String,
    /// When the source had set it.
    pub(super) recorded_at: DateTime<Utc>,
    /// By how many percent it differs from the one before.
    #[schema(example = "-14.4065")]
    pub(super) change_percent: String,
}

/// A field of a hash that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("held:{source_key} has {code} as {value:?}, which is no list of held rates")]
pub(super) struct Unreadable {
    source_key: String,
    code: String,
    value: String,
    #[source]
    cause: Option<serde_json::Error>,
}

/// What a source's hash says, by currency.
///
/// # Errors
/// [`Unreadable`] for a value that is no JSON list of held rates, or an empty one.
///
/// A currency that is held only because whole documents are is left out: KRW stands for these.
pub(super) fn views(source: &str, hash: &BTreeMap<String, String>) -> Result<Vec<HeldView>, Unreadable> {
    let read = |(code, value): (&String, &String)| Ok((code.clone(), rates(source, code, value)?));
    let held: BTreeMap<String, Vec<HeldRate>> = hash.iter().map(read).collect::<Result<_, Unreadable>>()?;
    let documents = held.get(CurrencyCode::KRW.as_str()).into_iter().flatten();
    let documents: BTreeSet<Timestamp> = documents.map(|rate| rate.recorded_at).collect();
    let is_listed = |code: &str, rates: &[HeldRate]| {
        code == CurrencyCode::KRW.as_str() || rates.iter().any(|rate| !documents.contains(&rate.recorded_at))
    };
    let listed = held.iter().filter(|(code, rates)| is_listed(code, rates));
    Ok(listed.filter_map(|(code, rates)| view(source, code, rates)).collect())
}

fn rates(source: &str, code: &str, value: &str) -> Result<Vec<HeldRate>, Unreadable> {
    let unreadable = |cause| Unreadable {
        source_key: source.to_owned(),
        code: code.to_owned(),
        value: value.chars().take(80).collect(),
        cause,
    };
    let rates: Vec<HeldRate> = serde_json::from_str(value).map_err(|error| unreadable(Some(error)))?;
    if rates.is_empty() {
        return Err(unreadable(None));
    }
    Ok(rates)
}

fn view(source: &str, code: &str, rates: &[HeldRate]) -> Option<HeldView> {
    let (first, last) = (rates.first()?, rates.last()?);
    Some(HeldView {
        source: source.to_owned(),
        currency_code: code.to_owned(),
        held_since: first.held_since.utc(),
        observations: rates.len(),
        previous: last.previous.to_string(),
        previous_at: last.previous_at.utc(),
        quotation: last.quotation.to_string(),
        recorded_at: last.recorded_at.utc(),
        change_percent: last.change_percent.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(day: u32, quotation: &str, percent: &str) -> serde_json::Value {
        let (quotation, percent) = (quotation.to_owned(), percent.to_owned());
        let number = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        serde_json::json!({
            "recorded_at": format!("2015-01-{day}T13:15:00Z"), "deal_base_rate": number("1234.5"), "tts": null, "ttb": null,
            "quotation": number(&quotation), "previous": number("1.2010"), "previous_at": "2015-01-14T13:15:00Z",
            "change_percent": percent, "held_since": format!("2015-01-{day}T15:05:00Z"),
        })
    }

    #[test]
    fn a_currency_is_listed_from_the_first_that_was_held_to_the_newest() {
        let value = serde_json::json!([rate(15, "1.0280", "-14.4047"), rate(16, "1.0128", "-15.6703")]).to_string();
        let found = views("ecb", &BTreeMap::from([("CHF".to_owned(), value)])).unwrap();
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(
            found,
            [HeldView {
                source: "ecb".to_owned(),
                currency_code: "CHF".to_owned(),
                held_since: at("2015-01-15T15:05:00Z"),
                observations: 2,
                previous: "1.201".to_owned(),
                previous_at: at("2015-01-14T13:15:00Z"),
                quotation: "1.0128".to_owned(),
                recorded_at: at("2015-01-16T13:15:00Z"),
                change_percent: "-15.6703".to_owned(),
            }]
        );
    }

    #[test]
    fn of_a_document_that_is_held_as_a_whole_the_won_is_listed_and_what_jumped_by_itself() {
        let one = |rates: &[serde_json::Value]| serde_json::to_string(rates).unwrap();
        let hash = BTreeMap::from([
            (
                "CHF".to_owned(),
                one(&[rate(15, "1.0280", "-14.4047"), rate(16, "1.0128", "-15.6703")]),
            ),
            ("KRW".to_owned(), one(&[rate(16, "14000", "900")])),
            ("USD".to_owned(), one(&[rate(16, "1.1588", "-1.6")])),
        ]);
        let found = views("ecb", &hash).unwrap();
        let codes: Vec<&str> = found.iter().map(|view| &*view.currency_code).collect();
        assert_eq!(codes, ["CHF", "KRW"]);
    }

    #[test]
    fn what_is_no_list_of_held_rates_is_named() {
        for value in ["[]", "{}", "1.02", "[1.02]", "not JSON"] {
            let error = views("ecb", &BTreeMap::from([("CHF".to_owned(), value.to_owned())])).unwrap_err();
            assert!(error.to_string().starts_with("held:ecb has CHF as "), "{error}");
        }
    }
}
