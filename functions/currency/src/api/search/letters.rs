//! Which letters and signs names and symbols are written with, and which of them are alike.

use shared::currency::CurrencyCode;

/// Whether a name has such a character.
pub(super) fn is_in_names(letter: char) -> bool {
    letter.is_alphanumeric() || letter == ' ' || ".,'’&()-".contains(letter)
}

/// Whether a currency's symbol has such a character beside letters.
pub(super) fn is_in_symbols(letter: char) -> bool {
    let letter = narrow(letter);
    !letter.is_alphanumeric() && CurrencyCode::all().any(|code| code.symbol().contains(letter))
}

/// A sign as wide as a syllable in its usual width: Korean and Japanese keyboards write ￦ and ￥.
pub(super) fn narrow(letter: char) -> char {
    match letter {
        '￦' => '₩',
        '￥' => '¥',
        '＄' => '$',
        '￡' => '£',
        letter => letter,
    }
}

/// Letters and digits in lower case, without accents: what is compared.
pub(super) fn normal(text: &str) -> String {
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
pub(super) fn words(name: &str) -> Vec<String> {
    name.split_whitespace()
        .map(normal)
        .filter(|word| !word.is_empty())
        .collect()
}
