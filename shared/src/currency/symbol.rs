//! Symbols of currencies, for people. Source: Unicode CLDR 47, English and the currency's own locale. Sorted by code.

use crate::sorted_table::find;

/// Code and symbol, of those that have one that is not the code.
const SYMBOLS: [(&str, &str); 36] = [
    ("AUD", "A$"),
    ("BDT", "৳"),
    ("BRL", "R$"),
    ("CAD", "CA$"),
    ("CNY", "CN¥"),
    ("CRC", "₡"),
    ("CZK", "Kč"),
    ("EUR", "€"),
    ("GBP", "£"),
    ("GEL", "₾"),
    ("HKD", "HK$"),
    ("HUF", "Ft"),
    ("IDR", "Rp"),
    ("ILS", "₪"),
    ("INR", "₹"),
    ("JPY", "¥"),
    ("KHR", "៛"),
    ("KRW", "₩"),
    ("KZT", "₸"),
    ("LAK", "₭"),
    ("MNT", "₮"),
    ("MXN", "MX$"),
    ("MYR", "RM"),
    ("NGN", "₦"),
    ("NZD", "NZ$"),
    ("PHP", "₱"),
    ("PLN", "zł"),
    ("PYG", "₲"),
    ("RUB", "₽"),
    ("SGD", "S$"),
    ("THB", "฿"),
    ("TRY", "₺"),
    ("TWD", "NT$"),
    ("UAH", "₴"),
    ("USD", "$"),
    ("VND", "₫"),
];

/// The symbol of `code`, or the code itself.
pub(super) fn of(code: &'static str) -> &'static str {
    find(&SYMBOLS, code).unwrap_or(code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sorted_table::is_sorted;

    #[test]
    fn the_symbols_are_sorted_and_belong_to_known_currencies() {
        assert!(is_sorted(&SYMBOLS));
        for (code, symbol) in SYMBOLS {
            assert_eq!(code.parse::<super::super::CurrencyCode>().unwrap().symbol(), symbol);
        }
    }
}
