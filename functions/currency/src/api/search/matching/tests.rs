use super::*;

fn found(wanted: &str, own: bool) -> Vec<&'static str> {
    let hits = if own { super::found(wanted) } else { hits(wanted, false) };
    hits.into_iter().map(CurrencyCode::as_str).collect()
}

#[test]
fn names_are_found_in_both_languages_in_any_case_and_spacing() {
    assert_eq!(found("usd", true)[0], "USD");
    assert_eq!(found("미국달러", true)[0], "USD");
    assert_eq!(found(" 미국  달러 ", true)[0], "USD");
    assert_eq!(found("us DOLLAR", true)[0], "USD");
    assert!(found("달러", true).len() > 5 && found("dollar", true).contains(&"AUD"));
    assert_eq!(found("미국", false), found("United States", false));
    assert_eq!(found("독일", false), ["EUR"]);
    // A country's code is a code, and no part of a name: "Ukraine" has a KR, "Sweden" a DE.
    assert_eq!(found("KR", false), ["KRW"]);
    assert_eq!(found("DE", false), ["EUR"]);
    assert_eq!(found("de", true), ["EUR"]);
}

#[test]
fn what_people_say_and_what_providers_print_finds_the_currency() {
    for (said, code) in [
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
        assert_eq!(found(said, true).first(), Some(&code), "{said}");
    }
    for (country, code) in [
        ("한국", "KRW"),
        ("usa", "USD"),
        ("호주", "AUD"),
        ("홍콩", "HKD"),
        ("터키", "TRY"),
    ] {
        assert_eq!(found(country, false).first(), Some(&code), "{country}");
    }
    // A country is no currency: its search knows neither names of currencies nor their suffix.
    assert!(found("엔화", false).is_empty());
}

#[test]
fn a_word_goes_before_a_part_of_one_and_no_syllable_is_found_across_words() {
    // The peso of Chile's unit of account is 칠레 우니다드, in which 레우 is no word.
    assert_eq!(found("레우", true), ["MDL", "RON", "ROL"]);
    // 위엔 ends in the yen's 엔.
    assert_eq!(found("엔화", true), ["JPY"]);
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
        assert_eq!(found(sign, true).first(), Some(&code), "{sign}");
    }
    assert!(found("$", true).contains(&"HKD") && found("¥", true).contains(&"CNY"));
    for code in CurrencyCode::all() {
        assert_eq!(
            found(code.symbol(), true).first(),
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
        assert_eq!(found(name, true).first(), Some(&code), "{name}");
    }
    for (name, code) in [
        ("Israeli shekel", "ILS"),
        ("Icelandic krona", "ISK"),
        ("Polish zloty", "PLN"),
        ("polish ZŁOTY", "PLN"),
    ] {
        assert_eq!(found(name, true).first(), Some(&code), "{name}");
    }
}

const EXCHANGERATE_API: &str = "\
AED UAE Dirham
AFN Afghan Afghani
ALL Albanian Lek
AMD Armenian Dram
AOA Angolan Kwanza
ARS Argentine Peso
AUD Australian Dollar
AWG Aruban Florin
AZN Azerbaijani Manat
BAM Bosnia and Herzegovina Convertible Mark
BBD Barbados Dollar
BDT Bangladeshi Taka
BHD Bahraini Dinar
BIF Burundian Franc
BMD Bermudian Dollar
BND Brunei Dollar
BOB Bolivian Boliviano
BRL Brazilian Real
BSD Bahamian Dollar
BTN Bhutanese Ngultrum
BWP Botswana Pula
BYN Belarusian Ruble
BZD Belize Dollar
CAD Canadian Dollar
CDF Congolese Franc
CHF Swiss Franc
CLP Chilean Peso
CNY Chinese Renminbi
COP Colombian Peso
CRC Costa Rican Colon
CUP Cuban Peso
CVE Cape Verdean Escudo
CZK Czech Koruna
DJF Djiboutian Franc
DKK Danish Krone
DOP Dominican Peso
DZD Algerian Dinar
EGP Egyptian Pound
ERN Eritrean Nakfa
ETB Ethiopian Birr
EUR Euro
FJD Fiji Dollar
FKP Falkland Islands Pound
GBP Pound Sterling
GEL Georgian Lari
GHS Ghanaian Cedi
GIP Gibraltar Pound
GMD Gambian Dalasi
GNF Guinean Franc
GTQ Guatemalan Quetzal
GYD Guyanese Dollar
HKD Hong Kong Dollar
HNL Honduran Lempira
HTG Haitian Gourde
HUF Hungarian Forint
IDR Indonesian Rupiah
ILS Israeli New Shekel
INR Indian Rupee
IQD Iraqi Dinar
IRR Iranian Rial
ISK Icelandic Króna
JMD Jamaican Dollar
JOD Jordanian Dinar
JPY Japanese Yen
KES Kenyan Shilling
KGS Kyrgyzstani Som
KHR Cambodian Riel
KMF Comorian Franc
KRW South Korean Won
KWD Kuwaiti Dinar
KYD Cayman Islands Dollar
KZT Kazakhstani Tenge
LAK Lao Kip
LBP Lebanese Pound
LKR Sri Lanka Rupee
LRD Liberian Dollar
LSL Lesotho Loti
LYD Libyan Dinar
MAD Moroccan Dirham
MDL Moldovan Leu
MGA Malagasy Ariary
MKD Macedonian Denar
MMK Burmese Kyat
MNT Mongolian Tögrög
MOP Macanese Pataca
MRU Mauritanian Ouguiya
MUR Mauritian Rupee
MVR Maldivian Rufiyaa
MWK Malawian Kwacha
MXN Mexican Peso
MYR Malaysian Ringgit
MZN Mozambican Metical
NAD Namibian Dollar
NGN Nigerian Naira
NIO Nicaraguan Córdoba
NOK Norwegian Krone
NPR Nepalese Rupee
NZD New Zealand Dollar
OMR Omani Rial
PAB Panamanian Balboa
PEN Peruvian Sol
PGK Papua New Guinean Kina
PHP Philippine Peso
PKR Pakistani Rupee
PLN Polish Złoty
PYG Paraguayan Guaraní
QAR Qatari Riyal
RON Romanian Leu
RSD Serbian Dinar
RUB Russian Ruble
RWF Rwandan Franc
SAR Saudi Riyal
SBD Solomon Islands Dollar
SCR Seychellois Rupee
SDG Sudanese Pound
SEK Swedish Krona
SGD Singapore Dollar
SHP Saint Helena Pound
SLE Sierra Leonean Leone
SOS Somali Shilling
SRD Surinamese Dollar
SSP South Sudanese Pound
STN São Tomé and Príncipe Dobra
SYP Syrian Pound
SZL Eswatini Lilangeni
THB Thai Baht
TJS Tajikistani Somoni
TMT Turkmenistan Manat
TND Tunisian Dinar
TOP Tongan Pa'anga
TRY Turkish Lira
TTD Trinidad and Tobago Dollar
TWD New Taiwan Dollar
TZS Tanzanian Shilling
UAH Ukrainian Hryvnia
UGX Ugandan Shilling
USD United States Dollar
UYU Uruguayan Peso
UZS Uzbekistani So'm
VES Venezuelan Bolívar Soberano
VND Vietnamese Đồng
VUV Vanuatu Vatu
WST Samoan Tālā
XAF Central African CFA Franc
XCD East Caribbean Dollar
XDR Special Drawing Rights
XOF West African CFA franc
XPF CFP Franc
YER Yemeni Rial
ZAR South African Rand
ZMW Zambian Kwacha";

#[test]
fn a_typo_gets_suggestions() {
    assert!(suggestions(&normal("Untied Sttaes"), false).contains(&"United States".to_owned()));
    assert!(suggestions(&normal("미국 딸러"), true).contains(&"미국 달러".to_owned()));
    assert!(suggestions("qqqqqqqq", true).is_empty());
}
