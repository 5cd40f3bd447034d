//! Parsers against real documents and broken ones; no server takes part.

use chrono::NaiveDate;
use ingestor::provider::{Quotes, ecb, exchangerate_api, koreaexim};

use crate::support::fixture;

fn rate(quotes: &Quotes, code: &str) -> String {
    quotes
        .rates
        .iter()
        .find(|quote| quote.code.as_str() == code)
        .unwrap()
        .deal_base_rate
        .to_string()
}

fn reason<'a>(quotes: &'a Quotes, code: &str) -> &'a str {
    &quotes.left_out.iter().find(|left| left.code == code).unwrap().reason
}

/// `dividend / divisor` to 18 significant digits, half to even, by long division on digits: slow, plain, and nothing of what the ingestor uses.
fn long_division(dividend: &str, divisor: &str) -> String {
    let scaled = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        (
            format!("{whole}{fraction}").parse::<u128>().unwrap(),
            i32::try_from(fraction.len()).unwrap(),
        )
    };
    let ((top, top_scale), (bottom, bottom_scale)) = (scaled(dividend), scaled(divisor));
    let (mut digits, mut rest, mut shift) = (top / bottom, top % bottom, 0);
    let lowest = 10_u128.pow(17);
    while digits < lowest {
        rest *= 10;
        digits = digits * 10 + rest / bottom;
        rest %= bottom;
        shift += 1;
    }
    assert!(digits < lowest * 10);
    let doubled = rest * 2;
    if doubled > bottom || (doubled == bottom && digits % 2 == 1) {
        digits += 1;
    }
    let places = usize::try_from(shift + top_scale - bottom_scale).unwrap();
    let text = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    format!("{whole}.{fraction}")
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

#[test]
fn every_rate_of_the_ecb_is_crossed_exactly() {
    let document = fixture("ecb-2026-10-30.xml");
    let quotes = ecb::parse(document.as_bytes()).unwrap();
    assert_eq!(quotes.recorded_at.to_string(), "2026-10-30T13:15:00Z");
    assert_eq!(rate(&quotes, "USD"), "1335.26673827425707");
    assert_eq!(rate(&quotes, "EUR"), "1491.76");
    let rows = document.lines().filter_map(|line| {
        let (code, rest) = line.trim().strip_prefix("<Cube currency='")?.split_once("' rate='")?;
        Some((code.to_owned(), rest.strip_suffix("'/>")?.to_owned()))
    });
    let rows: Vec<(String, String)> = rows.filter(|(code, _)| code != "KRW").collect();
    assert_eq!(quotes.rates.len(), rows.len() + 1);
    for (code, units_per_eur) in rows {
        assert_eq!(rate(&quotes, &code), long_division("1491.76", &units_per_eur), "{code}");
    }
}

#[test]
fn the_ecb_may_quote_attributes_either_way_and_give_several_days() {
    let document = fixture("ecb-2026-10-30.xml");
    let doubled = document.replace('\'', "\"");
    assert_eq!(
        ecb::parse(doubled.as_bytes()).unwrap(),
        ecb::parse(document.as_bytes()).unwrap()
    );
    let before =
        "<Cube time='2026-10-29'><Cube currency='USD' rate='1.113'/><Cube currency='KRW' rate='1488.4'/></Cube>";
    let two_days = document.replace("\t\t<Cube time=", &format!("{before}\t\t<Cube time="));
    assert_eq!(
        ecb::parse(two_days.as_bytes()).unwrap(),
        ecb::parse(document.as_bytes()).unwrap()
    );
}

#[test]
fn a_document_cut_anywhere_gives_no_rates() {
    let xml = fixture("ecb-2026-10-30.xml");
    for end in 0..xml.trim_end().len() {
        assert!(ecb::parse(&xml.as_bytes()[..end]).is_err(), "{end}");
    }
    let day = NaiveDate::from_ymd_opt(2026, 10, 30).unwrap();
    for (name, parse) in [
        (
            "koreaexim-20261030.json",
            &(|body: &[u8]| koreaexim::parse(body, day).map(|_| ())) as &dyn Fn(&[u8]) -> Result<(), _>,
        ),
        ("exchangerate-api-open.json", &|body: &[u8]| {
            exchangerate_api::parse(body).map(|_| ())
        }),
    ] {
        let json = fixture(name);
        for end in 0..json.trim_end().len() {
            assert!(parse(&json.as_bytes()[..end]).is_err(), "{name} {end}");
        }
    }
}

#[test]
fn an_ecb_document_without_krw_or_with_a_bad_day_is_refused() {
    let document = fixture("ecb-2026-10-30.xml");
    let error = |text: String| ecb::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(error(document.replace("'KRW'", "'KRX'")).contains("no usable rate of KRW"));
    assert!(error(document.replace("rate='1491.76'", "rate='0'")).contains("no usable rate of KRW"));
    assert!(error(document.replace("2026-10-30", "30 October")).contains("\"30 October\" is no day"));
    assert!(error(document.replace(" rate='1491.76'", "")).contains("no usable rate of KRW"));
    let early = document.replace("<Cube time=", "<Cube currency='USD' rate='1.1'/><Cube time=");
    assert!(error(early).contains("a row comes before the first day"));
}

#[test]
fn a_row_of_the_ecb_without_a_usable_rate_is_left_out_by_name() {
    let document = fixture("ecb-2026-10-30.xml");
    let whole = ecb::parse(document.as_bytes()).unwrap();
    for (rate, said) in [
        ("", "the row has no rate"),
        (" rate=''", "the row has no rate"),
        (" rate=' '", "the row has no rate"),
        (" rate='N/A'", "rate must be a decimal number, got N/A"),
        (" rate='0'", "rate must be positive, got 0"),
        (" rate='1,1172'", "rate must be a decimal number, got 1,1172"),
    ] {
        let quotes = ecb::parse(document.replace(" rate='1.1172'", rate).as_bytes()).unwrap();
        assert_eq!(reason(&quotes, "USD"), said);
        assert_eq!((quotes.rates.len(), quotes.left_out.len()), (whole.rates.len() - 1, 1));
    }
    let nameless = ecb::parse(document.replace("currency='USD' ", "").as_bytes()).unwrap();
    assert_eq!(reason(&nameless, "without a code"), "unknown currency");
    assert_eq!(nameless.rates.len(), whole.rates.len() - 1);
}

#[test]
fn the_guilder_that_was_replaced_is_left_out_beside_its_successor() {
    let document = "{\"result\":\"success\",\"base_code\":\"USD\",\"time_last_update_unix\":1793318551,\
                    \"rates\":{\"KRW\":1335,\"USD\":1,\"ANG\":1.79,\"XCG\":1.79}}";
    let quotes = exchangerate_api::parse(document.as_bytes()).unwrap();
    assert_eq!(reason(&quotes, "ANG"), "withdrawn currency");
    assert_eq!(quotes.rates.len(), 2);
}

#[test]
fn exchangerate_api_is_read_digit_by_digit_open_and_keyed() {
    let open = exchangerate_api::parse(fixture("exchangerate-api-open.json").as_bytes()).unwrap();
    let keyed = exchangerate_api::parse(fixture("exchangerate-api-keyed.json").as_bytes()).unwrap();
    assert_eq!(open, keyed);
    assert_eq!(open.recorded_at.to_string(), "2026-10-30T00:02:31Z");
    assert_eq!(open.next_update.unwrap().to_rfc3339(), "2026-10-31T00:14:21+00:00");
    assert_eq!(rate(&open, "USD"), "1335.2667");
    assert_eq!(rate(&open, "VND"), long_division("1335.2667", "26310.47"));
    assert_eq!(rate(&open, "CLF"), long_division("1335.2667", "0.02432"));
    assert_eq!(reason(&open, "FOK"), "unknown currency");
    assert_eq!(reason(&open, "SLL"), "withdrawn currency");
}

#[test]
fn exchangerate_api_numbers_beyond_a_float_are_kept_and_others_left_out() {
    let document = |rates: &str| {
        format!(
            "{{\"result\":\"success\",\"base_code\":\"USD\",\"time_last_update_unix\":1793318551,\"rates\":{{\"KRW\":1000,{rates}}}}}"
        )
    };
    let quotes = exchangerate_api::parse(document("\"JPY\":0.1000000000000000055,\"EUR\":8e-1").as_bytes()).unwrap();
    assert_eq!(
        reason(&quotes, "JPY"),
        "rate may have at most 18 significant digits, got 19 in 0.1000000000000000055"
    );
    assert_eq!(rate(&quotes, "EUR"), "1250");
    let quotes = exchangerate_api::parse(
        document("\"EUR\":0.8,\"JPY\":0,\"GBP\":-1,\"CHF\":\"1\",\"SEK\":1e400,\"USD\":1").as_bytes(),
    );
    let quotes = quotes.unwrap();
    assert_eq!(quotes.rates.len(), 2);
    assert_eq!(reason(&quotes, "JPY"), "rate must be positive, got 0");
    assert_eq!(reason(&quotes, "CHF"), "rate must be a decimal number, got \"1\"");
}

#[test]
fn exchangerate_api_on_another_base_is_refused() {
    let document = fixture("exchangerate-api-open.json").replace("\"base_code\":\"USD\"", "\"base_code\":\"EUR\"");
    let error = exchangerate_api::parse(document.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the JSON cannot be read: base_code must be USD, got Some(\"EUR\")"
    );
}

#[test]
fn koreaexim_is_divided_down_and_has_its_own_tts_and_ttb() {
    let day = NaiveDate::from_ymd_opt(2026, 10, 30).unwrap();
    let quotes = koreaexim::parse(fixture("koreaexim-20261030.json").as_bytes(), day)
        .unwrap()
        .unwrap();
    assert_eq!(quotes.recorded_at.to_string(), "2026-10-30T02:00:00Z");
    assert_eq!((quotes.rates.len(), quotes.left_out.len()), (22, 0));
    for (code, base, tts, ttb) in [
        ("USD", "1335.27", "1348.62", "1321.92"),
        ("JPY", "8.4913", "8.5762", "8.4064"),
        ("IDR", "0.0736", "0.0743", "0.0729"),
        ("CNY", "200.7", "202.71", "198.69"),
    ] {
        let quote = quotes.rates.iter().find(|quote| quote.code.as_str() == code).unwrap();
        let shown = [Some(quote.deal_base_rate), quote.tts, quote.ttb].map(|rate| rate.unwrap().to_string());
        assert_eq!(shown, [base, tts, ttb], "{code}");
    }
}

#[test]
fn koreaexim_rows_that_are_no_rates_are_left_out_and_its_errors_are_named() {
    let day = NaiveDate::from_ymd_opt(2026, 10, 30).unwrap();
    let row = |unit: &str, base: &str| {
        format!(
            "{{\"result\":\"1\",\"cur_unit\":\"{unit}\",\"ttb\":\"0\",\"tts\":null,\"deal_bas_r\":\"{base}\",\"cur_nm\":\"x\"}}"
        )
    };
    let rows = [
        row("USD", "1,335.27"),
        row("ATS", "108.41"),
        row("DEM", "762"),
        row("ZZZ", "1"),
        row("GBP", "0"),
        row("EUR", "1335,27"),
    ];
    let quotes = koreaexim::parse(format!("[{}]", rows.join(",")).as_bytes(), day)
        .unwrap()
        .unwrap();
    assert_eq!(quotes.rates.len(), 1);
    assert_eq!((quotes.rates[0].tts, quotes.rates[0].ttb), (None, None));
    assert_eq!(reason(&quotes, "ATS"), "withdrawn currency");
    assert_eq!(reason(&quotes, "ZZZ"), "unknown currency");
    assert_eq!(reason(&quotes, "GBP"), "deal_bas_r is 0 or absent");
    assert!(reason(&quotes, "EUR").contains("no number with thousands commas"));
    for (result, text) in [
        ("2", "DATA code is wrong"),
        ("3", "authentication key is wrong"),
        ("\"4\"", "used up"),
        ("9", "unknown result 9"),
    ] {
        let error =
            format!("[{{\"result\":{result},\"cur_unit\":null,\"ttb\":null,\"tts\":null,\"deal_bas_r\":null}}]");
        let error = koreaexim::parse(error.as_bytes(), day).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
    assert!(koreaexim::parse(b"[]", day).unwrap().is_none());
    assert!(koreaexim::parse(b"null", day).unwrap().is_none());
    // Rows without any rate are no rates; with one they are left out beside it.
    let absent = "{\"result\":1,\"cur_unit\":null,\"ttb\":null,\"tts\":null,\"deal_bas_r\":null}";
    let won = "{\"result\":1,\"cur_unit\":\"KRW\",\"ttb\":\"0\",\"tts\":\"0\",\"deal_bas_r\":\"1\"}";
    let zero = row("USD", "0");
    for rows in [
        absent.to_owned(),
        format!("{absent},{absent}"),
        "{}".into(),
        "null".into(),
        won.into(),
        zero.clone(),
    ] {
        assert!(
            koreaexim::parse(format!("[{rows}]").as_bytes(), day).unwrap().is_none(),
            "{rows}"
        );
    }
    let one = format!("[{absent},{won},{zero},{}]", row("EUR", "1,491.76"));
    let quotes = koreaexim::parse(one.as_bytes(), day).unwrap().unwrap();
    assert_eq!((quotes.rates.len(), quotes.left_out.len()), (1, 1));
}
