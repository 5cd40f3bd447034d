//! The Export-Import Bank of Korea: KRW for one unit, or for a hundred of JPY and IDR, with the bank's own tts and ttb.
//! Format: <https://www.koreaexim.go.kr/ir/HPHKIR020M01?apino=2&viewtype=C>.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use reqwest::Url;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use shared::rate::{Rate, RateError};
use shared::time::Timestamp;

use super::error::printable;
use super::{ProviderError, ProviderKey, Quotes};
use crate::http::Asking;

/// How many days are asked for at most: the newest and seven before it. The longest holidays, with their weekends, are shorter.
const DAYS: u32 = 8;
/// The day's rates appear at about 11:00 KST, which is 02:00 UTC of the same day (Korea has no summer time).
const PUBLISHED_AT_SECONDS: u32 = 2 * 60 * 60;
/// A key may ask 1000 times a day. Looking back over a long holiday takes 8 requests, so a run a quarter of an hour stays below: 96 x 8 = 768.
const PAUSE_AFTER_EMPTY_DAYS: TimeDelta = TimeDelta::minutes(15);

/// Gets and reads the rates of today, or of the newest day that has any.
///
/// # Errors
/// [`ProviderError`].
pub async fn fetch(
    url: &Url,
    key: Option<&str>,
    asking: &Asking<'_>,
    now: DateTime<Utc>,
) -> Result<Quotes, ProviderError> {
    let key = key.ok_or(ProviderError::Missing("KOREAEXIM_API_KEY"))?;
    let newest = newest_day(now);
    for back in 0..DAYS {
        let Some(day) = newest.checked_sub_days(Days::new(u64::from(back))) else {
            break;
        };
        let mut url = url.clone();
        url.query_pairs_mut()
            .append_pair("authkey", key)
            .append_pair("searchdate", &day.format("%Y%m%d").to_string())
            .append_pair("data", "AP01");
        let answer = asking.get(url).await?;
        if let Some(mut quotes) = parse(answer.successful("JSON")?, day)? {
            if back > 0 {
                quotes.next_update = Some(now + PAUSE_AFTER_EMPTY_DAYS);
            }
            return Ok(quotes);
        }
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
    result: Value,
    cur_unit: Option<String>,
    tts: Option<String>,
    ttb: Option<String>,
    deal_bas_r: Option<String>,
}

/// Reads the document of `day`. `None`: the bank has no rates for that day, as on weekends and holidays.
///
/// # Errors
/// [`ProviderError`] when it is cut, is something else or says that it is an error.
pub fn parse(body: &[u8], day: NaiveDate) -> Result<Option<Quotes>, ProviderError> {
    let rows: Option<Vec<Row>> =
        serde_json::from_slice(body).map_err(|error| ProviderError::malformed("JSON", error))?;
    let rows = rows.unwrap_or_default();
    if rows.is_empty() {
        return Ok(None);
    }
    let time = NaiveTime::from_num_seconds_from_midnight_opt(PUBLISHED_AT_SECONDS, 0).unwrap_or_default();
    let recorded_at = Timestamp::on_day(day, time).map_err(|error| ProviderError::malformed("JSON", error))?;
    let mut quotes = Quotes::new(ProviderKey::Koreaexim, recorded_at);
    for row in &rows {
        refusal(&row.result)?;
        let unit_text = row
            .cur_unit
            .as_deref()
            .ok_or_else(|| ProviderError::malformed("JSON", "a row has no cur_unit"))?;
        match code_and_units(unit_text) {
            Ok((code, units)) => quotes.add(code, rates(row, units)),
            Err(reason) => quotes.add(unit_text, Err(reason)),
        }
    }
    quotes.checked().map(Some)
}

/// Result codes by the bank's documentation.
fn refusal(result: &Value) -> Result<(), ProviderError> {
    let code = match result {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let reason = match code.as_str() {
        "1" => return Ok(()),
        "2" => "the DATA code is wrong (result 2)".to_owned(),
        "3" => "the authentication key is wrong (result 3)".to_owned(),
        "4" => "the key's requests of the day are used up (result 4)".to_owned(),
        other => format!("unknown result {}", printable(other, 20)),
    };
    Err(ProviderError::Refused(reason))
}

/// `JPY(100)` is JPY by the hundred; `CNH` is the yuan as it trades abroad, which the bank quotes for CNY.
fn code_and_units(text: &str) -> Result<(&str, Decimal), String> {
    let text = text.trim();
    let (code, units) = match text.split_once('(') {
        None => (text, "1"),
        Some((code, rest)) => (
            code.trim(),
            rest.strip_suffix(')').ok_or_else(|| format!("cannot read {text:?}"))?,
        ),
    };
    let units: u32 = units.trim().parse().map_err(|_| format!("cannot read {text:?}"))?;
    if units == 0 {
        return Err(format!("cannot read {text:?}"));
    }
    Ok((if code == "CNH" { "CNY" } else { code }, Decimal::from(units)))
}

fn rates(row: &Row, units: Decimal) -> Result<(Rate, Option<Rate>, Option<Rate>), String> {
    let base = number(row.deal_bas_r.as_deref(), units)
        .map_err(|reason| format!("deal_bas_r: {reason}"))?
        .ok_or("deal_bas_r is 0 or absent")?;
    let side = |name: &str, text: &Option<String>| {
        number(text.as_deref(), units).map_err(|reason| format!("{name}: {reason}"))
    };
    Ok((base, side("tts", &row.tts)?, side("ttb", &row.ttb)?))
}

/// KRW for one unit, from a number with thousands commas for `units` of them. The bank prints 0 where it has none.
fn number(text: Option<&str>, units: Decimal) -> Result<Option<Rate>, String> {
    let text = text.unwrap_or_default().trim();
    if text.is_empty() || text.bytes().all(|byte| matches!(byte, b'0' | b'.')) {
        return Ok(None);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let mut groups = whole.split(',').rev();
    // A comma anywhere else would be a decimal comma, and the rate a thousand times too large.
    let first = groups.next_back().unwrap_or_default();
    let is_grouped = groups.all(|group| group.len() == 3) && (whole == first || (1..=3).contains(&first.len()));
    if !is_grouped {
        return Err(format!("{:?} is no number with thousands commas", printable(text, 40)));
    }
    let plain = format!("{}.{fraction}", whole.replace(',', ""));
    let rate: Rate = plain.parse().map_err(|error: RateError| error.to_string())?;
    let single = rate.decimal().checked_div(units).ok_or("cannot be divided")?;
    Rate::rounded(single).map(Some).map_err(|error| error.to_string())
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
