//! Series, buckets, statistics and comparisons against a slow and plain computation, for random currencies and periods of the ECB's data.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use chrono::{Datelike, NaiveDate, Weekday};
use history::History;
use rust_decimal::Decimal;
use serde_json::Value;
use tests::Services;
use tests::api::Ask;
use tests::ecb::{observations, printed};
use uuid::Uuid;

const CHOICES: usize = 50;
const PERIODS: [&str; 6] = ["1d", "1w", "1m", "3m", "6m", "1y"];

/// Units of a currency for one EUR by day, EUR itself 1.
type Printed = BTreeMap<String, BTreeMap<NaiveDate, f64>>;

/// A generator whose choices the printed seed repeats (splitmix64).
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

fn near(found: f64, expected: f64, what: &str) {
    let scale = found.abs().max(expected.abs());
    assert!(
        (found - expected).abs() <= 1e-9 * scale,
        "{what}: {found} instead of {expected}"
    );
}

/// A number of an answer; null is not a number.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn near_or_null(found: &Value, expected: Option<f64>, what: &str) {
    match expected {
        Some(expected) => near(number(found), expected, what),
        None => assert!(found.is_null(), "{what}: {found} instead of null"),
    }
}

async fn ask(routes: &Router, path: &str) -> Value {
    let reply = Ask::get(path).send(routes).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()["data"].clone()
}

/// `months` before a day, by counting.
fn months_before(day: NaiveDate, months: i32) -> NaiveDate {
    let count = day.year() * 12 + day.month0() as i32 - months;
    let (year, month) = (count.div_euclid(12), count.rem_euclid(12) as u32 + 1);
    (1..=day.day())
        .rev()
        .find_map(|day| NaiveDate::from_ymd_opt(year, month, day))
        .unwrap()
}

fn first_day(period: &str, last: NaiveDate) -> NaiveDate {
    match period {
        "1d" => last.pred_opt().unwrap(),
        "1w" => last.iter_days().rev().nth(7).unwrap(),
        "1m" => months_before(last, 1),
        "3m" => months_before(last, 3),
        "6m" => months_before(last, 6),
        _ => months_before(last, 12),
    }
}

/// The days of a pair between two days, with its rate.
fn series(printed: &Printed, base: &str, target: &str, inverse: bool) -> BTreeMap<NaiveDate, f64> {
    let (base, target) = if inverse { (target, base) } else { (base, target) };
    let days = printed[base].iter();
    days.filter_map(|(day, units)| Some((*day, units / printed[target].get(day)?)))
        .collect()
}

struct Plain {
    mean: f64,
    volatility: Option<f64>,
    sharpe: Option<f64>,
    a_year: Option<f64>,
    trend: &'static str,
}

/// Which part of Student's t with so many degrees of freedom lies between -t and t. With t = √degrees × tan(angle) its density is cos(angle)^(degrees - 1), up
/// to a factor that the quotient does not have; Simpson's rule does the rest.
fn between(t: f64, degrees: f64) -> f64 {
    const PIECES: usize = 2_000;
    let integral = |to: f64| {
        let width = to / PIECES as f64;
        let at = |place: usize| (width * place as f64).cos().max(0.0).powf(degrees - 1.0);
        let weighted = |place: usize| match place {
            0 | PIECES => at(place),
            odd if odd % 2 == 1 => 4.0 * at(odd),
            even => 2.0 * at(even),
        };
        (0..=PIECES).map(weighted).sum::<f64>() * width / 3.0
    };
    integral((t / degrees.sqrt()).atan()) / integral(std::f64::consts::FRAC_PI_2)
}

/// Returns by the days that they go from and to. Over more than 14 days there is none.
fn returns(closes: &[(NaiveDate, f64)]) -> BTreeMap<(NaiveDate, NaiveDate), f64> {
    let mut returns = BTreeMap::new();
    for place in 1..closes.len() {
        let ((from, before), (to, close)) = (closes[place - 1], closes[place]);
        if to <= from + chrono::Days::new(14) {
            returns.insert((from, to), (close / before).ln());
        }
    }
    returns
}

fn plain(closes: &[(NaiveDate, f64)]) -> Plain {
    let returns = returns(closes);
    let count = returns.len() as f64;
    let mean_return = returns.values().sum::<f64>() / count;
    let mut squares = 0.0;
    for one in returns.values() {
        squares += (one - mean_return) * (one - mean_return);
    }
    let deviation = (returns.len() >= 2).then(|| (squares / (count - 1.0)).sqrt());
    let days: i64 = returns.keys().map(|(from, to)| (*to - *from).num_days()).sum();
    let a_year = (days > 0).then(|| count * 365.25 / days as f64);
    let is_trend = match deviation {
        Some(deviation) if returns.len() >= 3 && deviation > 0.0 => {
            between(mean_return.abs() / (deviation / count.sqrt()), count - 1.0) > 0.95
        }
        Some(_) => returns.len() >= 3 && mean_return != 0.0,
        None => false,
    };
    Plain {
        mean: closes.iter().map(|(_, close)| close).sum::<f64>() / closes.len() as f64,
        volatility: deviation.map(|deviation| deviation * 100.0),
        sharpe: deviation
            .filter(|deviation| *deviation > 0.0)
            .map(|deviation| mean_return / deviation * a_year.unwrap().sqrt()),
        a_year,
        trend: match (is_trend, mean_return > 0.0) {
            (true, true) => "up",
            (true, false) => "down",
            (false, _) => "stable",
        },
    }
}

fn closes(rows: &Value) -> Vec<(NaiveDate, f64)> {
    let row = |row: &Value| (row["date"].as_str().unwrap().parse().unwrap(), number(&row["close"]));
    rows.as_array().unwrap().iter().map(row).collect()
}

/// Checks the rows of one series: changes against the first row, and the same numbers as `days` in buckets that `bucket` names.
fn check_rows(rows: &Value, days: &[(NaiveDate, f64)], bucket: impl Fn(NaiveDate) -> NaiveDate, what: &str) {
    let mut buckets: BTreeMap<NaiveDate, Vec<f64>> = BTreeMap::new();
    for (day, close) in days {
        buckets.entry(bucket(*day)).or_default().push(*close);
    }
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), buckets.len(), "{what}");
    let decimal = |value: &Value| {
        Decimal::from_scientific(&value.to_string())
            .or_else(|_| value.to_string().parse())
            .unwrap()
    };
    let first = decimal(&rows[0]["rate"]);
    for (row, (date, prices)) in rows.iter().zip(&buckets) {
        let what = format!("{what} {date}");
        assert_eq!(row["date"], date.to_string(), "{what}");
        let (high, low) = (
            prices.iter().copied().fold(0.0, f64::max),
            prices.iter().copied().fold(f64::MAX, f64::min),
        );
        for (name, expected) in [
            ("open", prices[0]),
            ("high", high),
            ("low", low),
            ("close", prices[prices.len() - 1]),
        ] {
            assert_eq!(number(&row[name]), expected, "{what} {name}");
        }
        assert_eq!(row["rate"], row["close"], "{what}");
        // Differences of numbers that are near each other, so exactly.
        let change = decimal(&row["rate"]) - first;
        near(number(&row["change"]), change.to_string().parse().unwrap(), &what);
        let percent = change / first * Decimal::ONE_HUNDRED;
        near(
            number(&row["change_percent"]),
            percent.to_string().parse().unwrap(),
            &what,
        );
    }
}

/// One pair and span: its points against the ECB's numbers, everything else against its points.
async fn check_pair(routes: &Router, printed: &Printed, choices: &mut Choices) -> String {
    let codes: Vec<&String> = printed.keys().collect();
    let (base, target, days) = loop {
        let (base, target, inverse) = (*choices.of(&codes), *choices.of(&codes), choices.below(2) == 1);
        let days = series(printed, base, target, inverse);
        if base != target && days.len() > 10 {
            break (base, target, (inverse, days));
        }
    };
    let (inverse, days) = days;
    let all: Vec<NaiveDate> = days.keys().copied().collect();
    let (from, to, span) = if choices.below(3) == 0 {
        let from = choices.below(all.len() - 2);
        let to = (from + 2 + choices.below(900)).min(all.len() - 1);
        (all[from], all[to], format!("from={}&to={}", all[from], all[to]))
    } else {
        let (period, to) = (*choices.of(&PERIODS), all[all.len() - 1]);
        (first_day(period, to), to, format!("period={period}"))
    };
    let query = format!("base={base}&target={target}&inverse={inverse}&{span}");
    let daily = ask(routes, &format!("/api/v1/history?{query}")).await;
    assert_eq!(
        (&daily["from"], &daily["to"]),
        (&from.to_string().into(), &to.to_string().into()),
        "{query}"
    );
    let found = closes(&daily["results"]);
    let expected: Vec<(NaiveDate, f64)> = days.range(from..=to).map(|(day, rate)| (*day, *rate)).collect();
    assert_eq!(found.len(), expected.len(), "{query}");
    for ((day, found), (expected_day, expected)) in found.iter().zip(&expected) {
        assert_eq!(day, expected_day, "{query}");
        near(*found, *expected, &query);
    }
    check_rows(&daily["results"], &found, |day| day, &query);
    let weekly = ask(routes, &format!("/api/v1/history?{query}&interval=weekly")).await;
    let week = |day: NaiveDate| {
        let week = day.iso_week();
        NaiveDate::from_isoywd_opt(week.year(), week.week(), Weekday::Mon).unwrap()
    };
    check_rows(&weekly["results"], &found, week, &format!("{query} weekly"));
    let monthly = ask(routes, &format!("/api/v1/history?{query}&interval=monthly")).await;
    let month = |day: NaiveDate| NaiveDate::from_ymd_opt(day.year(), day.month(), 1).unwrap();
    check_rows(&monthly["results"], &found, month, &format!("{query} monthly"));

    let values: Vec<f64> = found.iter().map(|(_, close)| *close).collect();
    let plain = plain(&found);
    let min = values.iter().copied().fold(f64::MAX, f64::min);
    let max = values.iter().copied().fold(0.0, f64::max);
    for answer in [&daily, &weekly, &monthly] {
        let statistics = &answer["statistics"];
        near(number(&statistics["average"]), plain.mean, &query);
        assert_eq!(
            (number(&statistics["min"]), number(&statistics["max"])),
            (min, max),
            "{query}"
        );
        near_or_null(&statistics["volatility"], plain.volatility, &query);
        assert_eq!(statistics["trend"], plain.trend, "{query}");
    }
    let reply = Ask::get(&format!("/api/v1/history/stats?{query}")).send(routes).await;
    if values.len() < 2 {
        assert_eq!(
            (reply.status.as_u16(), &reply.json()["error"]["code"]),
            (422, &"NOT_ENOUGH_DATA".into()),
            "{query}"
        );
        return query;
    }
    let stats = reply.json()["data"].clone();
    let last_row = &daily["results"][values.len() - 1];
    near(number(&stats["period_average"]), plain.mean, &query);
    assert_eq!(
        (number(&stats["period_min"]), number(&stats["period_max"])),
        (min, max),
        "{query}"
    );
    for (name, extreme) in [("period_min_date", min), ("period_max_date", max)] {
        let day = found.iter().find(|(_, close)| *close == extreme).unwrap().0;
        assert_eq!(stats[name], day.to_string(), "{query} {name}");
    }
    for (name, same) in [
        ("current_rate", "rate"),
        ("period_change", "change"),
        ("period_change_percent", "change_percent"),
    ] {
        assert_eq!(stats[name], last_row[same], "{query} {name}");
    }
    near_or_null(&stats["volatility"], plain.volatility, &query);
    near_or_null(
        &stats["volatility_annualized"],
        plain.volatility.map(|daily| daily * plain.a_year.unwrap().sqrt()),
        &query,
    );
    near_or_null(&stats["observations_per_year"], plain.a_year, &query);
    assert_eq!(stats["trend_direction"], plain.trend, "{query}");
    assert_eq!(stats["data_points"], values.len(), "{query}");
    query
}

/// Pearson's correlation over the returns that both have between the same two days.
fn correlation(first: &[(NaiveDate, f64)], second: &[(NaiveDate, f64)]) -> (f64, usize) {
    let (first, second) = (returns(first), returns(second));
    let both: Vec<(f64, f64)> = first
        .iter()
        .filter_map(|(days, x)| Some((*x, *second.get(days)?)))
        .collect();
    let count = both.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / count;
    let (x_mean, y_mean) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut xy, mut xx, mut yy) = (0.0, 0.0, 0.0);
    for (x, y) in &both {
        xy += (x - x_mean) * (y - y_mean);
        xx += (x - x_mean).powi(2);
        yy += (y - y_mean).powi(2);
    }
    (xy / xx.sqrt() / yy.sqrt(), both.len())
}

/// One comparison, against the series of each of its currencies.
async fn check_comparison(routes: &Router, choices: &mut Choices) -> String {
    // Currencies of today, so that any of them have days in common.
    const CODES: [&str; 14] = [
        "KRW", "USD", "EUR", "JPY", "GBP", "CHF", "CNY", "INR", "IDR", "TRY", "ZAR", "BRL", "THB", "DKK",
    ];
    let base = *choices.of(&CODES);
    let mut targets: Vec<&str> = Vec::new();
    while targets.len() < 2 + choices.below(4) {
        let target = *choices.of(&CODES);
        if target != base && !targets.contains(&target) {
            targets.push(target);
        }
    }
    let period = *choices.of(&["3m", "6m", "1y"]);
    let query = format!("targets={}&base={base}&period={period}", targets.join(","));
    let answer = ask(routes, &format!("/api/v1/history/compare?{query}")).await;
    let mut of_code = BTreeMap::new();
    for target in &targets {
        let series = ask(
            routes,
            &format!("/api/v1/history?base={base}&target={target}&period={period}"),
        )
        .await;
        of_code.insert((*target).to_owned(), closes(&series["results"]));
    }
    // What is ranked is of the same days: from the first that all have to the last.
    let has = |day: NaiveDate| {
        of_code
            .values()
            .all(|closes| closes.iter().any(|(other, _)| *other == day))
    };
    let common: Vec<NaiveDate> = of_code[targets[0]]
        .iter()
        .map(|(day, _)| *day)
        .filter(|day| has(*day))
        .collect();
    let (from, to) = (common[0], common[common.len() - 1]);
    for closes in of_code.values_mut() {
        closes.retain(|(day, _)| (from..=to).contains(day));
    }
    let change = |closes: &[(NaiveDate, f64)]| (closes[closes.len() - 1].1 / closes[0].1 - 1.0) * 100.0;
    let mut order: Vec<(&String, f64)> = of_code.iter().map(|(code, closes)| (code, change(closes))).collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1));
    let rows = answer["currencies"].as_array().unwrap();
    assert_eq!(rows.len(), targets.len(), "{query}");
    for (place, (row, (code, change))) in rows.iter().zip(&order).enumerate() {
        let values: Vec<f64> = of_code[*code].iter().map(|(_, close)| *close).collect();
        let plain = plain(&of_code[*code]);
        assert_eq!(
            (&row["currency_code"], &row["performance_rank"]),
            (&(*code).clone().into(), &(place + 1).into()),
            "{query}"
        );
        assert_eq!(
            (&row["from"], &row["to"]),
            (&from.to_string().into(), &to.to_string().into()),
            "{query}"
        );
        assert_eq!(number(&row["current_rate"]), values[values.len() - 1], "{query}");
        // The quotient of two near numbers less one loses digits as a float; the rows' own check has the exact one.
        assert!(
            (number(&row["period_change_percent"]) - change).abs() < 1e-9 * change.abs().max(1.0),
            "{query}"
        );
        near_or_null(&row["volatility"], plain.volatility, &query);
        near_or_null(&row["sharpe_ratio"], plain.sharpe, &query);
        near_or_null(&row["observations_per_year"], plain.a_year, &query);
        assert_eq!(row["data_points"], values.len(), "{query}");
    }
    assert_eq!(
        (&answer["best"], &answer["worst"]),
        (&rows[0]["currency_code"], &rows[rows.len() - 1]["currency_code"])
    );
    let matrix = answer["correlation_matrix"].as_array().unwrap();
    assert_eq!(matrix.len(), targets.len() * (targets.len() - 1) / 2, "{query}");
    for entry in matrix {
        let of = |name: &str| &of_code[entry[name].as_str().unwrap()];
        let (coefficient, common) = correlation(of("first"), of("second"));
        assert!(
            (number(&entry["coefficient"]) - coefficient).abs() < 1e-9,
            "{query} {entry} {coefficient}"
        );
        assert_eq!(entry["common_days"], common, "{query} {entry}");
    }
    query
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn series_statistics_and_comparisons_equal_a_plain_computation() {
    let seed =
        std::env::var("HISTORY_SEED").map_or_else(|_| Uuid::new_v4().as_u64_pair().0, |seed| seed.parse().unwrap());
    println!("HISTORY_SEED={seed}");
    let (first, last): (NaiveDate, NaiveDate) = ("2013-01-01".parse().unwrap(), "2026-10-30".parse().unwrap());
    let services = Services::start().await;
    for batch in observations(first..=last).chunks(5_000) {
        services.history.rate_updated(batch).await.unwrap();
    }
    let mut all = Printed::new();
    for ((code, day), text) in printed() {
        if day >= first {
            all.entry("EUR".to_owned()).or_default().insert(day, 1.0);
            all.entry(code).or_default().insert(day, text.parse().unwrap());
        }
    }
    let history = History::new(services.store.clone(), services.cache.clone());
    let routes = shared::api::with_middleware(history::api::routes(Arc::new(history)));
    let mut choices = Choices(seed);
    for _ in 0..CHOICES {
        let pair = check_pair(&routes, &all, &mut choices).await;
        let comparison = check_comparison(&routes, &mut choices).await;
        println!("{pair}    {comparison}");
    }
}

/// Known values of the plain computation itself: the table's critical values are where 95 % lie between.
#[test]
fn the_plain_students_t_is_the_tables() {
    for (degrees, critical) in [(2.0, 4.303), (4.0, 2.776), (21.0, 2.080), (100.0, 1.984)] {
        let part = between(critical, degrees);
        assert!((part - 0.95).abs() < 1e-4, "{degrees}: {part}");
    }
}
