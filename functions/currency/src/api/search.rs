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
pub(super) struct Found {
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
    (status = 200, description = "The currencies found.", body = Envelope<Found>),
    FailureResponses,
))]
pub(super) async fn search(Query(query): Query<SearchQuery>) -> Result<Answer, ApiError> {
    let (asked, is_country) = match (query.country, query.q) {
        (Some(country), _) => (country, true),
        (None, q) => (q.unwrap_or_default(), false),
    };
    let hits = if is_country { hits(&asked, false) } else { found(&asked) };
    if hits.is_empty() {
        let mut error = ApiError::new(
            ErrorCode::NotFound,
            format!("no currency or country is named like {asked:?}"),
        );
        error.details.suggestions = suggestions(&normal(&asked), !is_country);
        error.details.value = Some(asked);
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

/// Whether a currency's symbol has such a character beside letters.
fn is_in_symbols(letter: char) -> bool {
    let letter = narrow(letter);
    !letter.is_alphanumeric() && CurrencyCode::all().any(|code| code.symbol().contains(letter))
}

/// A sign as wide as a syllable in its usual width: Korean and Japanese keyboards write ￦ and ￥.
fn narrow(letter: char) -> char {
    match letter {
        '￦' => '₩',
        '￥' => '¥',
        '＄' => '$',
        '￡' => '£',
        letter => letter,
    }
}

/// Letters and digits in lower case, without accents: what is compared.
fn normal(text: &str) -> String {
    text.chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(plain)
        .collect()
}

/// A small letter without its accent.
fn plain(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'đ' | 'ď' | 'ð' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ě' | 'ę' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' | 'ľ' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ő' | 'ồ' => 'o',
        'ř' => 'r',
        'ș' | 'ş' | 'š' | 'ś' => 's',
        'ț' | 'ţ' | 'ť' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ū' | 'ű' | 'ů' => 'u',
        'ý' | 'ÿ' => 'y',
        'ž' | 'ź' | 'ż' => 'z',
        letter => letter,
    }
}

/// The words of a name as they are compared.
fn words(name: &str) -> Vec<String> {
    name.split_whitespace()
        .map(normal)
        .filter(|word| !word.is_empty())
        .collect()
}

/// The currencies of a symbol or part of one, or else those that have a name like what is asked, the best hit first.
fn found(asked: &str) -> Vec<CurrencyCode> {
    let sign: String = asked
        .chars()
        .filter(|letter| *letter != ' ')
        .map(narrow)
        .flat_map(char::to_lowercase)
        .collect();
    let symbol = |code: &CurrencyCode| code.symbol().to_lowercase();
    // $ is the dollar's before it is a part of A$.
    let mut found: Vec<CurrencyCode> = CurrencyCode::all().filter(|code| symbol(code) == sign).collect();
    let parts = CurrencyCode::all().filter(|code| sign.contains(is_in_symbols) && symbol(code).contains(&sign));
    let mut others: Vec<CurrencyCode> = parts.collect();
    if others.is_empty() {
        others = hits(asked, true);
    }
    others.retain(|code| !found.contains(code));
    found.extend(others);
    found
}

/// The currencies that have a name like what is asked, the best hit first; of equal ones those that are in use, then by code.
fn hits(asked: &str, own: bool) -> Vec<CurrencyCode> {
    let mut spelt = vec![normal(asked)];
    // What stands in brackets is another name of the same, 위안화(CNH).
    if let Some((before, within)) = asked.split_once('(') {
        spelt.extend([before, within].map(normal));
    }
    if own {
        let bare: Vec<String> = spelt
            .iter()
            .filter_map(|wanted| without_suffix(wanted))
            .map(str::to_owned)
            .collect();
        spelt.extend(bare);
    }
    spelt.retain(|wanted| !wanted.is_empty());
    let is_country = |wanted: &String| CountryCode::all().any(|code| normal(code.as_str()) == *wanted);
    let is_exact = spelt.first().is_some_and(is_country);
    let closest = |code: CurrencyCode| {
        let names = names(code, own);
        let fits = names
            .iter()
            .flat_map(|name| spelt.iter().filter_map(|wanted| closeness(name, wanted)));
        fits.max().filter(|fit| *fit == WHOLE || !is_exact)
    };
    let mut hits: Vec<(Reverse<u8>, bool, CurrencyCode)> = CurrencyCode::all()
        .filter_map(|code| Some((Reverse(closest(code)?), code.currency().last_day.is_some(), code)))
        .collect();
    hits.sort_unstable();
    hits.into_iter().map(|(.., code)| code).collect()
}

/// `wanted` without 화 (貨), which Korean puts behind a currency's name: 엔화, 위안화, 미국 달러화.
fn without_suffix(wanted: &str) -> Option<&str> {
    wanted.strip_suffix('화').filter(|bare| !bare.is_empty())
}

/// Every name under which a currency is found, in words.
fn names(code: CurrencyCode, own: bool) -> Vec<Vec<String>> {
    let countries = CountryCode::of(code).flat_map(|country| {
        let known = country.country();
        [known.code, known.korean, known.english]
            .into_iter()
            .chain(country.aliases().iter().copied())
    });
    let countries = countries.map(words);
    if !own {
        return countries.collect();
    }
    let currency = code.currency();
    let own_names = [currency.code, currency.korean, currency.english].into_iter();
    let own_names = own_names.chain(code.aliases().iter().copied()).map(words);
    own_names.chain(countries).chain(combined(code)).collect()
}

/// A country's name with the currency's last word behind it, in the same alphabet: 한국 원, 터키 리라, usa dollar, United States dollar.
fn combined(code: CurrencyCode) -> impl Iterator<Item = Vec<String>> {
    let currency = code.currency();
    let last_word = |name: &'static str| name.split(' ').next_back().unwrap_or(name);
    let (korean, english) = (last_word(currency.korean), last_word(currency.english));
    let of_country = |country: CountryCode| {
        let known = country.country();
        [known.korean, known.english]
            .into_iter()
            .chain(country.aliases().iter().copied())
    };
    CountryCode::of(code).flat_map(of_country).map(move |name| {
        let is_latin = name.chars().all(|letter| letter < '\u{1100}');
        words(&format!("{name} {}", if is_latin { english } else { korean }))
    })
}

/// A name that fits as a whole.
const WHOLE: u8 = 5;

/// How well a name fits: the whole, a word of it, its beginning, the beginning of a word (and of as many more as it takes), or a part of a word. A code must
/// fit as a whole, and so must what a provider prints for so many units, `JPY(100)`: a number alone is nobody's name. One letter or syllable is part of
/// anything, so it has to be a beginning.
fn closeness(name: &[String], wanted: &str) -> Option<u8> {
    let from = |place: usize| name[place..].concat();
    let whole = from(0);
    let is_code = whole.is_ascii() && (whole.len() <= 3 || whole.contains(|letter: char| letter.is_ascii_digit()));
    let begins = |place: usize| from(place).starts_with(wanted);
    if whole == wanted {
        Some(WHOLE)
    } else if is_code {
        None
    } else if name.iter().any(|word| word == wanted) {
        Some(4)
    } else if begins(0) {
        Some(3)
    } else if (1..name.len()).any(begins) {
        Some(2)
    } else {
        (wanted.chars().count() > 1 && name.iter().any(|word| word.contains(wanted))).then_some(1)
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
mod tests;
