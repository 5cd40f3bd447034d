//! `GET /api/v1/currencies/search`: currencies by their own name or by their countries'.

use std::cmp::Reverse;

use serde::Serialize;
use shared::api::{Answer, ApiError, Envelope, ErrorCode, FailureResponses, Freshness, FromParams, Params, Query};
use shared::country::CountryCode;
use shared::currency::CurrencyCode;
use utoipa::{IntoParams, ToSchema};

use super::known::KnownCurrency;

/// How many names are suggested where nothing was found, at most.
const SUGGESTIONS: usize = 5;
/// How alike two names must be for a suggestion, from 0 to 1.
const ALIKE: f64 = 0.72;
/// The longest text that is looked for, in characters.
const LONGEST: usize = 100;

/// What can be looked for: one of the two.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SearchQuery {
    /// Part of a country's name or code, Korean or English, any case and spacing: letters, digits, spaces, and of signs . , ' ’ & ( ) -
    #[param(min_length = 1, max_length = 100, example = "미국")]
    country: Option<String>,
    /// Part of a currency's or a country's name or code, Korean or English, any case and spacing: letters, digits, spaces, and of signs . , ' ’ & ( ) -
    #[param(min_length = 1, max_length = 100, example = "dollar")]
    q: Option<String>,
}

impl FromParams for SearchQuery {
    fn from_params(params: &Params) -> Result<Self, ApiError> {
        let read = |name: &str| match params.text(name) {
            Some(text)
                if text.chars().count() > LONGEST || normal(text).is_empty() || !text.chars().all(is_in_names) =>
            {
                Err(ApiError::invalid(
                    name,
                    text,
                    "1 to 100 letters, digits, spaces, and of signs . , ' ’ & ( ) -",
                ))
            }
            text => Ok(text.map(str::to_owned)),
        };
        let query = Self {
            country: read("country")?,
            q: read("q")?,
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
pub(super) struct Found {
    /// The best hit first.
    currencies: Vec<KnownCurrency>,
    /// How many.
    #[schema(minimum = 1)]
    count: usize,
}

/// Currencies by name or country
///
/// Looks for a part of a name or code, Korean or English, in any case and spacing. Give `q` or `country`. Where nothing is found, the 404 suggests names
/// that are alike.
#[utoipa::path(get, path = "/api/v1/currencies/search", operation_id = "searchCurrencies", tag = "Currency", params(SearchQuery), responses(
    (status = 200, description = "The currencies found.", body = Envelope<Found>),
    FailureResponses,
))]
pub(super) async fn search(Query(query): Query<SearchQuery>) -> Result<Answer, ApiError> {
    let (asked, is_country) = match (query.country, query.q) {
        (Some(country), _) => (country, true),
        (None, q) => (q.unwrap_or_default(), false),
    };
    let wanted = normal(&asked);
    let hits = hits(&wanted, !is_country);
    if hits.is_empty() {
        let mut error = ApiError::new(
            ErrorCode::NotFound,
            format!("no currency or country is named like {asked:?}"),
        );
        error.details.value = Some(asked);
        error.details.suggestions = suggestions(&wanted, !is_country);
        return Err(error);
    }
    let currencies: Vec<KnownCurrency> = hits.into_iter().map(KnownCurrency::from).collect();
    let count = currencies.len();
    Answer::json(&Found { currencies, count }, Freshness::Release)
}

/// Whether a name has such a character.
fn is_in_names(letter: char) -> bool {
    letter.is_alphanumeric() || letter == ' ' || ".,'’&()-".contains(letter)
}

/// Letters and digits in lower case: what is compared.
fn normal(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The currencies that have a name like `wanted`, the best hit first.
fn hits(wanted: &str, own: bool) -> Vec<CurrencyCode> {
    let bare = without_suffix(wanted).filter(|_| own);
    let spelt: Vec<&str> = [Some(wanted), bare].into_iter().flatten().collect();
    let closest = |code: CurrencyCode| {
        let names = names(code, own);
        let fits = names
            .iter()
            .flat_map(|name| spelt.iter().filter_map(|wanted| closeness(name, wanted)));
        fits.max()
    };
    let mut hits: Vec<(Reverse<u8>, CurrencyCode)> = CurrencyCode::all()
        .filter_map(|code| Some((Reverse(closest(code)?), code)))
        .collect();
    hits.sort_unstable();
    hits.into_iter().map(|(_, code)| code).collect()
}

/// `wanted` without 화 (貨), which Korean puts behind a currency's name: 엔화, 위안화, 미국 달러화.
fn without_suffix(wanted: &str) -> Option<&str> {
    wanted.strip_suffix('화').filter(|bare| !bare.is_empty())
}

/// Every name under which a currency is found.
fn names(code: CurrencyCode, own: bool) -> Vec<String> {
    let countries = CountryCode::of(code).flat_map(|country| {
        let known = country.country();
        [known.code, known.korean, known.english]
            .into_iter()
            .chain(country.aliases().iter().copied())
    });
    let countries = countries.map(normal);
    if !own {
        return countries.collect();
    }
    let currency = code.currency();
    let own_names = [currency.code, currency.korean, currency.english].into_iter();
    let own_names = own_names.chain(code.aliases().iter().copied()).map(normal);
    own_names.chain(countries).chain(combined(code)).collect()
}

/// A country's other name with the currency's last word behind it, in the same alphabet: 한국 원, 터키 리라, usa dollar.
fn combined(code: CurrencyCode) -> impl Iterator<Item = String> {
    let currency = code.currency();
    let last_word = |name: &'static str| name.split(' ').next_back().unwrap_or(name);
    let (korean, english) = (last_word(currency.korean), last_word(currency.english));
    CountryCode::of(code).flat_map(CountryCode::aliases).map(move |name| {
        let unit = if name.is_ascii() { english } else { korean };
        normal(name) + &normal(unit)
    })
}

/// How well a name fits: the whole, its beginning, or some part of it. A code must fit as a whole, and so must what a provider prints for so many units,
/// `JPY(100)`: a number alone is nobody's name.
fn closeness(name: &str, wanted: &str) -> Option<u8> {
    let is_code = name.is_ascii() && (name.len() <= 3 || name.contains(|letter: char| letter.is_ascii_digit()));
    if name == wanted {
        Some(3)
    } else if is_code {
        None
    } else if name.starts_with(wanted) {
        Some(2)
    } else {
        name.contains(wanted).then_some(1)
    }
}

/// Names that are written alike, the likest first.
fn suggestions(wanted: &str, own: bool) -> Vec<String> {
    let currencies = CurrencyCode::all().filter(|_| own).flat_map(|code| {
        let currency = code.currency();
        [currency.code, currency.korean, currency.english]
            .into_iter()
            .chain(code.aliases().iter().copied())
    });
    let countries = CountryCode::all().flat_map(|code| {
        let country = code.country();
        [country.korean, country.english]
            .into_iter()
            .chain(code.aliases().iter().copied())
    });
    let mut alike: Vec<(f64, &str)> = currencies
        .chain(countries)
        .map(|name| (strsim::jaro_winkler(&normal(name), wanted), name))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .collect();
    alike.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.cmp(other.1)));
    alike.dedup_by_key(|(_, name)| *name);
    alike
        .into_iter()
        .take(SUGGESTIONS)
        .map(|(_, name)| name.to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &str, own: bool) -> Vec<&'static str> {
        hits(&normal(wanted), own)
            .into_iter()
            .map(CurrencyCode::as_str)
            .collect()
    }

    #[test]
    fn names_are_found_in_both_languages_in_any_case_and_spacing() {
        assert_eq!(found("usd", true)[0], "USD");
        assert_eq!(found("미국달러", true)[0], "USD");
        assert_eq!(found(" 미국  달러 ", true)[0], "USD");
        assert_eq!(found("us DOLLAR", true)[0], "USD");
        assert!(found("달러", true).len() > 5 && found("dollar", true).contains(&"AUD"));
        assert_eq!(found("미국", false), found("United States", false));
        assert_eq!(found("독일", false), ["EUR"]);
        // A whole code goes before a part of a name.
        assert_eq!(found("KR", false), ["KRW", "UAH"]);
    }

    #[test]
    fn what_people_say_and_what_providers_print_finds_the_currency() {
        for (said, code) in [
            // The short names, with and without the suffix that Korean newspapers put behind them.
            ("엔화", "JPY"),
            ("위안화", "CNY"),
            ("원화", "KRW"),
            ("달러화", "USD"),
            ("파운드화", "GBP"),
            ("유로화", "EUR"),
            ("루블화", "RUB"),
            ("바트화", "THB"),
            ("미국 달러화", "USD"),
            ("영국 파운드화", "GBP"),
            ("엔", "JPY"),
            ("옌", "JPY"),
            ("원", "KRW"),
            ("위안", "CNY"),
            ("달러", "USD"),
            ("dollar", "USD"),
            ("한국", "KRW"),
            ("한국 원화", "KRW"),
            ("usa", "USD"),
            ("U.S.A.", "USD"),
            ("usa dollar", "USD"),
            ("UK", "GBP"),
            ("RMB", "CNY"),
            ("rmb", "CNY"),
            ("호주", "AUD"),
            ("터키 리라", "TRY"),
            // Korea Eximbank's cur_nm and cur_unit, row by row.
            ("아랍에미리트 디르함", "AED"),
            ("호주 달러", "AUD"),
            ("바레인 디나르", "BHD"),
            ("브루나이 달러", "BND"),
            ("캐나다 달러", "CAD"),
            ("스위스 프랑", "CHF"),
            ("위안화", "CNY"),
            ("덴마아크 크로네", "DKK"),
            ("유로", "EUR"),
            ("영국 파운드", "GBP"),
            ("홍콩 달러", "HKD"),
            ("인도네시아 루피아", "IDR"),
            ("일본 옌", "JPY"),
            ("한국 원", "KRW"),
            ("쿠웨이트 디나르", "KWD"),
            ("말레이지아 링기트", "MYR"),
            ("노르웨이 크로네", "NOK"),
            ("뉴질랜드 달러", "NZD"),
            ("사우디 리얄", "SAR"),
            ("스웨덴 크로나", "SEK"),
            ("싱가포르 달러", "SGD"),
            ("태국 바트", "THB"),
            ("미국 달러", "USD"),
            ("오스트리아 실링", "ATS"),
            ("벨기에 프랑", "BEF"),
            ("독일 마르크", "DEM"),
            ("스페인 페세타", "ESP"),
            ("핀란드 마르카", "FIM"),
            ("프랑스 프랑", "FRF"),
            ("이태리 리라", "ITL"),
            ("네델란드 길더", "NLG"),
            ("씨에프에이 프랑(비씨에이오)", "XOF"),
            ("CNH", "CNY"),
            ("JPY(100)", "JPY"),
            ("IDR(100)", "IDR"),
        ] {
            assert_eq!(found(said, true).first(), Some(&code), "{said}");
        }
        for (country, code) in [
            ("한국", "KRW"),
            ("usa", "USD"),
            ("호주", "AUD"),
            ("홍콩", "HKD"),
            ("터키", "TRY"),
        ] {
            assert_eq!(found(country, false).first(), Some(&code), "{country}");
        }
        // A country is no currency: its search knows neither names of currencies nor their suffix.
        assert!(found("엔화", false).is_empty());
    }

    #[test]
    fn a_typo_gets_suggestions() {
        assert!(suggestions(&normal("Untied Sttaes"), false).contains(&"United States".to_owned()));
        assert!(suggestions(&normal("미국 딸러"), true).contains(&"미국 달러".to_owned()));
        assert!(suggestions("qqqqqqqq", true).is_empty());
    }
}
