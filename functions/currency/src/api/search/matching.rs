//! How well names fit what is looked for.

use std::cmp::Reverse;

use shared::country::CountryCode;
use shared::currency::CurrencyCode;

use super::letters::{is_in_symbols, narrow, normal, words};

/// How many names are suggested where nothing was found, at most.
const SUGGESTIONS: usize = 5;
/// How alike two names must be for a suggestion, from 0 to 1.
const ALIKE: f64 = 0.72;

/// Which names are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Names {
    /// Those of countries, their codes included.
    OfCountries,
    /// Those and the currencies' own.
    All,
}

/// The currencies of a symbol or part of one, or else those that have a name like `wanted`, the best hit first.
pub(super) fn by_symbol_or_name(wanted: &str) -> Vec<CurrencyCode> {
    let sign: String = wanted
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
        others = by_name(wanted, Names::All);
    }
    others.retain(|code| !found.contains(code));
    found.extend(others);
    found
}

/// The currencies that have a name like `wanted`, the best hit first; of equal ones those that are in use, then by code.
pub(super) fn by_name(wanted: &str, names: Names) -> Vec<CurrencyCode> {
    let mut spelt = vec![normal(wanted)];
    // What stands in brackets is another name of the same, 위안화(CNH).
    if let Some((before, within)) = wanted.split_once('(') {
        spelt.extend([before, within].map(normal));
    }
    if names == Names::All {
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
        let known = names_of(code, names);
        let fits = known
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
fn names_of(code: CurrencyCode, names: Names) -> Vec<Vec<String>> {
    let countries = CountryCode::of(code).flat_map(|country| {
        let known = country.country();
        [known.code, known.korean, known.english]
            .into_iter()
            .chain(country.aliases().iter().copied())
    });
    let countries = countries.map(words);
    if names == Names::OfCountries {
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

/// Names that are written like `wanted`, the likest first.
pub(super) fn suggestions(wanted: &str, names: Names) -> Vec<String> {
    let wanted = normal(wanted);
    let currencies = CurrencyCode::all().filter(|_| names == Names::All).flat_map(|code| {
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
        .map(|name| (strsim::jaro_winkler(&normal(name), &wanted), name))
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
