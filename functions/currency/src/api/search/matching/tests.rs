use super::*;

/// What ExchangeRate-API calls the currencies: code and name, one a line.
const EXCHANGERATE_API: &str =
    include_str!("../../../../../../tests/fixtures/providers/exchangerate-api-supported-currencies.txt");

fn found(wanted: &str, names: Names) -> Vec<&'static str> {
    let hits = match names {
        Names::All => by_symbol_or_name(wanted),
        Names::OfCountries => by_name(wanted, names),
    };
    hits.into_iter().map(CurrencyCode::as_str).collect()
}

#[test]
fn names_are_found_in_both_languages_in_any_case_and_spacing() {
    assert_eq!(found("usd", Names::All)[0], "USD");
    assert_eq!(found("미국달러", Names::All)[0], "USD");
    assert_eq!(found(" 미국  달러 ", Names::All)[0], "USD");
    assert_eq!(found("us DOLLAR", Names::All)[0], "USD");
    assert!(found("달러", Names::All).len() > 5 && found("dollar", Names::All).contains(&"AUD"));
    assert_eq!(
        found("미국", Names::OfCountries),
        found("United States", Names::OfCountries)
    );
    assert_eq!(found("독일", Names::OfCountries), ["EUR"]);
    // A country's code is a code, and no part of a name: "Ukraine" has a KR, "Sweden" a DE.
    assert_eq!(found("KR", Names::OfCountries), ["KRW"]);
    assert_eq!(found("DE", Names::OfCountries), ["EUR"]);
    assert_eq!(found("de", Names::All), ["EUR"]);
}

#[test]
fn what_people_say_and_what_providers_print_finds_the_currency() {
    for (wanted, code) in [
        // The short names, with and without the suffix that Korean newspapers put behind them.
        ("엔화", "JPY"),
        ("위안화", "CNY"),
        ("원화", "KRW"),
        ("달러화", "USD"),
        ("파운드화", "GBP"),
        ("유로화", "EUR"),
        ("루블화", "RUB"),
        ("바트화", "THB"),
        ("미국 달러화", "USD"),
        ("영국 파운드화", "GBP"),
        ("엔", "JPY"),
        ("옌", "JPY"),
        ("원", "KRW"),
        ("위안", "CNY"),
        ("달러", "USD"),
        ("dollar", "USD"),
        ("한국", "KRW"),
        ("한국 원화", "KRW"),
        ("usa", "USD"),
        ("U.S.A.", "USD"),
        ("usa dollar", "USD"),
        ("UK", "GBP"),
        ("RMB", "CNY"),
        ("rmb", "CNY"),
        ("호주", "AUD"),
        ("터키 리라", "TRY"),
        // Korea Eximbank's cur_nm and cur_unit, row by row.
        ("아랍에미리트 디르함", "AED"),
        ("호주 달러", "AUD"),
        ("바레인 디나르", "BHD"),
        ("브루나이 달러", "BND"),
        ("캐나다 달러", "CAD"),
        ("스위스 프랑", "CHF"),
        ("위안화", "CNY"),
        ("덴마아크 크로네", "DKK"),
        ("유로", "EUR"),
        ("영국 파운드", "GBP"),
        ("홍콩 달러", "HKD"),
        ("인도네시아 루피아", "IDR"),
        ("일본 옌", "JPY"),
        ("한국 원", "KRW"),
        ("쿠웨이트 디나르", "KWD"),
        ("말레이지아 링기트", "MYR"),
        ("노르웨이 크로네", "NOK"),
        ("뉴질랜드 달러", "NZD"),
        ("사우디 리얄", "SAR"),
        ("스웨덴 크로나", "SEK"),
        ("싱가포르 달러", "SGD"),
        ("태국 바트", "THB"),
        ("미국 달러", "USD"),
        ("오스트리아 실링", "ATS"),
        ("벨기에 프랑", "BEF"),
        ("독일 마르크", "DEM"),
        ("스페인 페세타", "ESP"),
        ("핀란드 마르카", "FIM"),
        ("프랑스 프랑", "FRF"),
        ("이태리 리라", "ITL"),
        ("네델란드 길더", "NLG"),
        ("씨에프에이 프랑(비씨에이오)", "XOF"),
        ("CNH", "CNY"),
        ("위안화(CNH)", "CNY"),
        ("레우", "MDL"),
        ("JPY(100)", "JPY"),
        ("IDR(100)", "IDR"),
    ] {
        assert_eq!(found(wanted, Names::All).first(), Some(&code), "{wanted}");
    }
    for (country, code) in [
        ("한국", "KRW"),
        ("usa", "USD"),
        ("호주", "AUD"),
        ("홍콩", "HKD"),
        ("터키", "TRY"),
    ] {
        assert_eq!(found(country, Names::OfCountries).first(), Some(&code), "{country}");
    }
    // A country is no currency: its search knows neither names of currencies nor their suffix.
    assert!(found("엔화", Names::OfCountries).is_empty());
}

#[test]
fn a_word_goes_before_a_part_of_one_and_no_syllable_is_found_across_words() {
    // The peso of Chile's unit of account is 칠레 우니다드, in which 레우 is no word.
    assert_eq!(found("레우", Names::All), ["MDL", "RON", "ROL"]);
    // 위엔 ends in the yen's 엔.
    assert_eq!(found("엔화", Names::All), ["JPY"]);
}

#[test]
fn symbols_find_their_currency_first() {
    for (sign, code) in [
        ("€", "EUR"),
        ("$", "USD"),
        ("₩", "KRW"),
        ("￦", "KRW"),
        ("¥", "JPY"),
        ("￥", "JPY"),
        ("£", "GBP"),
        ("A$", "AUD"),
        ("R$", "BRL"),
        ("US$", "USD"),
        ("₺", "TRY"),
    ] {
        assert_eq!(found(sign, Names::All).first(), Some(&code), "{sign}");
    }
    assert!(found("$", Names::All).contains(&"HKD") && found("¥", Names::All).contains(&"CNY"));
    for code in CurrencyCode::all() {
        assert_eq!(
            found(code.symbol(), Names::All).first(),
            Some(&code.as_str()),
            "{}",
            code.symbol()
        );
    }
}

#[test]
fn what_exchangerate_api_prints_finds_the_currency() {
    // The column "Currency Name" of its page "Supported Currencies", where the code is one of ISO 4217.
    for line in EXCHANGERATE_API.lines() {
        let (code, name) = line.split_once(' ').unwrap();
        assert_eq!(found(name, Names::All).first(), Some(&code), "{name}");
    }
    for (name, code) in [
        ("Israeli shekel", "ILS"),
        ("Icelandic krona", "ISK"),
        ("Polish zloty", "PLN"),
        ("polish ZŁOTY", "PLN"),
    ] {
        assert_eq!(found(name, Names::All).first(), Some(&code), "{name}");
    }
}

#[test]
fn a_typo_gets_suggestions() {
    assert!(suggestions("Untied Sttaes", Names::OfCountries).contains(&"United States".to_owned()));
    assert!(suggestions("미국 딸러", Names::All).contains(&"미국 달러".to_owned()));
    assert!(suggestions("qqqqqqqq", Names::All).is_empty());
}
