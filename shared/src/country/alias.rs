//! Other names of countries: what people say for short, older names, and older spellings. Sorted by code.

use crate::sorted_table::find;

/// Code and names.
#[rustfmt::skip] // One country a line reads as the table it is.
const ALIASES: [(&str, &[&str]); 39] = [
    ("AE", &["UAE", "아랍에미레이트", "아랍에미리트 연합"]),
    ("AT", &["오지리"]),
    ("AU", &["호주"]),
    ("BY", &["벨로루시", "백러시아"]),
    ("CD", &["DR Congo", "DRC", "콩고민주공화국"]),
    ("CG", &["Republic of the Congo", "콩고공화국"]),
    ("CI", &["Ivory Coast", "아이보리코스트"]),
    ("CN", &["PRC", "People's Republic of China", "중화인민공화국"]),
    ("CV", &["Cabo Verde"]),
    ("CZ", &["Czech Republic", "체코 공화국"]),
    ("DK", &["덴마아크"]),
    ("FR", &["불란서"]),
    ("GB", &["UK", "Great Britain", "Britain", "England", "잉글랜드", "대영제국"]),
    ("GE", &["그루지야"]),
    ("GR", &["Hellas", "희랍"]),
    ("HK", &["Hong Kong", "홍콩"]),
    ("IT", &["이태리"]),
    ("KG", &["키르기즈스탄", "키르기스"]),
    ("KP", &["DPRK", "북조선"]),
    ("KR", &["Korea", "Republic of Korea", "ROK", "한국", "남한", "코리아"]),
    ("LK", &["실론"]),
    ("MK", &["Macedonia", "마케도니아"]),
    ("MM", &["Myanmar", "Burma", "버마"]),
    ("MO", &["Macau", "Macao", "마카오"]),
    ("MY", &["말레이지아"]),
    ("NL", &["Holland", "홀란드", "네델란드", "화란"]),
    ("PS", &["Palestine", "팔레스타인"]),
    ("RU", &["Russian Federation", "러시아 연방"]),
    ("SA", &["사우디", "KSA"]),
    ("SG", &["싱가폴"]),
    ("SZ", &["Swaziland", "스와질란드"]),
    ("TH", &["타이"]),
    ("TL", &["East Timor"]),
    ("TR", &["Turkey", "Turkiye", "터키"]),
    ("TW", &["타이완", "중화민국", "ROC"]),
    ("US", &["USA", "America", "United States of America", "미합중국", "아메리카"]),
    ("VA", &["Vatican", "바티칸"]),
    ("VN", &["Viet Nam", "월남"]),
    ("ZA", &["남아프리카 공화국", "남아공", "RSA"]),
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
    fn the_names_are_sorted_and_belong_to_known_countries() {
        assert!(is_sorted(&ALIASES));
        for (code, names) in ALIASES {
            assert_eq!(code.parse::<super::super::CountryCode>().unwrap().aliases(), names);
        }
    }
}
