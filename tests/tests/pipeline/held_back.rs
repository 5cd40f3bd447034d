//! What is held back, replayed over the ECB's whole history: every document through the decision, without a server.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use ingestor::holding::{Decision, Held, Rules, Update, decide};
use ingestor::provider::{Quote, Quotes};
use ingestor::published_rates::PublishedRates;
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::ecb;
use shared::held::HeldRate;
use shared::rate::Rate;

/// Every value that is held back in 27 years, as they ended: currency, first day, publications held, and how. Computed apart from the code, in floating point,
/// from the numbers that the ECB printed.
const HELD: [(&str, &str, usize, &str); 17] = [
    ("ROL", "1999-03-17", 2, "faded"),
    ("TRL", "2001-02-22", 3, "stayed"),
    ("TRL", "2001-04-03", 2, "agreed"),
    ("TRL", "2001-05-02", 1, "faded"),
    ("BRL", "2008-10-08", 1, "faded"),
    ("ISK", "2008-10-06", 3, "stayed"),
    // 305 after 265: the move that was just let go, a jump on.
    ("ISK", "2008-10-09", 2, "agreed"),
    ("MXN", "2008-10-10", 1, "faded"),
    ("ISK", "2008-11-06", 3, "stayed"),
    ("ISK", "2008-11-19", 3, "stayed"),
    ("RUB", "2014-12-16", 1, "faded"),
    ("CHF", "2015-01-15", 2, "agreed"),
    ("ISK", "2018-02-01", 2, "agreed"),
    ("TRY", "2018-08-10", 3, "stayed"),
    ("TRY", "2021-11-23", 1, "faded"),
    ("TRY", "2021-12-21", 3, "stayed"),
    ("BRL", "2026-10-26", 1, "faded"),
];
/// The ECB gave up the rouble two days after it fell: nothing came that could agree or contradict.
const LEFT: (&str, &[&str]) = ("RUB", &["2022-02-28", "2022-03-01"]);

/// One day's numbers by currency.
type Day = BTreeMap<String, String>;

fn history() -> BTreeMap<NaiveDate, Day> {
    let mut days = BTreeMap::<NaiveDate, Day>::new();
    for ((code, day), rate) in tests::ecb::printed() {
        days.entry(day).or_default().insert(code, rate);
    }
    days
}

/// The document as the reader gives it; put together here, because the reader leaves out what is withdrawn by now.
fn quotes(day: NaiveDate, rates: &Day) -> Quotes {
    let number = |code: &str| -> Rate { if code == "EUR" { "1" } else { &rates[code] }.parse().unwrap() };
    let krw_per_eur = number("KRW").decimal();
    let quote = |code: &str| Quote {
        code: code.parse().unwrap(),
        deal_base_rate: ecb::cross(krw_per_eur, number(code).decimal()).unwrap(),
        tts: None,
        ttb: None,
        quotation: number(code),
    };
    let codes = rates.keys().map(String::as_str).filter(|code| *code != "KRW");
    Quotes {
        provider: "ecb".parse().unwrap(),
        recorded_at: ecb::recorded_at(day).unwrap(),
        rates: std::iter::once("EUR").chain(codes).map(quote).collect(),
        left_out: Vec::new(),
        next_update: None,
    }
}

/// The ingestor's memory.
#[derive(Default, Clone)]
struct Source {
    published: PublishedRates,
    held: Held,
}

impl Source {
    fn take(&mut self, quotes: &Quotes) -> Decision {
        let rules = Rules {
            max_jump_percent: Decimal::TEN,
            now: quotes.recorded_at,
        };
        let decision = decide(quotes, &self.published, &self.held, &BTreeMap::new(), rules);
        let new = |update: &&Update| !self.published.contains(&update.quote, update.recorded_at);
        let new: Vec<_> = decision.updates.iter().filter(new).copied().collect();
        self.published.remember(&new);
        self.held.clone_from(&decision.held);
        decision
    }
}

#[test]
fn every_value_that_the_history_holds_back_is_published_after_three_publications_at_most() {
    let (mut source, mut ended) = (Source::default(), Vec::new());
    let mut published = BTreeSet::new();
    let history = history();
    for (day, rates) in &history {
        let quotes = quotes(*day, rates);
        let before = source.held.clone();
        let decision = source.take(&quotes);
        assert!(
            decision.dropped.is_empty() && decision.left_out.is_empty(),
            "{day}: {decision:?}"
        );
        assert!(!decision.held.contains_key(&CurrencyCode::KRW), "{day}");
        for update in &decision.updates {
            let day = update.recorded_at.utc().date_naive();
            assert!(
                published.insert((update.quote.code, day)),
                "{} {day} twice",
                update.quote.code
            );
        }
        let is_over = |code: &CurrencyCode, held: &[HeldRate]| {
            let now = decision.held.get(code).and_then(|held| held.first());
            now.is_none_or(|now| now.recorded_at != held[0].recorded_at)
        };
        for (code, held) in before.iter().filter(|(code, held)| is_over(code, held)) {
            let newest = quotes.rates.iter().find(|quote| quote.code == *code).unwrap().quotation;
            let percent =
                |other: Rate| ((newest.decimal() - other.decimal()) / other.decimal()).abs() * Decimal::ONE_HUNDRED;
            let how = if percent(held[0].previous) <= Decimal::TEN {
                "faded"
            } else if held.len() == 2 {
                "agreed"
            } else {
                "stayed"
            };
            let first = held[0].recorded_at.utc().date_naive().to_string();
            ended.push((code.to_string(), first, held.len(), how));
        }
        assert!(decision.held.values().all(|held| held.len() <= 3), "{day}");
    }
    let expected = HELD.map(|(code, first, held, how)| (code.to_owned(), first.to_owned(), held, how));
    assert_eq!(ended, expected);
    let days = |held: &Vec<HeldRate>| -> Vec<String> {
        held.iter()
            .map(|rate| rate.recorded_at.utc().date_naive().to_string())
            .collect()
    };
    let left: Vec<(&str, Vec<String>)> = source
        .held
        .iter()
        .map(|(code, held)| (code.as_str(), days(held)))
        .collect();
    assert_eq!(
        left,
        [(LEFT.0, LEFT.1.iter().map(|day| (*day).to_owned()).collect::<Vec<_>>())]
    );
    // Whatever is not held in the end is published: every number of the file, and EUR's of every day.
    let numbers: usize = history.values().map(BTreeMap::len).sum();
    assert_eq!(published.len(), numbers - LEFT.1.len());
}

/// `rates` with the number of one currency ten or a hundred times too large or too small.
fn slipped(rates: &Day, code: &str, places: i32) -> Option<Day> {
    let rate: Decimal = rates[code].parse().unwrap();
    let factor = Decimal::from(10_u32.pow(places.unsigned_abs()));
    let wrong = if places > 0 { rate * factor } else { rate / factor };
    let mut rates = rates.clone();
    rates.insert(code.to_owned(), wrong.normalize().to_string());
    Some(rates)
}

/// `rates` with the numbers of two currencies in each other's place, where that moves at least one of them by more than the limit since the day `before`.
fn swapped(rates: &Day, before: &Day, code: &str, other: &str) -> Option<Day> {
    let number = |rates: &Day, code: &str| rates.get(code)?.parse::<Decimal>().ok();
    let (one, two) = (number(rates, code)?, number(rates, other)?);
    let moves = |new: Decimal, old: Decimal| (new - old).abs() > old / Decimal::TEN;
    if !moves(two, number(before, code)?) && !moves(one, number(before, other)?) {
        return None;
    }
    let mut rates = rates.clone();
    rates.insert(code.to_owned(), two.to_string());
    rates.insert(other.to_owned(), one.to_string());
    Some(rates)
}

#[test]
fn an_error_in_any_document_is_held_and_never_published() {
    // Each pair of columns of every document takes many minutes; without it one pair of each does.
    let is_every_pair = std::env::var_os("HELD_BACK_EVERY_PAIR").is_some();
    let history: Vec<(NaiveDate, Day)> = history().into_iter().collect();
    let mut source = Source::default();
    let (mut errors, mut published) = (0, Vec::<String>::new());
    source.take(&quotes(history[0].0, &history[0].1));
    for (place, days) in history.windows(3).enumerate() {
        let [(_, before), (day, rates), (next_day, next)] = days else {
            unreachable!()
        };
        // A currency of that day after the other, with each kind of error: one that was published before and comes the next day too.
        let is_published = |code: &str| source.published.newest(code.parse().unwrap()).is_some();
        let known = |code: &&String| *code == "KRW" || next.contains_key(*code) && is_published(code);
        let codes: Vec<&String> = rates.keys().filter(known).collect();
        if !codes.is_empty() {
            let code = codes[place % codes.len()];
            let other = codes[(place / codes.len() + place + 1) % codes.len()];
            let slips = [1, -1, 2, -2]
                .into_iter()
                .filter_map(|places| slipped(rates, code, places));
            let mut wrong: Vec<(String, Day)> = slips.map(|document| (code.clone(), document)).collect();
            let every_pair = codes.iter().enumerate().flat_map(|(place, code)| {
                let others = codes[place + 1..].iter();
                others.map(move |other| (*code, *other))
            });
            let pairs: Vec<(&String, &String)> = if is_every_pair {
                every_pair.collect()
            } else {
                vec![(code, other)]
            };
            for (code, other) in pairs.into_iter().filter(|(code, other)| code != other) {
                wrong.extend(swapped(rates, before, code, other).map(|document| (format!("{code} {other}"), document)));
            }
            for (name, document) in wrong {
                errors += 1;
                let mut mistaken = source.clone();
                let is_wrong = |update: &&Update| {
                    let code = update.quote.code.as_str();
                    update.recorded_at == ecb::recorded_at(*day).unwrap()
                        && (document["KRW"] != rates["KRW"] || code != "EUR" && document[code] != rates[code])
                };
                for quotes in [quotes(*day, &document), quotes(*next_day, next)] {
                    let decision = mistaken.take(&quotes);
                    let wrong: Vec<&Update> = decision.updates.iter().filter(is_wrong).collect();
                    if !wrong.is_empty() {
                        published.push(format!("{day} {name}"));
                    }
                }
            }
        }
        source.take(&quotes(*day, rates));
    }
    assert!(errors > 30_000, "{errors}");
    assert_eq!(published, Vec::<String>::new());
}

/// Where a currency moves far, its errors are the hardest to tell: each error of each currency that is held, or was within a week, on each such day.
#[test]
fn an_error_in_the_midst_of_a_true_jump_is_never_published() {
    const WEEK: usize = 6;
    let history: Vec<(NaiveDate, Day)> = history().into_iter().collect();
    let mut source = Source::default();
    let mut moving: BTreeMap<String, usize> = BTreeMap::new();
    let (mut errors, mut published) = (0, Vec::<String>::new());
    for (place, (day, rates)) in history.iter().enumerate() {
        for code in moving.keys().filter(|code| rates.contains_key(*code)) {
            for places in [1, -1, 2, -2] {
                errors += 1;
                let wrong = slipped(rates, code, places).unwrap();
                let mut mistaken = source.clone();
                let true_days = history[place + 1..].iter().take(WEEK);
                let documents = std::iter::once((day, &wrong)).chain(true_days.map(|(day, rates)| (day, rates)));
                for (of, document) in documents {
                    let decision = mistaken.take(&quotes(*of, document));
                    let is_wrong = |update: &Update| {
                        update.quote.code.as_str() == code && update.recorded_at == ecb::recorded_at(*day).unwrap()
                    };
                    if decision.updates.iter().any(is_wrong) {
                        published.push(format!("{day} {code} {places}, at {of}"));
                    }
                }
            }
        }
        source.take(&quotes(*day, rates));
        moving.retain(|_, until| *until > place);
        let held = source.held.keys().filter(|code| code.as_str() != LEFT.0);
        moving.extend(held.map(|code| (code.to_string(), place + WEEK)));
    }
    assert!(errors > 200, "{errors}");
    assert_eq!(published, Vec::<String>::new());
}
