//! What is remembered survives Redis.

use super::*;
use crate::observation::Unreadable;

fn quote(rate: &str, tts: Option<&str>) -> Quote {
    let tts = tts.map(|text| text.parse().unwrap());
    Quote {
        code: CurrencyCode::USD,
        deal_base_rate: rate.parse().unwrap(),
        tts,
        ttb: None,
        quotation: "1.1172".parse().unwrap(),
    }
}

#[test]
fn an_observation_survives_its_field() {
    let observation = Observation::of(
        &quote("1335.26", Some("1348.5")),
        "2026-10-30T13:15:00Z".parse().unwrap(),
    );
    assert_eq!(observation.to_string(), "2026-10-30T13:15:00Z|1335.26|1348.5||1.1172");
    assert_eq!(observation.to_string().parse(), Ok(observation));
    // As it was before the quotation was remembered.
    let former: Observation = "2026-10-30T13:15:00Z|1335.26|1348.5|".parse().unwrap();
    assert_eq!(
        former,
        Observation {
            quotation: None,
            ..observation
        }
    );
    for text in [
        "",
        "2026-10-30T13:15:00Z|1335.26",
        "2026-10-30T13:15:00Z|0||",
        "x|1||",
        "2026-10-30T13:15:00Z|1|||1|",
    ] {
        assert_eq!(text.parse::<Observation>(), Err(Unreadable));
    }
}

#[test]
fn an_older_day_is_kept_beside_the_newest() {
    let [older, newer] = ["2026-10-29T13:15:00Z", "2026-10-30T13:15:00Z"].map(|text| text.parse().unwrap());
    let newest = quote("1335.26", None);
    let mut published = PublishedRates::default();
    published.newest.insert(newest.code, Observation::of(&newest, newer));
    assert!(published.contains(&newest, newer));
    assert!(!published.contains(&newest, older));
    assert!(!published.contains(&quote("1335.26", Some("1340")), newer));
    // The won and the dollar were both corrected, and the price in won stayed.
    let corrected = Quote {
        quotation: "2.2344".parse().unwrap(),
        ..newest
    };
    assert!(!published.contains(&corrected, newer));
    let not_remembered = Observation {
        quotation: None,
        ..Observation::of(&newest, newer)
    };
    let former = PublishedRates {
        newest: [(newest.code, not_remembered)].into(),
        ..PublishedRates::default()
    };
    assert!(former.contains(&newest, newer) && former.contains(&corrected, newer));
    let update = |recorded_at| {
        [Update {
            quote: newest,
            recorded_at,
            held_since: None,
        }]
    };
    assert_eq!(published.fields(&update(older))[0].0, "USD:older");
    assert_eq!(published.fields(&update(newer))[0].0, "USD");
    assert_eq!(published.replaced(&update(newer)), ["USD"]);
    assert_eq!(published.replaced(&update(older)), Vec::<String>::new());
}

#[test]
fn a_quotation_that_was_not_remembered_is_computed() {
    let mut published = PublishedRates::default();
    let [usd, eur]: [Observation; 2] =
        ["2026-10-30T13:15:00Z|1250||", "2026-10-30T13:15:00Z|1500||"].map(|text| text.parse().unwrap());
    let level = |published: &PublishedRates, base| {
        published
            .level(CurrencyCode::USD, base)
            .map(|level| level.quotation.to_string())
    };
    published.newest.insert(CurrencyCode::USD, usd);
    assert_eq!(level(&published, CurrencyCode::EUR), None);
    assert_eq!(level(&published, CurrencyCode::KRW).unwrap(), "0.0008");
    published.newest.insert(CurrencyCode::EUR, eur);
    assert_eq!(level(&published, CurrencyCode::EUR).unwrap(), "1.2");
}
