//! The Export-Import Bank of Korea: KRW for one unit, or for a hundred of JPY and IDR, with the bank's own tts and ttb.
//! Format: <https://www.koreaexim.go.kr/ir/HPHKIR020M01?apino=2&viewtype=C>.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use shared::currency::CurrencyCode;
use shared::rate::Rate;
use shared::schedule;
use shared::time::Timestamp;

use super::error::{ProviderError, printable};
use super::http::ProviderRequest;
use super::key::ProviderKey;
use super::quotes::{Prices, Quotes};
use super::row::{NumberError, RowError};

const PROVIDER: ProviderKey = ProviderKey::of_adapter("koreaexim");

/// How many days are looked back over at most: the newest and fourteen before it. The longest holidays, with the weekends around them, take ten. Only
/// days on which the bank is open are asked for.
const DAYS: u32 = 15;
/// The day's rates appear at about 11:00 KST, which is 02:00 UTC of the same day (Korea has no summer time).
const PUBLISHED_AT_SECONDS: u32 = 2 * 60 * 60;
/// A key may ask 1000 times a day. Fifteen days have eleven working days at most, so a run every twenty minutes stays below: 72 x 11 = 792.
const PAUSE_AFTER_EMPTY_DAYS: TimeDelta = TimeDelta::minutes(20);

/// Gets and reads the rates of today, or of the newest day that has any.
///
/// # Errors
/// [`ProviderError`].
pub async fn fetch(request: &ProviderRequest<'_>) -> Result<Quotes, ProviderError> {
    let key = request.required_api_key()?;
    let now = request.now();
    let newest = newest_day(now);
    let mut is_first = true;
    let days = (0..u64::from(DAYS)).filter_map(|back| newest.checked_sub_days(Days::new(back)));
    for day in days.filter(|day| schedule::publishes_on(PROVIDER.as_str(), *day)) {
        let mut url = request.url();
        url.query_pairs_mut()
            .append_pair("authkey", key)
            .append_pair("searchdate", &day.format("%Y%m%d").to_string())
            .append_pair("data", "AP01");
        let response = request.get(url).await?;
        let quotes = if response.is_nothing() {
            None
        } else {
            parse(response.successful("JSON")?, day)?
        };
        if let Some(mut quotes) = quotes {
            if !is_first {
                quotes.next_update = Some(now + PAUSE_AFTER_EMPTY_DAYS);
            }
            return Ok(quotes);
        }
        is_first = false;
    }
    Err(ProviderError::NoRates { newest, days: DAYS })
}

/// The newest day that can have rates: today in Korea, before 11:00 yesterday.
fn newest_day(now: DateTime<Utc>) -> NaiveDate {
    // As much earlier as the rates appear after UTC's midnight, the date in UTC is the day whose rates are out.
    (now - TimeDelta::seconds(i64::from(PUBLISHED_AT_SECONDS))).date_naive()
}

#[derive(Deserialize)]
struct Row {
    /// 1 is success. A number by the documentation; strings were seen.
    #[serde(default)]
    result: Value,
    cur_unit: Option<String>,
    tts: Option<String>,
    ttb: Option<String>,
    deal_bas_r: Option<String>,
}

/// Reads the document of `day`. `None`: the bank has no rates for that day, as on weekends and holidays: `null`, no rows, or rows without a rate.
///
/// # Errors
/// [`ProviderError`] when it is cut, is something else or says that it is an error.
pub fn parse(body: &[u8], day: NaiveDate) -> Result<Option<Quotes>, ProviderError> {
    let rows: Option<Vec<Option<Row>>> =
        serde_json::from_slice(body).map_err(|error| ProviderError::malformed("JSON", error))?;
    let rows: Vec<Row> = rows.unwrap_or_default().into_iter().flatten().collect();
    for row in rows.iter().filter(|row| !row.is_blank()) {
        check_result(&row.result)?;
    }
    if rows.iter().all(Row::has_no_rate) {
        return Ok(None);
    }
    let time = NaiveTime::from_num_seconds_from_midnight_opt(PUBLISHED_AT_SECONDS, 0).unwrap_or_default();
    let recorded_at = Timestamp::on_day(day, time).map_err(|error| ProviderError::malformed("JSON", error))?;
    let mut quotes = Quotes::new(PROVIDER, recorded_at);
    for row in rows.iter().filter(|row| !row.is_blank()) {
        let unit_text = row.cur_unit.as_deref().unwrap_or("without cur_unit");
        match code_and_units(unit_text) {
            Ok((code, units)) => quotes.add(code, rates(row, units)),
            Err(error) => quotes.add(unit_text, Err(error)),
        }
    }
    quotes.checked().map(Some)
}

impl Row {
    /// Nothing but, at most, that the request succeeded.
    fn is_blank(&self) -> bool {
        let is_absent = |text: &Option<String>| text.as_deref().is_none_or(|text| text.trim().is_empty());
        matches!(result_code(&self.result).as_str(), "1" | "null")
            && [&self.cur_unit, &self.tts, &self.ttb, &self.deal_bas_r]
                .into_iter()
                .all(is_absent)
    }

    /// The won's own row says nothing either: its base rate is 1 whatever the day.
    fn has_no_rate(&self) -> bool {
        let is_zero = |text: &Option<String>| is_zero(text.as_deref().unwrap_or_default().trim());
        self.cur_unit.as_deref().map(str::trim) == Some(CurrencyCode::KRW.as_str())
            || [&self.tts, &self.ttb, &self.deal_bas_r].into_iter().all(is_zero)
    }
}

fn result_code(result: &Value) -> String {
    match result {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Result codes by the bank's documentation.
fn check_result(result: &Value) -> Result<(), ProviderError> {
    let reason = match result_code(result).as_str() {
        "1" => return Ok(()),
        "2" => "the DATA code is wrong (result 2)".to_owned(),
        "3" => "the authentication key is wrong (result 3)".to_owned(),
        "4" => "the key's requests of the day are used up (result 4)".to_owned(),
        other => format!("unknown result {}", printable(other, 20)),
    };
    Err(ProviderError::Refused(reason))
}

/// `JPY(100)` is JPY by the hundred; `CNH` is the yuan as it trades abroad, which the bank quotes for CNY.
fn code_and_units(text: &str) -> Result<(&str, Decimal), RowError> {
    let text = text.trim();
    let unreadable = || RowError::Units(text.to_owned());
    let (code, units) = match text.split_once('(') {
        None => (text, "1"),
        Some((code, rest)) => (code.trim(), rest.strip_suffix(')').ok_or_else(unreadable)?),
    };
    let units: u32 = units.trim().parse().map_err(|_| unreadable())?;
    if units == 0 {
        return Err(unreadable());
    }
    Ok((if code == "CNH" { "CNY" } else { code }, Decimal::from(units)))
}

fn rates(row: &Row, units: Decimal) -> Result<Prices, RowError> {
    let column = |column: &'static str, text: &Option<String>| {
        number(text.as_deref(), units).map_err(|cause| RowError::Column { column, cause })
    };
    let base = column("deal_bas_r", &row.deal_bas_r)?.ok_or(RowError::Absent("deal_bas_r"))?;
    let per_won = Decimal::ONE.checked_div(base.decimal()).ok_or(NumberError::NotDivided);
    let per_won = per_won.and_then(|per_won| Ok(Rate::rounded(per_won)?));
    Ok(Prices {
        deal_base_rate: base,
        tts: column("tts", &row.tts)?,
        ttb: column("ttb", &row.ttb)?,
        quotation: per_won.map_err(|cause| RowError::Column {
            column: "deal_bas_r",
            cause,
        })?,
    })
}

fn is_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// KRW for one unit, from a number with thousands commas for `units` of them. The bank prints 0 where it has none.
fn number(text: Option<&str>, units: Decimal) -> Result<Option<Rate>, NumberError> {
    let text = text.unwrap_or_default().trim();
    if is_zero(text) {
        return Ok(None);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut groups = whole.split(',').rev();
    // A comma anywhere else would be a decimal comma, and the rate a thousand times too large.
    let first = groups.next_back().unwrap_or_default();
    let is_grouped = groups.all(|group| group.len() == 3) && (whole == first || (1..=3).contains(&first.len()));
    if !is_grouped {
        return Err(NumberError::Grouping(printable(text, 40)));
    }
    let plain = format!("{}.{fraction}", whole.replace(',', ""));
    let rate: Rate = plain.parse()?;
    let single = rate.decimal().checked_div(units).ok_or(NumberError::NotDivided)?;
    Ok(Some(Rate::rounded(single)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_only_where_thousands_are() {
        let read = |text: &str| number(Some(text), Decimal::ONE).map(|rate| rate.map(|rate| rate.to_string()));
        assert_eq!(read("1,335.27"), Ok(Some("1335.27".into())));
        assert_eq!(read("1,234,567"), Ok(Some("1234567".into())));
        assert_eq!(read("849"), Ok(Some("849".into())));
        for zero in ["", "0", "0.00"] {
            assert_eq!(read(zero), Ok(None));
        }
        for text in ["1335,27", "1,33,527", ",335", "1335.2,7", "abc", "-1", "12345,678"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_day_begins_at_eleven_in_korea() {
        let day = |text: &str| newest_day(text.parse().unwrap()).to_string();
        assert_eq!(day("2026-10-30T01:59:59Z"), "2026-10-29");
        assert_eq!(day("2026-10-30T02:00:00Z"), "2026-10-30");
        assert_eq!(day("2026-10-30T16:00:00Z"), "2026-10-30");
    }

    #[test]
    fn units_and_the_yuan() {
        assert_eq!(code_and_units("JPY(100)"), Ok(("JPY", Decimal::ONE_HUNDRED)));
        assert_eq!(code_and_units("CNH"), Ok(("CNY", Decimal::ONE)));
        for text in ["JPY(0)", "JPY(x)", "JPY(100"] {
            assert!(code_and_units(text).is_err());
        }
    }
}
