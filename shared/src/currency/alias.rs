//! Other names of currencies: what people say for short, what the providers print, and older spellings. Sorted by code.
//!
//! The Korean ones of Korea Eximbank are its field `cur_nm`, spelt as it spells them (일본 옌, 말레이지아 링기트, 덴마아크 크로네), with its codes
//! where they are not ISO's (CNH, JPY(100), IDR(100)). A word for several currencies (달러, 프랑, dollar) stands with the one that is meant when nothing
//! is added.

use crate::sorted_table::find;

/// Code and names.
#[rustfmt::skip] // One currency a line reads as the table it is.
const ALIASES: [(&str, &[&str]); 40] = [
    ("AED", &["아랍에미리트 디르함", "아랍에미레이트 디르함", "아랍에미리트 디람", "emirati dirham"]),
    ("ATS", &["오지리 실링"]),
    ("AUD", &["오스트레일리아 달러", "aussie dollar"]),
    ("BHD", &["바레인 디나르", "바레인 디나"]),
    ("BND", &["브루나이 달러"]),
    ("BOB", &["bolivian boliviano"]),
    ("BRL", &["브라질 헤알", "헤알", "real"]),
    ("CHF", &["스위스 프랑", "스위스 프랑크", "프랑", "franc", "swissie"]),
    ("CNY", &["위안", "중국 위안", "중국 원", "위엔", "인민폐", "런민비", "yuan", "renminbi", "chinese renminbi", "chinese yuan", "RMB", "CNH"]),
    ("CZK", &["체코 코루나", "czech crown"]),
    ("DEM", &["독일 마르크", "도이치 마르크", "deutsche mark"]),
    ("DKK", &["덴마아크 크로네", "덴마크 크로네", "danish crown"]),
    ("EUR", &["유로", "유로존", "유럽연합", "eurozone"]),
    ("GBP", &["파운드", "영국 파운드", "스털링", "pound", "british pound", "sterling"]),
    ("IDR", &["인도네시아 루피아", "루피아", "rupiah", "IDR(100)"]),
    ("ILS", &["이스라엘 세켈", "이스라엘 셰켈", "israeli shekel", "shekel"]),
    ("INR", &["루피", "rupee"]),
    ("ITL", &["이태리 리라"]),
    ("JPY", &["엔", "옌", "일본 엔", "일본 옌", "yen", "JPY(100)"]),
    ("KRW", &["원", "한국 원", "korean won", "won"]),
    ("KWD", &["쿠웨이트 디나르", "쿠웨이트 디나"]),
    ("MMK", &["burmese kyat"]),
    ("MXN", &["페소", "peso"]),
    ("MYR", &["말레이지아 링기트", "링기트", "링깃", "ringgit"]),
    ("NLG", &["네델란드 길더"]),
    ("NOK", &["노르웨이 크로네", "norwegian crown"]),
    ("NZD", &["뉴질랜드 달러", "kiwi dollar"]),
    ("RUB", &["루블", "rouble", "ruble", "russian rouble", "RUR"]),
    ("SAR", &["사우디 리얄", "saudi rial"]),
    ("SEK", &["스웨덴 크로나", "swedish crown"]),
    ("SGD", &["싱가포르 달러", "싱가폴 달러", "싱달러"]),
    ("THB", &["바트", "태국 바트", "타이 바트", "태국 밧", "baht"]),
    ("TRY", &["터키 리라", "리라", "lira", "YTL"]),
    ("TWD", &["대만 달러", "신 대만 달러", "뉴타이완 달러", "NTD"]),
    ("USD", &["달러", "미국 달러", "미 달러", "dollar", "american dollar", "greenback"]),
    ("VES", &["venezuelan bolivar soberano"]),
    ("VND", &["동", "베트남 동", "dong"]),
    ("XDR", &["SDR", "special drawing rights", "특별인출권"]),
    ("XOF", &["씨에프에이 프랑", "씨에프에이 프랑(비씨에이오)", "CFA franc BCEAO"]),
    ("ZAR", &["랜드", "남아공 랜드", "rand"]),
];

/// The other names of `code`.
pub(super) fn of(code: &str) -> &'static [&'static str] {
    find(&ALIASES, code).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sorted_table::is_sorted;

    #[test]
    fn the_names_are_sorted_and_belong_to_known_currencies() {
        assert!(is_sorted(&ALIASES));
        for (code, names) in ALIASES {
            assert_eq!(code.parse::<super::super::CurrencyCode>().unwrap().aliases(), names);
        }
    }
}
