use super::*;

const ALLOWED: &[&str] = &["base", "symbols", "amount", "date", "limit", "inverse"];

fn parse(query: &str) -> Result<Params, ApiError> {
    Params::parse(query, ALLOWED)
}

#[test]
fn an_odd_query_is_refused_by_name() {
    for (query, message) in [
        (
            "symbol=USD",
            "parameter is \"symbol\": allowed is base, symbols, amount, date, limit, inverse",
        ),
        ("symbols=", "symbols is \"\": allowed is a value"),
        ("symbols", "symbols is \"\": allowed is a value"),
        (
            "base=USD&base=EUR",
            "base is \"USD, EUR\": allowed is one value; the parameter is repeated",
        ),
        (
            "base=%00",
            "base is \"\\0\": allowed is UTF-8 text without control characters",
        ),
        ("base=%FF", "allowed is UTF-8 text"),
        ("base=%ZZ", "query string is \"%ZZ\": allowed is percent-encoded UTF-8"),
        ("base=1%", "query string is \"%\": allowed is percent-encoded UTF-8"),
    ] {
        let error = parse(query).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidParameter);
        assert!(error.message.contains(message), "{query}: {}", error.message);
    }
    assert!(
        parse(&format!("base={}", "x".repeat(10_000)))
            .unwrap_err()
            .message
            .len()
            < 200
    );
}

#[test]
fn a_value_that_is_not_allowed_is_refused_with_what_is() {
    let refused = |query: &str| {
        let params = parse(query).unwrap();
        let codes = params
            .currency("base")
            .and(params.currencies("symbols", 1..=3))
            .map(drop);
        let numbers = params
            .number("limit", 1..=50)
            .and(params.amount("amount").map(|_| None::<u32>))
            .map(drop);
        let error = codes
            .and(numbers)
            .and(params.date("date").map(drop))
            .and(params.flag("inverse").map(drop));
        error.unwrap_err().message
    };
    for (query, message) in [
        ("base=usd", "base is \"usd\": allowed is a currency code"),
        ("symbols=USD,,EUR", "symbols is \"\": allowed is a currency code"),
        ("symbols=USD,USD", "each currency once; USD is repeated"),
        ("symbols=USD,EUR,JPY,GBP", "1 to 3 currencies"),
        ("limit=-1", "a whole number from 1 to 50"),
        ("limit=1000000000", "a whole number from 1 to 50"),
        ("limit=01", "a whole number from 1 to 50"),
        ("limit=%2B1", "a whole number from 1 to 50"),
        ("limit=%201", "a whole number from 1 to 50"),
        ("limit=1e1", "a whole number from 1 to 50"),
        ("limit=0x1", "a whole number from 1 to 50"),
        ("limit=1_0", "a whole number from 1 to 50"),
        ("limit=%EF%BC%91", "a whole number from 1 to 50"),
        ("amount=%2B1", "a decimal number above 0"),
        ("amount=%201", "a decimal number above 0"),
        ("amount=1_000", "a decimal number above 0"),
        ("amount=1e3", "a decimal number above 0"),
        ("amount=.5", "a decimal number above 0"),
        ("amount=%EF%BC%91", "a decimal number above 0"),
        ("amount=1e308", "a decimal number above 0"),
        ("amount=-1", "a decimal number above 0"),
        ("amount=0", "a decimal number above 0"),
        ("amount=1.", "a decimal number above 0"),
        ("date=0001-01-01", "a day from 1970-01-01"),
        ("date=9999-12-31", "a day from 1970-01-01"),
        ("date=2026-02-30", "a day from 1970-01-01"),
        ("date=2026-1-1", "a day from 1970-01-01"),
        ("date=%2B2026-1-01", "a day from 1970-01-01"),
        ("date=2026-%201-01", "a day from 1970-01-01"),
        ("date=2026-01-%201", "a day from 1970-01-01"),
        ("date=%2026-10-30", "a day from 1970-01-01"),
        ("date=2026-+1-01", "a day from 1970-01-01"),
        ("date=%2B026-01-01", "a day from 1970-01-01"),
        ("date=-026-01-01", "a day from 1970-01-01"),
        ("date=2026-01-1+", "a day from 1970-01-01"),
        ("date=2026/01/01", "a day from 1970-01-01"),
        ("date=20260101", "a day from 1970-01-01"),
        ("date=2026-01-01T00:00:00Z", "a day from 1970-01-01"),
        // Ten bytes, of which three are a full-width digit one.
        ("date=2026-1-%EF%BC%91", "a day from 1970-01-01"),
        ("date=%EF%BC%92026-01-01", "a day from 1970-01-01"),
        ("inverse=yes", "true or false"),
    ] {
        let refusal = refused(query);
        assert!(refusal.contains(message), "{query}: {refusal}");
    }
}

#[test]
fn the_newest_day_is_the_one_that_korea_has_begun() {
    for (now, day) in [
        ("2026-10-29T14:59:59Z", "2026-10-29"),
        ("2026-10-29T15:00:00Z", "2026-10-30"),
        ("2026-10-29T23:59:59Z", "2026-10-30"),
        ("2026-10-30T00:00:00Z", "2026-10-30"),
    ] {
        assert_eq!(newest_day(now.parse().unwrap()), day.parse().unwrap(), "{now}");
    }
    let asked = |day: NaiveDate| parse(&format!("date={day}")).unwrap().date("date");
    let today = newest_day(Utc::now());
    assert_eq!(asked(today).unwrap(), Some(today));
    // Two days on, because a day may begin while this runs.
    let later = today + TimeDelta::days(2);
    assert_eq!(asked(later).unwrap_err().code, ErrorCode::InvalidParameter);
}
