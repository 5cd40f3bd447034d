//! No answer combines two instants or two sources, whatever part of whatever days has arrived where: every printed rate of a list, a conversion or a series is
//! the ECB's own quotient of one day, and the rate of the instant that a plain computation names.

mod half_way;
mod other_won;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Days, NaiveDate, Utc};
use currency::Currency;
use history::History;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;
use serde_json::value::RawValue;
use shared::currency::CurrencyCode;
use shared::ecb;
use shared::event::{ExchangeRateUpdated, Topic};
use shared::kafka::partition_of;
use shared::schedule;
use shared::time::Timestamp;
use tests::Services;
use tests::api::{Ask, Reply};
use tests::ecb::{observations, printed, quotient};
use uuid::Uuid;

/// How many random days are delivered.
const CASES: usize = 60;
/// The sources in the order in which they count, and the times of day at which each sets rates: no two are alike, so that a time names its source.
const SLOTS: [(&str, &str); 4] = [
    ("ecb", "13:15:00"),
    ("koreaexim", "02:00:00"),
    ("exchangerate_api", "00:00:01"),
    ("exchangerate_api", "12:00:01"),
];

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

    /// What one unit of `priced` costs in units of `price`, if a euro costs so many won: stored rates in KRW have 18 digits, any other rate ten.
    fn rate(&self, priced: &str, price: &str, day: NaiveDate, won: &str) -> String {
        let digits = if price == "KRW" { 18 } else { 10 };
        if priced == price {
            return "1".to_owned();
        }
        let units = match (priced, price) {
            ("KRW", _) => (self.units(price, day), won),
            (_, "KRW") => (won, self.units(priced, day)),
            _ => (self.units(price, day), self.units(priced, day)),
        };
        quotient(units.0, units.1, digits)
    }
}

/// An instant at which a source set rates: its day and its place in [`SLOTS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Instant {
    day: NaiveDate,
    slot: usize,
}

impl Instant {
    fn of(recorded_at: DateTime<Utc>) -> Self {
        let time = recorded_at.format("%H:%M:%S").to_string();
        Self {
            day: recorded_at.date_naive(),
            slot: SLOTS.iter().position(|(_, at)| *at == time).unwrap(),
        }
    }

    fn source(self) -> &'static str {
        SLOTS[self.slot].0
    }

    fn time(self) -> Timestamp {
        format!("{}T{}Z", self.day, SLOTS[self.slot].1).parse().unwrap()
    }

    /// The greater, the more it counts: the newest day, of that the first source, of that the last instant.
    fn counts(self) -> (NaiveDate, Reverse<Option<usize>>, &'static str) {
        let place = SLOTS.iter().position(|(source, _)| *source == self.source());
        (self.day, Reverse(place), SLOTS[self.slot].1)
    }
}

/// A rate of one currency as one source set it.
type Rate = (String, Instant);

/// Some days' rates of three sources: the ECB's own, and as the others' those that the ECB had on other days, so that no mixture looks right. Each has other
/// currencies on each of the days, and the first day is long before the rest. One of the sources quotes against KRW, and so tells no quotation; some of the rest
/// are of builds that told none, or else one of the instants is corrected, of some currencies only, by an account with another won.
struct Case<'a> {
    file: &'a File,
    /// The day of the file that is told as an instant's.
    of_file: BTreeMap<Instant, NaiveDate>,
    /// The won of the second account of an instant.
    other_won: Option<(Instant, &'a str)>,
    events: Vec<ExchangeRateUpdated>,
}

impl<'a> Case<'a> {
    fn new(file: &'a File, random: &mut StdRng) -> Self {
        let all: Vec<NaiveDate> = file.events.keys().copied().collect();
        let count = random.random_range(2..=3);
        let first = random.random_range(500..all.len() - count);
        let mut case = Self {
            file,
            of_file: BTreeMap::new(),
            other_won: None,
            events: Vec::new(),
        };
        let share_without_quotation = [None, None, Some(0.5), Some(1.0)][random.random_range(0..4)];
        let long_ago = all[first - random.random_range(20..150)];
        let mut days = vec![long_ago];
        days.extend(&all[first..first + count]);
        for day in days {
            for slot in 0..SLOTS.len() {
                if slot > 0 && random.random_bool(0.5) {
                    continue;
                }
                let share = if day == long_ago {
                    1.0
                } else {
                    [0.4, 0.9, 1.0][random.random_range(0..3)]
                };
                let other = all[first - random.random_range(151..500)];
                let of_file = if slot == 0 { day } else { other };
                let instant = Instant { day, slot };
                case.of_file.insert(instant, of_file);
                for event in &file.events[&of_file] {
                    if random.random_bool(share) {
                        let mut event = event.clone();
                        instant.source().clone_into(&mut event.source);
                        event.recorded_at = instant.time();
                        event.updated_at = event.recorded_at;
                        let is_former = share_without_quotation.is_some_and(|share| random.random_bool(share));
                        if instant.source() == "koreaexim" || is_former {
                            event.quotation = None;
                        }
                        case.events.push(event);
                    }
                }
            }
        }
        if share_without_quotation.is_none() {
            case.correct_the_won(random);
        }
        case
    }

    /// Adds a second account of an instant, in which a euro costs as many won as on another day, and which has other currencies.
    fn correct_the_won(&mut self, random: &mut StdRng) {
        let instants = self.of_file.keys().filter(|instant| instant.source() != "koreaexim");
        let Some(instant) = instants.copied().collect::<Vec<_>>().choose(random).copied() else {
            return;
        };
        let all: Vec<NaiveDate> = self.file.events.keys().copied().collect();
        let won = self.file.units("KRW", *all.choose(random).unwrap());
        let share = [0.3, 0.7, 1.0][random.random_range(0..3)];
        let (source, recorded_at) = (instant.source(), instant.time());
        let mut second = Vec::new();
        for event in &self.events {
            if event.source == source && event.recorded_at == recorded_at && random.random_bool(share) {
                let units = self.file.units(event.currency_code.as_str(), self.of_file[&instant]);
                let mut event = event.clone();
                event.deal_base_rate = ecb::cross(won.parse().unwrap(), units.parse().unwrap()).unwrap();
                event.updated_at = recorded_at.next();
                second.push(event);
            }
        }
        self.events.extend(second);
        self.other_won = Some((instant, won));
    }

    /// The price of one unit of `priced` in `price` as it was set at that instant: one, or of an instant that has two wons one by each.
    fn prices(&self, priced: &str, price: &str, instant: Instant) -> BTreeSet<String> {
        let day = self.of_file[&instant];
        let others = self.other_won.filter(|(of, _)| *of == instant).map(|(_, won)| won);
        let wons = [self.file.units("KRW", day)].into_iter().chain(others);
        wons.map(|won| self.file.rate(priced, price, day, won)).collect()
    }
}

/// What has arrived: in Currency and in History, each in an order and to an extent of its own.
#[derive(Default)]
struct Arrived {
    current: BTreeSet<Rate>,
    history: BTreeSet<Rate>,
}

/// What is expected of a pair.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Expected {
    Missing,
    /// One of the two has no current rate any more.
    Ended,
    /// Each has one, and no source both: the last day on which one had.
    Parted(NaiveDate),
    /// Told by the rates of this instant.
    Of(Instant),
}

impl Expected {
    fn instant(self) -> Option<Instant> {
        match self {
            Self::Of(instant) => Some(instant),
            Self::Missing | Self::Ended | Self::Parted(_) => None,
        }
    }
}

/// The newest instant of a source among the currencies of the partition that one of them is in.
fn newest_of<'a>(source: &str, of: &str, rates: impl Iterator<Item = &'a Rate>) -> Option<DateTime<Utc>> {
    let partition = |code: &str| partition_of(Topic::ExchangeRateUpdated, code);
    let of_source = rates.filter(|(code, instant)| instant.source() == source && partition(code) == partition(of));
    of_source.map(|(_, instant)| instant.time().utc()).max()
}

/// Whether the rates of `day` may be told on `date`, where there are none later.
fn is_within_reach(day: NaiveDate, date: NaiveDate) -> bool {
    (date - Days::new(14)..=date).contains(&day)
}

fn is_left_behind(instant: Instant, newest: Option<DateTime<Utc>>) -> bool {
    newest.is_some_and(|newest| schedule::is_interrupted(instant.source(), instant.time(), newest))
}

impl Arrived {
    /// The newest that Currency has of a currency.
    fn newest(&self, code: &str) -> Option<Instant> {
        let of_code = self.current.iter().filter(|(of, _)| of == code);
        of_code
            .map(|(_, instant)| *instant)
            .max_by_key(|instant| instant.time().utc())
    }

    fn is_ended(&self, code: &str, newest: Instant) -> bool {
        let known: CurrencyCode = code.parse().unwrap();
        // What stands, a rate for each currency, whatever came before it.
        let codes: BTreeSet<&str> = self.current.iter().map(|(code, _)| &**code).collect();
        let rows = codes
            .into_iter()
            .filter_map(|code| Some((code.to_owned(), self.newest(code)?)));
        let rows: Vec<Rate> = rows.collect();
        known.is_withdrawn_on(Utc::now().date_naive())
            || is_left_behind(newest, newest_of(newest.source(), code, rows.iter()))
    }

    /// By the rules, slowly: the newest of both if they are of one source and instant, else the newest before them that both have in History.
    fn expected(&self, base: &str, target: &str) -> Expected {
        let mut codes = vec![base, target];
        codes.retain(|code| *code != "KRW");
        let newest: Vec<Option<Instant>> = codes.iter().map(|code| self.newest(code)).collect();
        if newest.contains(&None) {
            return Expected::Missing;
        }
        let newest: Vec<Instant> = newest.into_iter().flatten().collect();
        if codes
            .iter()
            .zip(&newest)
            .any(|(code, newest)| self.is_ended(code, *newest))
        {
            return Expected::Ended;
        }
        if newest.iter().all(|one| *one == newest[0]) {
            return Expected::Of(newest[0]);
        }
        let until = newest.iter().map(|instant| instant.day).min().unwrap();
        let Some(common) = self.common(base, target, |instant| instant.day <= until) else {
            return Expected::Missing;
        };
        let of_each = codes
            .iter()
            .map(|code| newest_of(common.source(), code, self.history.iter()));
        if is_left_behind(common, of_each.min().flatten()) {
            Expected::Parted(common.day)
        } else {
            Expected::Of(common)
        }
    }

    /// By the rules for a conversion on a day of the past: of the sources that have both on their last day of two weeks, the one whose day is the newest.
    fn expected_on(&self, base: &str, target: &str, date: NaiveDate) -> Option<Instant> {
        let mut last: BTreeMap<&str, NaiveDate> = BTreeMap::new();
        for (_, instant) in &self.history {
            if is_within_reach(instant.day, date) {
                let kept = last.entry(instant.source()).or_insert(instant.day);
                *kept = instant.day.max(*kept);
            }
        }
        self.common(base, target, |instant| last.get(instant.source()) == Some(&instant.day))
    }

    /// By the rules for the list of a day of the past: the last day with any rate.
    fn expected_list(&self, base: &str, target: &str, date: NaiveDate) -> Option<Instant> {
        let effective = self.history.iter().map(|(_, instant)| instant.day);
        let effective = effective.filter(|day| is_within_reach(*day, date)).max()?;
        self.common(base, target, |instant| instant.day == effective)
    }

    fn common(&self, base: &str, target: &str, is_meant: impl Fn(Instant) -> bool) -> Option<Instant> {
        let has = |code: &str, instant| code == "KRW" || self.history.contains(&(code.to_owned(), instant));
        let all = self.history.iter().map(|(_, instant)| *instant);
        let both = all.filter(|instant| is_meant(*instant) && has(base, *instant) && has(target, *instant));
        both.max_by_key(|instant| instant.counts())
    }

    /// The instants of the closes of a series.
    fn closes(&self, base: &str, target: &str) -> Vec<Instant> {
        let days: BTreeSet<NaiveDate> = self.history.iter().map(|(_, instant)| instant.day).collect();
        days.into_iter()
            .filter_map(|of| self.common(base, target, |instant| instant.day == of))
            .collect()
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Latest {
    rates: BTreeMap<String, Box<RawValue>>,
    ended: Vec<Ended>,
    source: String,
    recorded_at: DateTime<Utc>,
    other_days: BTreeMap<String, DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Ended {
    currency_code: String,
    last_date: NaiveDate,
}

#[derive(Deserialize)]
struct OfDay {
    rates: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
struct Series {
    results: Vec<Point>,
}

#[derive(Deserialize)]
struct Point {
    date: NaiveDate,
    close: Box<RawValue>,
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

/// What a list told: of which instant each rate is, and which currencies have none any more.
#[derive(Default)]
struct Told {
    rates: BTreeMap<String, Instant>,
    ended: BTreeMap<String, NaiveDate>,
}

/// Every rate of a list, with what it is of; checks that it is the ECB's quotient of that day.
fn checked(case: &Case<'_>, base: &str, is_inverse: bool, reply: &Reply) -> Told {
    let latest: Latest = data(reply);
    let mut sources = BTreeSet::new();
    let mut times = BTreeSet::new();
    let mut told = Told::default();
    for (code, rate) in &latest.rates {
        let recorded_at = latest.other_days.get(code).copied().unwrap_or(latest.recorded_at);
        let of = Instant::of(recorded_at);
        let (priced, price) = if is_inverse { (base, &**code) } else { (&**code, base) };
        let expected = case.prices(priced, price, of);
        assert!(
            expected.contains(rate.get()),
            "{price} per {priced} of {recorded_at} is {expected:?}: {}",
            reply.text()
        );
        sources.insert(of.source());
        times.insert(recorded_at);
        told.rates.insert(code.clone(), of);
    }
    // The list's own source and instant are of what it shows.
    assert_eq!(latest.source, Vec::from_iter(sources).join(","));
    assert_eq!(times.last(), Some(&latest.recorded_at));
    let ended = latest
        .ended
        .into_iter()
        .map(|ended| (ended.currency_code, ended.last_date));
    told.ended = ended.collect();
    assert!(told.ended.keys().all(|code| !told.rates.contains_key(code)));
    told
}

/// A list while anything may be on its way: whatever it shows is of one instant and source each.
async fn look(case: &Case<'_>, routes: &Router, base: &str, is_inverse: bool) -> Option<Told> {
    let reply = Ask::get(&format!("/api/v1/currencies/latest?base={base}&inverse={is_inverse}"))
        .send(routes)
        .await;
    assert!(matches!(reply.status.as_u16(), 200 | 404), "{}", reply.text());
    (reply.status == 200).then(|| checked(case, base, is_inverse, &reply))
}

/// A conversion of one unit: what its rate is of, if there is one.
async fn converted(case: &Case<'_>, routes: &Router, from: &str, to: &str, date: &str) -> Option<Instant> {
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
    let of = Instant::of(conversion.path[0].recorded_at);
    let expected = case.prices(from, to, of);
    assert!(
        expected.contains(conversion.rate.get()),
        "{expected:?}: {}",
        reply.text()
    );
    Some(of)
}

/// The list of a day of the past: no rate more and none less than those of the plain computation.
async fn check_list(case: &Case<'_>, arrived: &Arrived, routes: &Router, codes: &[String], base: &str, day: NaiveDate) {
    let path = format!("/api/v1/history/rates?date={day}&base={base}");
    let reply = Ask::get(&path).send(routes).await;
    assert!(matches!(reply.status.as_u16(), 200 | 404), "{}", reply.text());
    let told = if reply.status == 200 {
        data::<OfDay>(&reply).rates
    } else {
        BTreeMap::new()
    };
    for code in codes.iter().filter(|code| **code != base) {
        let expected = arrived
            .expected_list(base, code, day)
            .map(|of| case.prices(code, base, of));
        let is = told.get(code).map(|rate| rate.get());
        // KRW itself is told of any base that has a rate.
        assert!(
            is_one_of(is, expected.as_ref()),
            "{code} in {base} on {day}: {is:?}, not {expected:?}"
        );
    }
}

/// Whether both are there and the one is among the others, or neither is.
fn is_one_of(is: Option<&str>, expected: Option<&BTreeSet<String>>) -> bool {
    match (is, expected) {
        (Some(is), Some(expected)) => expected.contains(is),
        (None, None) => true,
        _ => false,
    }
}

/// A series by days: a close for each day that one source has both on, and no other.
async fn check_series(case: &Case<'_>, arrived: &Arrived, routes: &Router, base: &str, target: &str, span: &str) {
    let reply = Ask::get(&format!("/api/v1/history?base={base}&target={target}&{span}"))
        .send(routes)
        .await;
    assert!(matches!(reply.status.as_u16(), 200 | 404), "{}", reply.text());
    let told = if reply.status == 200 {
        data::<Series>(&reply).results
    } else {
        Vec::new()
    };
    let told: Vec<(NaiveDate, String)> = told
        .into_iter()
        .map(|point| (point.date, point.close.get().to_owned()))
        .collect();
    let closes = arrived.closes(base, target);
    let expected: Vec<(NaiveDate, BTreeSet<String>)> = closes
        .into_iter()
        .map(|of| (of.day, case.prices(target, base, of)))
        .collect();
    let days = |day: &(NaiveDate, String), expected: &(NaiveDate, BTreeSet<String>)| {
        day.0 == expected.0 && expected.1.contains(&day.1)
    };
    let is_expected = told.len() == expected.len() && told.iter().zip(&expected).all(|(day, other)| days(day, other));
    assert!(
        is_expected,
        "{target} in {base}, {span}: {told:?}, not {expected:?}: {}",
        reply.text()
    );
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
    let list = look(case, routes, &base, is_inverse).await;
    let is_list = list.is_some();
    let told = list.unwrap_or_default();
    for code in codes.iter().filter(|code| **code != base) {
        let expected = arrived.expected(&base, code);
        let is = told.rates.get(code).copied();
        assert_eq!(is, expected.instant(), "{code} in {base}: {expected:?}");
        if let (Expected::Parted(day), true) = (expected, is_list) {
            assert_eq!(told.ended.get(code), Some(&day), "{code} in {base}");
        }
    }
    let days: Vec<NaiveDate> = case.of_file.keys().map(|instant| instant.day).collect();
    for _ in 0..4 {
        let pair: Vec<&String> = codes.sample(random, 2).collect();
        let (from, to) = (pair[0], pair[1]);
        let is = converted(case, routes, from, to, "").await;
        assert_eq!(is, arrived.expected(to, from).instant(), "{from} in {to}");
        // A day of the case, or one after it on which nothing was published.
        let day = *days.choose(random).unwrap() + Days::new(random.random_range(0..3));
        let is = converted(case, routes, from, to, &format!("&date={day}")).await;
        assert_eq!(is, arrived.expected_on(to, from, day), "{from} in {to} on {day}");
        check_list(case, arrived, routes, &codes, from, day).await;
        let (first, last) = (days.iter().min().unwrap(), days.iter().max().unwrap());
        // The second of the two is of what the first has cached.
        for span in ["period=1y", "period=1y", &format!("from={first}&to={last}")] {
            check_series(case, arrived, routes, to, from, span).await;
        }
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
async fn no_answer_combines_two_instants_or_two_sources() {
    let seed =
        std::env::var("ONE_DAY_SEED").map_or_else(|_| Uuid::new_v4().as_u64_pair().0, |seed| seed.parse().unwrap());
    println!("ONE_DAY_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let file = File::read();
    let services = Services::start().await;
    let service = Currency::new(services.store.clone(), services.cache.clone());
    let history = History::new(services.store.clone(), services.cache.clone());
    let routes = currency::api::routes(Arc::new(service)).merge(history::api::routes(Arc::new(history)));
    let routes = shared::api::with_middleware(routes);
    for _ in 0..CASES {
        services.empty().await;
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
                    services.currency.rate_updated(&batch).await.unwrap();
                } else {
                    services.history.rate_updated(&batch).await.unwrap();
                }
            };
            let base = ["EUR", "USD", "JPY", "KRW"].choose(&mut random).unwrap();
            let is_inverse = random.random_bool(0.5);
            tokio::join!(deliver, look(&case, &routes, base, is_inverse));
            let rates = batch.iter().map(|event| {
                let instant = Instant::of(event.recorded_at.utc());
                (event.currency_code.to_string(), instant)
            });
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
