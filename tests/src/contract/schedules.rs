//! Schedules: AWS takes every expression that the template may come to, on the clock that goes with it.
//!
//! `sam validate --lint` looks at neither an expression nor a time zone of a function's event; the deployment fails of it.

use emulator::{ScheduleExpression, ScheduleStyle};
use serde_json::{Value, json};

use super::document::Document;

/// The parameters that are schedules, and the parameter with the clock of each; a rule has none.
const SCHEDULES: [(&str, Option<&str>); 3] = [
    ("IngestSchedule", None),
    ("PublicationSchedule", Some("PublicationTimeZone")),
    ("SecondPublicationSchedule", Some("SecondPublicationTimeZone")),
];

/// Everything about schedules that AWS would refuse, or that would run nothing or at the wrong hour.
pub(super) fn check(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut used = Vec::new();
    for function in template.functions() {
        for (event, body) in function.properties["Events"].as_object().into_iter().flatten() {
            let place = format!("{}.{event}", function.id);
            let properties = &body["Properties"];
            let (style, expression) = match body["Type"].as_str() {
                Some("Schedule") => (ScheduleStyle::Rule, &properties["Schedule"]),
                Some("ScheduleV2") => (ScheduleStyle::Scheduler, &properties["ScheduleExpression"]),
                _ => continue,
            };
            let parameters = parameters_in(expression);
            for text in texts(template, expression, &parameters) {
                if let Err(allowed) = ScheduleExpression::parse(&text, style) {
                    found.push(format!("{place}: {text:?}, allowed: {allowed}"));
                }
            }
            let zone = &properties["ScheduleExpressionTimezone"];
            if style == ScheduleStyle::Rule && !zone.is_null() {
                found.push(format!("{place}: an EventBridge rule has no time zone, here is {zone}"));
            }
            let clock = zone["Ref"].as_str();
            let name = match clock {
                Some(parameter) => template.0["Parameters"][parameter]["Default"].as_str(),
                None => zone.as_str(),
            };
            if let Some(name) = name
                && !ScheduleExpression::is_zone(name)
            {
                found.push(format!("{place}: {name:?} is no time zone of the IANA database"));
            }
            // An empty parameter is none: then something stands in for the expression, and must not run.
            let condition = &expression["Fn::If"][0];
            let state = json!({"Fn::If": [condition, "ENABLED", "DISABLED"]});
            if !condition.is_null() && properties["State"] != state {
                found.push(format!("{place}: State is {}, must be {state}", properties["State"]));
            }
            let clock = clock.map(str::to_owned);
            used.extend(parameters.into_iter().map(|name| (name.to_owned(), clock.clone())));
        }
    }
    for (name, clock) in SCHEDULES {
        if !used.contains(&(name.to_owned(), clock.map(str::to_owned))) {
            found.push(format!("no schedule runs by {name} on the clock of {clock:?}"));
        }
    }
    found
}

/// The expressions that a value may come to: what stands there, and of parameters the default and every expression that the description tells people to give.
fn texts(template: &Document, expression: &Value, parameters: &[&str]) -> Vec<String> {
    let choices = match expression["Fn::If"].as_array() {
        Some(choices) => &choices[1..],
        None => std::slice::from_ref(expression),
    };
    let mut texts: Vec<String> = choices.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let is_optional = expression["Fn::If"].is_array();
    for name in parameters {
        let parameter = &template.0["Parameters"][*name];
        let default = parameter["Default"].as_str().unwrap_or_default();
        if !(is_optional && default.is_empty()) {
            texts.push(default.to_owned());
        }
        let description = parameter["Description"].as_str().unwrap_or_default();
        for kind in ["rate(", "cron(", "at("] {
            let told = description.match_indices(kind).filter_map(|(start, _)| {
                let end = description[start..].find(')')?;
                Some(description[start..=start + end].to_owned())
            });
            texts.extend(told);
        }
    }
    texts
}

fn parameters_in(expression: &Value) -> Vec<&str> {
    match expression["Fn::If"].as_array() {
        Some(choices) => choices[1..]
            .iter()
            .filter_map(|choice| choice["Ref"].as_str())
            .collect(),
        None => expression["Ref"].as_str().into_iter().collect(),
    }
}
