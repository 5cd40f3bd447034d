use super::*;

fn rate(text: &str) -> Rate {
    text.parse().unwrap()
}

fn leg(code: &str, days: &[(&str, i32, [&str; 4])]) -> Leg {
    let of_ecb: Vec<_> = days
        .iter()
        .map(|(day, observations, prices)| (*day, "ecb", *observations, *prices))
        .collect();
    leg_of(code, &of_ecb)
}

fn leg_of(code: &str, days: &[(&str, &str, i32, [&str; 4])]) -> Leg {
    let day = |(day, source, observations, [open, high, low, close]): &(&str, &str, i32, [&str; 4])| LegDay {
        day: day.parse().unwrap(),
        source: (*source).to_owned(),
        observations: *observations,
        open: rate(open),
        high: rate(high),
        low: rate(low),
        close: rate(close),
        quotation: None,
    };
    Leg {
        code: code.parse().unwrap(),
        recorded: vec![("ecb".to_owned(), "2026-10-30T13:15:00Z".parse().unwrap())],
        days: days.iter().map(day).collect(),
    }
}

fn pair(base: &str, target: &str, inverse: bool) -> Pair {
    Pair {
        base: base.parse().unwrap(),
        target: target.parse().unwrap(),
        inverse,
    }
}

fn printed(points: &[Point<NaiveDate>]) -> Vec<String> {
    let print = |point: &Point<NaiveDate>| {
        format!(
            "{} {} {} {} {}",
            point.at, point.open, point.high, point.low, point.close
        )
    };
    points.iter().map(print).collect()
}

fn all(legs: &[&Leg]) -> (NaiveDate, NaiveDate) {
    let days = || legs.iter().flat_map(|leg| leg.days.iter().map(|day| day.day));
    (days().min().unwrap(), days().max().unwrap())
}

fn prices(pair: Pair, legs: &[&Leg], ticks: &[Ticks]) -> Vec<String> {
    let (from, to) = all(legs);
    printed(&points(pair, legs, &common_days(legs, from, to), ticks).0)
}

#[test]
fn against_krw_the_day_is_printed_as_it_is_stored_or_turned_round() {
    let usd = leg(
        "USD",
        &[("2026-10-30", 4, ["1250", "1600", "1000", "1335.26673827425707"])],
    );
    assert_eq!(
        prices(pair("KRW", "USD", false), &[&usd], &[]),
        ["2026-10-30 1250 1600 1000 1335.26673827425707"]
    );
    assert_eq!(
        prices(pair("KRW", "USD", true), &[&usd], &[]),
        ["2026-10-30 0.0008 0.001 0.000625 0.0007489140344"],
        "the highest price is the lowest the other way round"
    );
}

#[test]
fn a_cross_has_the_days_that_both_have() {
    let one = |day, price| (day, 1, [price; 4]);
    let usd = leg(
        "USD",
        &[
            one("2026-10-28", "1300"),
            one("2026-10-29", "1310"),
            one("2026-10-30", "1335.26673827425707"),
        ],
    );
    let eur = leg(
        "EUR",
        &[
            one("2026-10-27", "1490"),
            one("2026-10-28", "1495"),
            one("2026-10-30", "1491.76"),
        ],
    );
    let days = prices(pair("USD", "EUR", false), &[&usd, &eur], &[]);
    assert_eq!(
        days,
        [
            "2026-10-28 1.15 1.15 1.15 1.15",
            "2026-10-30 1.1172 1.1172 1.1172 1.1172"
        ]
    );
    // In the other order of the legs too.
    assert_eq!(prices(pair("USD", "EUR", false), &[&eur, &usd], &[]), days);
}

#[test]
fn the_extremes_of_a_cross_are_those_of_instants_that_both_have() {
    let usd = leg("USD", &[("2026-10-30", 3, ["1000", "2000", "1000", "1000"])]);
    let eur = leg("EUR", &[("2026-10-30", 3, ["1500", "3000", "1500", "1600"])]);
    let ticks = |ticks: &[(&str, &str)]| ticks_of("ecb", ticks);
    // At 10:00 both doubled, so the cross did not move. Had the days' own extremes been crossed, it would seem to reach 3000 / 1000.
    let of_usd = ticks(&[
        ("09:00", "1000"),
        ("10:00", "2000"),
        ("11:00", "1250"),
        ("12:00", "1000"),
    ]);
    let of_eur = ticks(&[
        ("09:00", "1500"),
        ("10:00", "3000"),
        ("11:00", "1500"),
        ("11:30", "9999"),
        ("12:00", "1600"),
    ]);
    let legs = [&usd, &eur];
    let day = "2026-10-30".parse().unwrap();
    assert_eq!(needs_ticks(&common_days(&legs, day, day)), Some((day, day)));
    let ticks = [of_usd, of_eur];
    assert_eq!(
        prices(pair("USD", "EUR", false), &legs, &ticks),
        ["2026-10-30 1.5 1.6 1.2 1.6"]
    );
    assert_eq!(
        prices(pair("USD", "EUR", true), &legs, &ticks),
        ["2026-10-30 0.6666666667 0.8333333333 0.625 0.625"]
    );
}

#[test]
fn only_crosses_with_several_observations_a_day_need_their_instants() {
    let once = leg("USD", &[("2026-10-30", 1, ["1300"; 4])]);
    let often = leg("EUR", &[("2026-10-30", 2, ["1490"; 4])]);
    let day = "2026-10-30".parse().unwrap();
    let needed = |legs: &[&Leg]| needs_ticks(&common_days(legs, day, day)).is_some();
    assert!(!needed(&[&often]));
    assert!(!needed(&[&once, &once]));
    assert!(needed(&[&once, &often]));
    // A source without an hour of its own dates its rates by the second: one of each may be of two instants.
    let other = |code| leg_of(code, &[("2026-10-30", "exchangerate_api", 1, ["1490"; 4])]);
    assert!(needed(&[&other("USD"), &other("EUR")]));
    assert!(!needed(&[&other("USD")]));
}

fn tick(at: &str, price: &str, quotation: Option<&str>) -> Tick {
    Tick {
        at: format!("2026-10-30T{at}:00Z").parse().unwrap(),
        rate: StoredRate {
            krw: rate(price),
            quotation: quotation.map(rate),
        },
    }
}

/// The yen of an account before the won was corrected, and the euro of the one after it.
#[test]
fn a_cross_is_of_the_quotations_by_days_and_by_instants() {
    let quoted = |code, price, quotation, observations| {
        let mut leg = leg(code, &[("2026-10-30", observations, [price; 4])]);
        leg.days[0].quotation = Some(rate(quotation));
        leg
    };
    let pair = pair("JPY", "EUR", false);
    let prices_of = |observations, ticks: &[Ticks]| {
        let jpy = quoted("JPY", "8.49134790528233151", "175.68", observations);
        let eur = quoted("EUR", "1530", "1", observations);
        prices(pair, &[&jpy, &eur], ticks)
    };
    let expected = ["2026-10-30 175.68 175.68 175.68 175.68"];
    assert_eq!(prices_of(1, &[]), expected);
    let ticks = |price, quotation| {
        let mut ticks = ticks_of("ecb", &[]);
        let of_ecb = ["09:00", "10:00"].map(|at| tick(at, price, Some(quotation)));
        ticks.sources.insert("ecb".to_owned(), of_ecb.to_vec());
        ticks
    };
    let ticks = [ticks("8.49134790528233151", "175.68"), ticks("1530", "1")];
    assert_eq!(prices_of(2, &ticks), expected);
}

fn ticks_of(source: &str, ticks: &[(&str, &str)]) -> Ticks {
    let ticks = ticks.iter().map(|(at, price)| tick(at, price, None));
    Ticks {
        last: "2026-10-30".parse().unwrap(),
        sources: [(source.to_owned(), ticks.collect())].into(),
    }
}

#[test]
fn a_day_is_of_the_first_source_that_has_both_at_one_instant() {
    let one = |day, source, price| (day, source, 1, [price; 4]);
    let usd = leg_of(
        "USD",
        &[
            one("2026-10-29", "ecb", "1420"),
            one("2026-10-29", "koreaexim", "1410"),
            one("2026-10-30", "exchangerate_api", "1430"),
            one("2026-10-30", "somebody", "1000"),
        ],
    );
    let eur = leg_of(
        "EUR",
        &[
            one("2026-10-28", "koreaexim", "1500"),
            one("2026-10-29", "koreaexim", "1505"),
            one("2026-10-30", "exchangerate_api", "1510"),
            one("2026-10-30", "somebody", "1500"),
        ],
    );
    let both = |first: Ticks, second: Ticks| Ticks {
        sources: first.sources.into_iter().chain(second.sources).collect(),
        last: first.last,
    };
    // The first of the two sources of the last day has the two currencies at different instants.
    let ticks = [
        both(
            ticks_of("exchangerate_api", &[("10:00", "1430")]),
            ticks_of("somebody", &[("12:00", "1000")]),
        ),
        both(
            ticks_of("exchangerate_api", &[("12:00", "1510")]),
            ticks_of("somebody", &[("12:00", "1500")]),
        ),
    ];
    let legs = [&usd, &eur];
    let (from, to) = all(&legs);
    let days = common_days(&legs, from, to);
    let (points, provenance) = points(pair("USD", "EUR", false), &legs, &days, &ticks);
    assert_eq!(
        printed(&points),
        [
            "2026-10-29 1.067375887 1.067375887 1.067375887 1.067375887",
            "2026-10-30 1.5 1.5 1.5 1.5"
        ]
    );
    assert_eq!(provenance.source().as_deref(), Some("koreaexim,somebody"));
    assert_eq!(provenance.recorded_at().unwrap().to_string(), "2026-10-30T12:00:00Z");
    let instants = instants(pair("USD", "EUR", false), &legs, &days, &ticks);
    assert_eq!(instants.len(), 1, "of the 29th no observations were given");
}
