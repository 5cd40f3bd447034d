//! `GET /api/v1/currencies/search`: currencies by their own name or by their countries'. What fits is in [`matching`], which letters are alike in [`letters`].

mod letters;
mod matching;

use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorCode, FailureResponses, Freshness, FromParams, Params, Query};
use utoipa::{IntoParams, ToSchema};

use self::letters::{is_in_names, is_in_symbols};
use self::matching::{Names, by_name, by_symbol_or_name, suggestions};
use super::list::KnownCurrency;

/// The longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// What can be looked for: one of the two.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchQuery {
    /// Part of a country's name or its code, Korean or English, any case, spacing and accents: letters, digits, spaces, and of signs . , ' ’ & ( ) -
    #[param(min_length = 1, max_length = 100, example = "미국")]
    country: Option<String>,
    /// Part of a currency's or a country's name or code, Korean or English, any case, spacing and accents, or a currency's symbol: letters, digits, spaces, symbols,
    /// and of signs . , ' ’ & ( ) -
    #[param(min_length = 1, max_length = 100, example = "dollar")]
    q: Option<String>,
}

impl FromParams for SearchQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let read = |name: &str, is_symbol: fn(char) -> bool, allowed: &str| match params.text(name) {
            Some(text)
                if text.chars().count() > LONGEST
                    || !text.chars().any(|letter| letter.is_alphanumeric() || is_symbol(letter))
                    || !text.chars().all(|letter| is_in_names(letter) || is_symbol(letter)) =>
            {
                Err(ApiError::invalid(name, text, allowed))
            }
            text => Ok(text.map(str::to_owned)),
        };
        let none = |_| false;
        let query = Self {
            country: read(
                "country",
                none,
                "1 to 100 letters, digits, spaces, and of signs . , ' ’ & ( ) -",
            )?,
            q: read(
                "q",
                is_in_symbols,
                "1 to 100 letters, digits, spaces, symbols of currencies, and of signs . , ' ’ & ( ) -",
            )?,
        };
        match (&query.country, &query.q) {
            (None, None) => Err(ApiError::missing("q", "given, or country: what to look for")),
            (Some(_), Some(q)) => Err(ApiError::invalid("q", q, "q or country, not both")),
            _ => Ok(query),
        }
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Found)]
pub(super) struct SearchResult {
    /// The best hit first.
    currencies: Vec<KnownCurrency>,
    /// How many.
    #[schema(minimum = 1)]
    count: usize,
}

/// Currencies by name or country
///
/// Looks for a part of a name, for a code or for a symbol, Korean or English, in any case and spacing and with or without accents. What fits as a whole goes before
/// what is a part. A country's code of two letters finds that country alone. Give `q` or `country`. Where nothing is found, the 404 suggests names that are
/// alike.
#[utoipa::path(get, path = "/api/v1/currencies/search", operation_id = "searchCurrencies", tag = "Currency", params(SearchQuery), responses(
    (status = 200, description = "The currencies found.", body = Envelope<SearchResult>),
    FailureResponses,
))]
pub(super) async fn search(Query(query): Query<SearchQuery>) -> Result<Answer, ApiError> {
    let (wanted, names) = match (query.country, query.q) {
        (Some(country), _) => (country, Names::OfCountries),
        (None, q) => (q.unwrap_or_default(), Names::All),
    };
    let hits = match names {
        Names::OfCountries => by_name(&wanted, names),
        Names::All => by_symbol_or_name(&wanted),
    };
    if hits.is_empty() {
        let mut error = ApiError::new(
            ErrorCode::NotFound,
            format!("no currency or country is named like {wanted:?}"),
        );
        error.details.suggestions = suggestions(&wanted, names);
        error.details.value = Some(wanted);
        return Err(error);
    }
    let currencies: Vec<KnownCurrency> = hits.into_iter().map(KnownCurrency::from).collect();
    let count = currencies.len();
    Answer::json(&SearchResult { currencies, count }, Freshness::Release)
}
