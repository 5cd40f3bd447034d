//! No answer of `latest` or `convert` combines two days or two sources, whatever part of whatever days has arrived where: every printed rate is the ECB's
//! own quotient of one day, and the rate of the day that a plain computation names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, NaiveDate, Utc};
use currency::Currency;
use flows::Stack;
use flows::api::{Ask, Reply};
use flows::ecb::{observations, printed, quotient};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use uuid::Uuid;

/// How many random days are delivered.
const CASES: usize = 60;
/// The sources in the order in which they count, and the time of day at which each sets its rates.
const SOURCES: [(&str, &str); 2] = [("ecb", "13:15:00"), ("koreaexim", "02:00:00")];

/// The ECB's file: what the backfill makes of it, and what it prints.
struct File {
    events: BTreeMap<NaiveDate, Vec<ExchangeRateUpdated>>,
    printed: BTreeMap<(String, NaiveDate), String>,
}

impl File {
    fn read() -> Self {
        let mut events: BTreeMap<NaiveDate, Vec<ExchangeRateUpdated>> = BTreeMap::new();
        for event in observations("1999-01-01".parse().unwrap()..="2026-12-31".parse().unwrap()) {
            let day = event.recorded_at.utc().date_naive();
            events.entry(day).or_default().push(event);
        }
        Self {
            events,
            printed: printed(),
        }
    }

    /// Units of a currency for one euro.
    fn units(&self, code: &str, day: NaiveDate) -> &str {
        if code == "EUR" {
            return "1";
        }
        &self.printed[&(code.to_owned(), day)]
    }

    /// What one unit of `priced` costs in units of `price`: stored rates in KRW have 18 digits, any other rate ten.
    fn rate(&self, priced: &str, price: &str, day: NaiveDate) -> String {
        let digits = if price == "KRW" { 18 } else { 10 };
        if priced == price {
            return "1".to_owned();
        }
        quotient(self.units(price, day), self.units(priced, day), digits)
    }
}

/// A rate of one currency as one source set it: its code, the source's place, and the day.
type Rate = (String, usize, NaiveDate);

/// Some days' rates of two sources: the ECB's own, and as the other's those that the ECB had on another day, so that no mixture looks right.
struct Case<'a> {
    file: &'a File,
    /// The day of the file that a source's day is.
    of_file: BTreeMap<(usize, NaiveDate), NaiveDate>,
    events: Vec<ExchangeRateUpdated>,
}

impl<'a> Case<'a> {
    fn new(file: &'a File, random: &mut StdRng) -> Self {
        let days: Vec<NaiveDate> = file.events.keys().copied().collect();
        let count = random.random_range(2..=3);
        let first = random.random_range(300..days.len() - count);
        let mut case = Self {
            file,
            of_file: BTreeMap::new(),
            events: Vec::new(),
        };
        for day in &days[first..first + count] {
            let other = days[first - random.random_range(20..300)];
            for (source, of_file) in [*day, other].into_iter().enumerate() {
                if source == 1 && random.random_bool(0.4) {
                    continue;
                }
                case.of_file.insert((source, *day), of_file);
                let (name, time) = SOURCES[source];
                case.events.extend(file.events[&of_file].iter().map(|event| {
                    let mut event = event.clone();
                    name.clone_into(&mut event.source);
                    event.recorded_at = format!("{day}T{time}Z").parse().unwrap();
                    event.updated_at = event.recorded_at;
                    event
                }));
            }
        }
        case
    }

    fn rate(&self, event: &ExchangeRateUpdated) -> Rate {
        let source = SOURCES.iter().position(|(name, _)| *name == event.source).unwrap();
        let day = event.recorded_at.utc().date_naive();
        (event.currency_code.to_string(), source, day)
    }

    /// The price of one unit of `priced` in `price` as that source set it on that day.
    fn price(&self, priced: &str, price: &str, (source, day): (usize, NaiveDate)) -> String {
        self.file.rate(priced, price, self.of_file[&(source, day)])
    }
}

/// What has arrived: in Currency and in History, each in an order and to an extent of its own.
#[derive(Default)]
struct Arrived {
    current: BTreeSet<Rate>,
    history: BTreeSet<Rate>,
}

/// What is expected of a pair.
#[derive(Debug, PartialEq)]
enum Expected {
    Missing,
    Ended,
    /// Told by the rates of this source and day.
    Of(usize, NaiveDate),
}

impl Arrived {
    /// The newest that Currency has of a currency.
    fn newest(&self, code: &str) -> Option<(usize, NaiveDate)> {
        let of_code = self.current.iter().filter(|(of, ..)| of == code);
        // On one day the ECB's is the later.
        of_code
            .map(|(_, source, day)| (*source, *day))
            .max_by_key(|(source, day)| (*day, SOURCES[*source].1))
    }

    /// By the rules, slowly: the newest of both if they are of one source and day, else the newest day before them that both have in History.
    fn expected(&self, base: &str, target: &str) -> Expected {
        let is_ended = |code: &str| {
            let code: CurrencyCode = code.parse().unwrap();
            code.is_withdrawn_on(Utc::now().date_naive())
        };
        let mut codes = vec![base, target];
        codes.retain(|code| *code != "KRW");
        let newest: Vec<Option<(usize, NaiveDate)>> = codes.iter().map(|code| self.newest(code)).collect();
        if newest.contains(&None) {
            return Expected::Missing;
        }
        if codes.iter().any(|code| is_ended(code)) {
            return Expected::Ended;
        }
        let newest: Vec<(usize, NaiveDate)> = newest.into_iter().flatten().collect();
        if newest.iter().all(|one| *one == newest[0]) {
            return Expected::Of(newest[0].0, newest[0].1);
        }
        let until = newest.iter().map(|(_, day)| *day).min().unwrap();
        self.common(base, target, |day| day <= until)
    }

    /// By the rules for a day of the past: the last day of History with any rate, and the first source that has both.
    fn expected_on(&self, base: &str, target: &str, date: NaiveDate) -> Expected {
        let days = self.history.iter().map(|(.., day)| *day).filter(|day| *day <= date);
        match days.max() {
            Some(effective) => self.common(base, target, |day| day == effective),
            None => Expected::Missing,
        }
    }

    fn common(&self, base: &str, target: &str, is_meant: impl Fn(NaiveDate) -> bool) -> Expected {
        let has = |code: &str, source, day| code == "KRW" || self.history.contains(&(code.to_owned(), source, day));
        let all = self.history.iter().map(|(_, source, day)| (*source, *day));
        let both = all.filter(|(source, day)| is_meant(*day) && has(base, *source, *day) && has(target, *source, *day));
        // The newest day; of one day the source that counts first.
        both.max_by_key(|(source, day)| (*day, std::cmp::Reverse(*source)))
            .map_or(Expected::Missing, |(source, day)| Expected::Of(source, day))
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Latest {
    rates: BTreeMap<String, Box<RawValue>>,
    ended: Vec<serde_json::Value>,
    source: String,
    recorded_at: DateTime<Utc>,
    other_days: BTreeMap<String, DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Conversion {
    rate: Box<RawValue>,
    path: Vec<Leg>,
}

#[derive(Deserialize)]
struct Leg {
    source: String,
    recorded_at: DateTime<Utc>,
}

fn data<T: for<'de> Deserialize<'de>>(reply: &Reply) -> T {
    let read: Envelope<T> =
        serde_json::from_slice(&reply.body).unwrap_or_else(|error| panic!("{error}: {}", reply.text()));
    read.data
}

/// The source and the day of a rate, by the time at which it was set.
fn origin(recorded_at: DateTime<Utc>) -> (usize, NaiveDate) {
    let time = recorded_at.format("%H:%M:%S").to_string();
    let source = SOURCES.iter().position(|(_, at)| *at == time).unwrap();
    (source, recorded_at.date_naive())
}

/// Every rate of a list, with what it is of; checks that it is the ECB's quotient of that day.
fn checked(case: &Case<'_>, base: &str, is_inverse: bool, reply: &Reply) -> BTreeMap<String, (usize, NaiveDate)> {
    let latest: Latest = data(reply);
    let mut sources = BTreeSet::new();
    let mut times = BTreeSet::new();
    let mut told = BTreeMap::new();
    for (code, rate) in &latest.rates {
        let recorded_at = latest.other_days.get(code).copied().unwrap_or(latest.recorded_at);
        let of = origin(recorded_at);
        let (priced, price) = if is_inverse { (base, &**code) } else { (&**code, base) };
        let expected = case.price(priced, price, of);
        assert_eq!(
            rate.get(),
            expected,
            "{price} per {priced} of {recorded_at}: {}",
            reply.text()
        );
        sources.insert(SOURCES[of.0].0);
        times.insert(recorded_at);
        told.insert(code.clone(), of);
    }
    // The list's own source and instant are of what it shows.
    assert_eq!(latest.source, Vec::from_iter(sources).join(","));
    assert_eq!(times.last(), Some(&latest.recorded_at));
    assert!(
        latest
            .ended
            .iter()
            .all(|ended| !latest.rates.contains_key(ended["currency_code"].as_str().unwrap()))
    );
    told
}

/// A list while anything may be on its way: whatever it shows is of one day and source each.
async fn look(
    case: &Case<'_>,
    routes: &Router,
    base: &str,
    is_inverse: bool,
) -> Option<BTreeMap<String, (usize, NaiveDate)>> {
    let reply = Ask::get(&format!("/api/v1/currencies/latest?base={base}&inverse={is_inverse}"))
        .send(routes)
        .await;
    assert!(matches!(reply.status.as_u16(), 200 | 404), "{}", reply.text());
    (reply.status == 200).then(|| checked(case, base, is_inverse, &reply))
}

/// A conversion of one unit: what its rate is of, if there is one.
async fn converted(case: &Case<'_>, routes: &Router, from: &str, to: &str, date: &str) -> Option<(usize, NaiveDate)> {
    let reply = Ask::get(&format!("/api/v1/convert?from={from}&to={to}{date}"))
        .send(routes)
        .await;
    assert!(matches!(reply.status.as_u16(), 200 | 404), "{}", reply.text());
    if reply.status == 404 {
        return None;
    }
    let conversion: Conversion = data(&reply);
    let legs: BTreeSet<(&str, DateTime<Utc>)> = conversion
        .path
        .iter()
        .map(|leg| (&*leg.source, leg.recorded_at))
        .collect();
    assert_eq!(legs.len(), 1, "of one source and instant: {}", reply.text());
    let of = origin(conversion.path[0].recorded_at);
    assert_eq!(conversion.rate.get(), case.price(from, to, of), "{}", reply.text());
    Some(of)
}

/// While nothing moves: the answers are those of the plain computation, no rate more and none less.
async fn check(case: &Case<'_>, arrived: &Arrived, routes: &Router, random: &mut StdRng) {
    let mut codes: Vec<String> = case
        .events
        .iter()
        .map(|event| event.currency_code.to_string())
        .collect();
    codes.push("KRW".to_owned());
    codes.sort_unstable();
    codes.dedup();
    let (base, is_inverse) = (codes.choose(random).unwrap().clone(), random.random_bool(0.5));
    let told = look(case, routes, &base, is_inverse).await.unwrap_or_default();
    for code in codes.iter().filter(|code| **code != base) {
        let expected = arrived.expected(&base, code);
        let is = told.get(code).map(|(source, day)| Expected::Of(*source, *day));
        match expected {
            Expected::Of(..) => assert_eq!(is, Some(expected), "{code} in {base}"),
            Expected::Missing | Expected::Ended => assert_eq!(is, None, "{code} in {base}: {expected:?}"),
        }
    }
    for _ in 0..4 {
        let pair: Vec<&String> = codes.sample(random, 2).collect();
        let (from, to) = (pair[0], pair[1]);
        let of = |expected| match expected {
            Expected::Of(source, day) => Some((source, day)),
            Expected::Missing | Expected::Ended => None,
        };
        let is = converted(case, routes, from, to, "").await;
        assert_eq!(is, of(arrived.expected(to, from)), "{from} in {to}");
        let (_, day) = case.of_file.keys().choose_at(random);
        let is = converted(case, routes, from, to, &format!("&date={day}")).await;
        assert_eq!(is, of(arrived.expected_on(to, from, day)), "{from} in {to} on {day}");
    }
}

/// One of a map's keys.
trait ChooseAt {
    fn choose_at(self, random: &mut StdRng) -> (usize, NaiveDate);
}

impl<'a, I: Iterator<Item = &'a (usize, NaiveDate)>> ChooseAt for I {
    fn choose_at(self, random: &mut StdRng) -> (usize, NaiveDate) {
        **self.collect::<Vec<_>>().choose(random).unwrap()
    }
}

/// Parts of the events, in any order, in batches.
fn batches(events: &[ExchangeRateUpdated], random: &mut StdRng) -> Vec<Vec<ExchangeRateUpdated>> {
    let share = [0.3, 0.7, 1.0][random.random_range(0..3)];
    let mut events: Vec<ExchangeRateUpdated> = events.iter().filter(|_| random.random_bool(share)).cloned().collect();
    events.shuffle(random);
    let size = random.random_range(1..=40);
    let mut batches: Vec<Vec<ExchangeRateUpdated>> = events.chunks(size).map(<[_]>::to_vec).collect();
    batches.truncate(12);
    batches
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_combines_two_days() {
    let seed =
        std::env::var("ONE_DAY_SEED").map_or_else(|_| Uuid::new_v4().as_u64_pair().0, |seed| seed.parse().unwrap());
    println!("ONE_DAY_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let file = File::read();
    let stack = Stack::start().await;
    let service = Currency::new(stack.store.clone(), stack.cache.clone());
    let routes = shared::api::edge(currency::api::routes(Arc::new(service)));
    for _ in 0..CASES {
        stack.empty().await;
        let case = Case::new(&file, &mut random);
        let mut arrived = Arrived::default();
        let (to_currency, to_history) = (batches(&case.events, &mut random), batches(&case.events, &mut random));
        let mut deliveries: Vec<(bool, Vec<ExchangeRateUpdated>)> =
            to_currency.into_iter().map(|batch| (true, batch)).collect();
        deliveries.extend(to_history.into_iter().map(|batch| (false, batch)));
        deliveries.shuffle(&mut random);
        for (is_current, batch) in deliveries {
            let deliver = async {
                if is_current {
                    stack.currency.rate_updated(&batch).await.unwrap();
                } else {
                    stack.history.rate_updated(&batch).await.unwrap();
                }
            };
            let base = ["EUR", "USD", "JPY", "KRW"].choose(&mut random).unwrap();
            let is_inverse = random.random_bool(0.5);
            tokio::join!(deliver, look(&case, &routes, base, is_inverse));
            let rates = batch.iter().map(|event| case.rate(event));
            if is_current {
                arrived.current.extend(rates);
            } else {
                arrived.history.extend(rates);
            }
            if random.random_bool(0.3) {
                check(&case, &arrived, &routes, &mut random).await;
            }
        }
        check(&case, &arrived, &routes, &mut random).await;
    }
}

#[test]
fn a_quotient_is_rounded_once_half_to_even() {
    for (numerator, denominator, digits, rounded) in [
        ("1491.76", "1.1172", 18, "1335.26673827425707"),
        ("1", "1.1172", 10, "0.8950948801"),
        ("1.1172", "1", 10, "1.1172"),
        ("1.00000000005", "1", 10, "1"),
        ("1.0000000015", "1", 10, "1.000000002"),
        ("10", "3", 10, "3.333333333"),
        ("12345678901", "1", 10, "12345678900"),
    ] {
        assert_eq!(quotient(numerator, denominator, digits), rounded);
    }
}
