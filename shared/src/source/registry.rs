//! The sources, one entry each, in the order in which they count: of several rates of one day the first source's is shown. `./deploy` reads `key`,
//! `allow_redistribution` and `api_key` from this file's text (`deployment/providers.py`), so they are written out.

use chrono_tz::Tz;

use super::{ApiKey, Calendar, PublicationTime, Source, Terms};
use crate::currency::CurrencyCode;

/// All there are.
pub const SOURCES: &[Source] = &[
    Source {
        key: "ecb",
        name: "ECB",
        home_page: "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/",
        terms: Terms {
            attribution: "Source: European Central Bank",
            page: "https://www.ecb.europa.eu/services/using-our-site/disclaimer/html/index.en.html",
            allow_redistribution: true,
        },
        quotes_against: CurrencyCode::EUR,
        // Around 16:00 in Frankfurt, summer or winter, says the bank's own page.
        calendar: Calendar::Target,
        publication_time: Some(PublicationTime {
            zone: Tz::Europe__Berlin,
            hour: 16,
        }),
        url: "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml",
        api_key: ApiKey::None,
        counts_requests: false,
        has_history: true,
    },
    Source {
        key: "koreaexim",
        name: "Korea Eximbank",
        home_page: "https://www.koreaexim.go.kr/ir/HPHKIR020M01?apino=2&viewtype=C",
        terms: Terms {
            attribution: "Source: The Export-Import Bank of Korea",
            page: "https://www.koreaexim.go.kr/ir/HPHKIR020M01?apino=2&viewtype=C",
            allow_redistribution: true,
        },
        quotes_against: CurrencyCode::KRW,
        // Around 11:00 in Seoul, which has no summer time.
        calendar: Calendar::KoreanBanks,
        publication_time: Some(PublicationTime {
            zone: Tz::Asia__Seoul,
            hour: 11,
        }),
        url: "https://oapi.koreaexim.go.kr/site/program/financial/exchangeJSON",
        api_key: ApiKey::Required {
            variable: "KOREAEXIM_API_KEY",
        },
        // A key may ask 1000 times a day.
        counts_requests: true,
        has_history: false,
    },
    Source {
        key: "exchangerate_api",
        name: "ExchangeRate-API",
        home_page: "https://www.exchangerate-api.com/docs/free",
        terms: Terms {
            attribution: "Rates By Exchange Rate API (https://www.exchangerate-api.com)",
            page: "https://www.exchangerate-api.com/terms",
            allow_redistribution: false,
        },
        quotes_against: CurrencyCode::USD,
        // The open access is renewed once a day.
        calendar: Calendar::Daily,
        publication_time: None,
        url: "https://open.er-api.com",
        api_key: ApiKey::Optional {
            variable: "EXCHANGERATE_API_KEY",
            url: "https://v6.exchangerate-api.com",
        },
        counts_requests: false,
        has_history: false,
    },
];
