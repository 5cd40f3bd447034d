//! `GET /api/v1/currencies`: what is known of every currency, whether it has a rate or not.

use chrono::NaiveDate;
use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorEnvelope, Freshness, Nothing, Query};
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use utoipa::ToSchema;

/// One currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct KnownCurrency {
    /// ISO 4217 code.
    pub currency_code: CurrencyCode,
    /// Korean name.
    #[schema(example = "미국 달러")]
    pub currency_name: &'static str,
    /// English name.
    #[schema(example = "US dollar")]
    pub currency_name_en: &'static str,
    /// The symbol that people write; the code where there is none.
    #[schema(example = "$")]
    pub symbol: &'static str,
    /// Digits behind the point in amounts; null where ISO 4217 has none ("N.A."), as for XDR.
    #[schema(minimum = 0, maximum = 4)]
    pub minor_units: Option<u8>,
    /// How many units Korean banks quote at a time: 100 for JPY, IDR and VND, else 1.
    #[schema(minimum = 1)]
    pub customary_unit: u16,
    /// The last day of a withdrawn currency (ISO 4217, list three); null for one in use.
    pub last_day: Option<NaiveDate>,
    /// The countries that use it.
    pub countries: Vec<UsedIn>,
}

/// A country that uses a currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UsedIn {
    /// ISO 3166-1 alpha-2 code.
    pub country_code: CountryCode,
    /// Korean name.
    #[schema(example = "미국")]
    pub country_name: &'static str,
    /// English name.
    #[schema(example = "United States")]
    pub country_name_en: &'static str,
}

impl From<CurrencyCode> for KnownCurrency {
    fn from(code: CurrencyCode) -> Self {
        let currency = code.currency();
        Self {
            currency_code: code,
            currency_name: currency.korean,
            currency_name_en: currency.english,
            symbol: code.symbol(),
            minor_units: currency.minor_units,
            customary_unit: currency.customary_unit,
            last_day: currency.last_day,
            countries: CountryCode::of(code).map(UsedIn::from).collect(),
        }
    }
}

impl From<CountryCode> for UsedIn {
    fn from(code: CountryCode) -> Self {
        Self {
            country_code: code,
            country_name: code.country().korean,
            country_name_en: code.country().english,
        }
    }
}

/// Every known currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct KnownCurrencies {
    /// By code.
    currencies: Vec<KnownCurrency>,
    /// How many.
    #[schema(minimum = 0)]
    count: usize,
}

/// Every known currency
///
/// Codes in use and the withdrawn ones that the sources' histories hold, with names, symbol, minor units, customary unit, countries, and the
/// last day of a withdrawn one. A currency is listed whether it has a rate or not.
#[utoipa::path(get, path = "/api/v1/currencies", operation_id = "listCurrencies", tag = "Currency", params(Nothing), responses(
    (status = 200, description = "The currencies, by code.", body = Envelope<KnownCurrencies>),
    (status = 400, description = "A parameter was given.", body = ErrorEnvelope),
    (status = 500, description = "The service failed.", body = ErrorEnvelope),
))]
pub(super) async fn list(_: Query<Nothing>) -> Result<Answer, ApiError> {
    let currencies: Vec<KnownCurrency> = CurrencyCode::all().map(KnownCurrency::from).collect();
    let count = currencies.len();
    Answer::json(&KnownCurrencies { currencies, count }, Freshness::Release)
}
