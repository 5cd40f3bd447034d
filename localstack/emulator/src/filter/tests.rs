use super::*;

fn passes(patterns: &[&str], value: &str) -> bool {
    let mut filters = Filters::default();
    for pattern in patterns {
        filters.add(pattern).unwrap();
    }
    filters.matches(Some(value.as_bytes()))
}

#[test]
fn operators_match_as_lambda_documents_them() {
    let record = r#"{"code":"USD","rate":1350.5,"tts":null,"empty":"","tags":["spot","mid"],"source":{"key":"ecb","tries":2},"up":true}"#;
    for (pattern, matches) in [
        (r#"{"code":["USD","EUR"]}"#, true),
        (r#"{"code":["EUR"]}"#, false),
        (r#"{"code":["usd"]}"#, false),
        (r#"{"code":["USD"],"up":[false]}"#, false),
        (r#"{"code":["USD"],"up":[true]}"#, true),
        (r#"{"rate":[1350.50]}"#, true),
        (r#"{"tts":[null]}"#, true),
        (r#"{"code":[null]}"#, false),
        (r#"{"empty":[""]}"#, true),
        (r#"{"tags":["mid"]}"#, true),
        (r#"{"tags":["ask"]}"#, false),
        (
            r#"{"source":{"key":["ecb"],"tries":[{"numeric":[">",1,"<=",2]}]}}"#,
            true,
        ),
        (r#"{"source":{"key":["koreaexim"]}}"#, false),
        (r#"{"source":["ecb"]}"#, false),
        (r#"{"code":{"name":["US"]}}"#, false),
        (r#"{"rate":[{"numeric":["<",1350.5]}]}"#, false),
        (r#"{"rate":[{"numeric":["=",1350.5]}]}"#, true),
        (r#"{"code":[{"numeric":[">",0]}]}"#, false),
        (r#"{"code":[{"prefix":"US"}]}"#, true),
        (r#"{"code":[{"prefix":"us"}]}"#, false),
        (r#"{"code":[{"prefix":{"equals-ignore-case":"us"}}]}"#, true),
        (r#"{"code":[{"suffix":"SD"}]}"#, true),
        (r#"{"code":[{"equals-ignore-case":"usd"}]}"#, true),
        (r#"{"code":[{"anything-but":["EUR","JPY"]}]}"#, true),
        (r#"{"code":[{"anything-but":"USD"}]}"#, false),
        (r#"{"code":[{"anything-but":{"prefix":"U"}}]}"#, false),
        (r#"{"absent":[{"anything-but":"x"}]}"#, false),
        (r#"{"absent":[{"exists":false}]}"#, true),
        (r#"{"code":[{"exists":false}]}"#, false),
        (r#"{"code":[{"exists":true}]}"#, true),
        (r#"{"source":{"other":[{"exists":false}]}}"#, true),
        (r#"{"gone":{"other":[{"exists":false}]}}"#, true),
        (r#"{"$or":[{"code":["EUR"]},{"rate":[{"numeric":[">",1000]}]}]}"#, true),
        (r#"{"$or":[{"code":["EUR"]},{"code":["JPY"]}]}"#, false),
        ("{}", true),
    ] {
        assert_eq!(
            passes(&[&format!(r#"{{"value":{pattern}}}"#)], record),
            matches,
            "{pattern}"
        );
    }
}

#[test]
fn several_filters_are_alternatives() {
    let filters = [r#"{"value":{"code":["USD"]}}"#, r#"{"value":{"code":["EUR"]}}"#];
    assert!(passes(&filters, r#"{"code":"EUR"}"#));
    assert!(!passes(&filters, r#"{"code":"JPY"}"#));
    assert!(passes(&["{}"], r#"{"code":"JPY"}"#));
}

#[test]
fn plain_text_has_patterns_of_its_own_and_other_formats_are_not_filtered() {
    let plain = r#"{"value":[{"anything-but":["error"]}]}"#;
    assert!(passes(&[plain], "fine"));
    assert!(!passes(&[plain], "error"));
    assert!(passes(&[plain], r#"{"code":"error"}"#), "JSON against a plain pattern");
    let json = r#"{"value":{"code":["USD"]}}"#;
    assert!(passes(&[json], "not JSON"), "text against a JSON pattern");
    let mut filters = Filters::default();
    filters.add(json).unwrap();
    assert!(filters.matches(None), "a tombstone");
    assert!(filters.matches(Some(&[0xff, 0xfe])), "bytes that are not UTF-8");
}

#[test]
fn what_cannot_be_evaluated_is_refused_with_what_can() {
    for (pattern, expected) in [
        (
            "nothing",
            r#"a JSON object such as {"value": {"currency_code": ["USD"]}}"#,
        ),
        (
            r#"{"value":"USD"}"#,
            r#"a JSON object such as {"value": {"currency_code": ["USD"]}}"#,
        ),
        (
            r#"{"key":["USD"]}"#,
            "patterns on value alone, not on key: Lambda filters Kafka records by nothing else",
        ),
        (
            r#"{"value":{"code":"USD"}}"#,
            "value.code: a list of values or an object",
        ),
        (r#"{"value":{"code":[]}}"#, "value.code: a list that is not empty"),
        (
            r#"{"value":{"$or":[{"code":["USD"]}]}}"#,
            "value.$or: a list of at least two objects",
        ),
        (
            r#"{"value":{"code":[{"cidr":"10.0.0.0/8"}]}}"#,
            "value.code: text, a number, true, false, null, or one of prefix, suffix, equals-ignore-case, anything-but, numeric, exists",
        ),
        (
            r#"{"value":{"code":[{"prefix":"U","suffix":"D"}]}}"#,
            "value.code: one operator in each object",
        ),
    ] {
        let error = Filters::default().add(pattern).unwrap_err();
        assert_eq!(error.to_string(), expected, "{pattern}");
    }
}
