//! Korea Eximbank's JSON: an array of rows whose numbers are text with thousands commas, in won.
//!
//! Source: the bank's open API guide (exchangeJSON, data AP01). The won's rates come from the ECB's by cross, so a currency that
//! the ECB does not quote (the bank's list has a few) has no row.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::Serialize;

use super::Day;

/// The bank's unit, our code, units in one quotation, the bank's name; in the bank's order.
const ROWS: [(&str, &str, u32, &str); 17] = [
    ("AUD", "AUD", 1, "호주 달러"),
    ("CAD", "CAD", 1, "캐나다 달러"),
    ("CHF", "CHF", 1, "스위스 프랑"),
    ("CNH", "CNY", 1, "위안화"),
    ("DKK", "DKK", 1, "덴마아크 크로네"),
    ("EUR", "EUR", 1, "유로"),
    ("GBP", "GBP", 1, "영국 파운드"),
    ("HKD", "HKD", 1, "홍콩 달러"),
    ("IDR(100)", "IDR", 100, "인도네시아 루피아"),
    ("JPY(100)", "JPY", 100, "일본 옌"),
    ("MYR", "MYR", 1, "말레이지아 링기트"),
    ("NOK", "NOK", 1, "노르웨이 크로네"),
    ("NZD", "NZD", 1, "뉴질랜드 달러"),
    ("SEK", "SEK", 1, "스웨덴 크로나"),
    ("SGD", "SGD", 1, "싱가포르 달러"),
    ("THB", "THB", 1, "태국 바트"),
    ("USD", "USD", 1, "미국 달러"),
];
/// Where the won stands among them: the list is sorted by unit.
const BEFORE_WON: usize = 10;
/// What buying and selling by telegraphic transfer differ from the base rate: 1 %.
const SPREAD: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// One row.
#[derive(Serialize)]
pub(super) struct Row {
    result: u8,
    cur_unit: Option<String>,
    ttb: Option<String>,
    tts: Option<String>,
    deal_bas_r: Option<String>,
    bkpr: Option<String>,
    yy_efee_r: Option<String>,
    ten_dd_efee_r: Option<String>,
    kftc_bkpr: Option<String>,
    kftc_deal_bas_r: Option<String>,
    cur_nm: Option<String>,
}

/// The result with which the bank refuses, in a row of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum ResultCode {
    /// The `data` code is not AP01.
    Data = 2,
    /// There is no `authkey`.
    Key = 3,
}

/// The rows of a day; nothing when the ECB has no rate for the won.
pub(super) fn rows(day: &Day) -> Option<Vec<Row>> {
    let won_per_euro = day.per_euro("KRW")?;
    let mut rows = Vec::new();
    for (unit, code, amount, name) in ROWS {
        let Some(per_euro) = day.per_euro(code) else { continue };
        let base = to_two(won_per_euro.checked_mul(Decimal::from(amount))?.checked_div(per_euro)?);
        let (ttb, tts) = (to_two(base - base * SPREAD), to_two(base + base * SPREAD));
        rows.push(row(unit, name, [text(ttb), text(tts), text(base), text(base.trunc())]));
    }
    let won = row("KRW", "한국 원", ["0", "0", "1", "1"].map(str::to_owned));
    rows.insert(BEFORE_WON.min(rows.len()), won);
    Some(rows)
}

/// The answer to a request that the bank refuses.
pub(super) fn refused(code: ResultCode) -> Vec<Row> {
    vec![Row {
        result: code as u8,
        cur_unit: None,
        ttb: None,
        tts: None,
        deal_bas_r: None,
        bkpr: None,
        yy_efee_r: None,
        ten_dd_efee_r: None,
        kftc_bkpr: None,
        kftc_deal_bas_r: None,
        cur_nm: None,
    }]
}

fn row(unit: &str, name: &str, [ttb, tts, base, book]: [String; 4]) -> Row {
    Row {
        result: 1,
        cur_unit: Some(unit.to_owned()),
        ttb: Some(ttb),
        tts: Some(tts),
        deal_bas_r: Some(base.clone()),
        bkpr: Some(book.clone()),
        yy_efee_r: Some("0".to_owned()),
        ten_dd_efee_r: Some("0".to_owned()),
        kftc_bkpr: Some(book),
        kftc_deal_bas_r: Some(base),
        cur_nm: Some(name.to_owned()),
    }
}

fn to_two(number: Decimal) -> Decimal {
    number.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

/// `1335.3` as `1,335.3`.
fn text(number: Decimal) -> String {
    let plain = number.normalize().to_string();
    let (whole, decimals) = plain
        .split_once('.')
        .map_or((plain.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match decimals {
        Some(decimals) => format!("{grouped}.{decimals}"),
        None => grouped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_have_commas() {
        let written = ["0.5", "999", "1000", "1335.30", "1234567.89"].map(|number| text(number.parse().unwrap()));
        assert_eq!(written, ["0.5", "999", "1,000", "1,335.3", "1,234,567.89"]);
    }
}
