use super::*;

/// Each omission as a sentence.
fn named(history: &History) -> Vec<String> {
    history.left_out.named.iter().map(ToString::to_string).collect()
}

/// Each day's currencies.
fn codes(history: &History) -> Vec<(String, Vec<&'static str>)> {
    let codes = |day: &HistoryDay| day.rates.iter().map(|(code, _)| code.as_str()).collect();
    history
        .days
        .iter()
        .map(|day| (day.day.to_string(), codes(day)))
        .collect()
}

#[test]
fn the_whole_history_has_every_observation() {
    let history = read(include_bytes!("../../../../tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
    let days = &history.days;
    assert_eq!(
        (days.len(), days.iter().map(|day| day.rates.len()).sum::<usize>()),
        (7_126, 221_702)
    );
    assert_eq!(history.left_out, Omissions::default());
    assert_eq!(
        (days[0].day.to_string().as_str(), days[7_125].day.to_string().as_str()),
        ("1999-01-04", "2026-10-30")
    );
    let usd = days[7_125]
        .rates
        .iter()
        .find(|(code, _)| code.as_str() == "USD")
        .unwrap();
    assert_eq!(usd.1.krw.to_string(), "1335.26673827425707"); // 1491.76 / 1.1172
    assert_eq!(usd.1.quotation, "1.1172".parse().ok());
    let all = || days.iter().flat_map(|day| &day.rates);
    assert!(all().all(|(_, rate)| rate.quotation.is_some()));
    let mut euros = all().filter(|(code, _)| *code == CurrencyCode::EUR);
    assert!(euros.all(|(_, rate)| rate.quotation == "1".parse().ok()));
}

#[test]
fn what_cannot_be_read_is_left_out_by_name_and_the_rest_stands() {
    let csv = b"Date,USD,XQX,JPY,KRW,USD,EUR,\n\
        2026-10-30,1.1172,7,175.68,1491.76,2,1,\n\
        yesterday,1,7,1,1,,,\n\
        0026-10-29,1,7,1,1,,,\n\
        2026-10-29,one,7,175,1488.4,,,\n\
        2026-10-28,0,7,N/A,1488.4,,,,9\n\
        2026-10-27,1.1,7,175,N/A,,,\n\
        2026-10-26,1.1,7,175,1.4.8,,,\n\
        2026-10-30,1.2,7,175,1488.4,,,\n\
        2026-10-23,1.1,7,\xff\xfe,1488.4,,,\n";
    let history = read_csv(csv).unwrap();
    let day = |day: &str, codes: &[&'static str]| (day.to_owned(), codes.to_vec());
    assert_eq!(
        codes(&history),
        [
            day("2026-10-23", &["EUR", "USD"]),
            day("2026-10-28", &["EUR"]),
            day("2026-10-29", &["EUR", "JPY"]),
            day("2026-10-30", &["EUR", "JPY", "USD"]),
        ]
    );
    assert_eq!(history.days[3].rates[2].1.krw.to_string(), "1335.26673827425707");
    assert_eq!(
        named(&history),
        [
            "line 1, column XQX: \"XQX\" is not a known currency code",
            "line 1, column USD: \"USD\" is a currency that a column before it has",
            "line 1, column EUR: \"EUR\" is the currency that all rates are of one unit of",
            "line 3, column Date: \"yesterday\" is not a day such as 2026-10-30",
            "line 4, column Date: \"0026-10-29\" is not a day such as 2026-10-30",
            "line 5, column USD: \"one\" is not a decimal number or N/A",
            "line 6, column : \"9\" is in no column",
            "line 6, column USD: \"0\" is not a rate",
            "line 7, column KRW: \"\" is a day without KRW, which its rates are crossed with",
            "line 8, column KRW: \"1.4.8\" is not a decimal number or N/A",
            "line 8, column KRW: \"\" is a day without KRW, which its rates are crossed with",
            "line 9, column Date: \"2026-10-30\" is a day that a line before it has",
            "line 10, column JPY: \"\u{fffd}\u{fffd}\" is not a decimal number or N/A",
        ]
    );
    assert_eq!(history.left_out.named[5].day, "2026-10-29".parse().ok());
}

#[test]
fn a_file_without_anything_to_read_is_refused() {
    let error = |csv: &[u8]| read_csv(csv).unwrap_err().to_string();
    assert_eq!(
        error(b"<html>,USD\n2026-10-30,1.1\n"),
        "the history has no column KRW; its first line is \"<html>USD\""
    );
    assert_eq!(
        error(b"Date,USD,KRW,\nnever,1,1,\n"),
        "the history has no day that can be read; left out: line 2, column Date: \"never\" is not a day such as 2026-10-30"
    );
    assert!(error(b"").starts_with("the history has no column KRW"));
}

#[test]
fn of_very_many_the_first_hundred_are_named_and_all_are_counted() {
    let mut csv = "Date,USD,KRW,\n2026-10-30,1.1172,1491.76,\n".to_owned();
    for _ in 0..1_000 {
        csv.push_str("never,1,1,\n");
    }
    let history = read_csv(csv.as_bytes()).unwrap();
    assert_eq!((history.left_out.count, history.left_out.named.len()), (1_000, 100));
    assert!(history.left_out.to_string().ends_with("; and 900 more"));
}
