//! Changes of the schedules.

use serde_json::json;
use tests::contract::Document;

use crate::mutant::{Mutant, with, without};

/// Templates whose schedules AWS would refuse, or that would run nothing or at the wrong hour.
pub fn schedules(template: &Document) -> Vec<Mutant> {
    let events = "/Resources/Ingestor/Properties/Events";
    let mut mutants = Vec::new();
    for event in ["Schedule", "Publication", "SecondPublication"] {
        mutants.push(without(template, &format!("{events}/{event}")));
    }
    for event in ["Publication", "SecondPublication"] {
        let at = format!("{events}/{event}/Properties");
        mutants.push(without(template, &format!("{at}/State")));
        mutants.push(without(template, &format!("{at}/ScheduleExpressionTimezone")));
        mutants.push(with(
            template,
            &format!("{at}/ScheduleExpressionTimezone"),
            json!("KST"),
        ));
        mutants.push(with(
            template,
            &format!("{at}/ScheduleExpressionTimezone"),
            json!("UTC"),
        ));
        mutants.push(with(
            template,
            &format!("{at}/ScheduleExpression/Fn::If/2"),
            json!("rate(0 days)"),
        ));
        let clock = format!("/Parameters/{event}TimeZone/Default");
        mutants.push(with(template, &clock, json!("KST")));
    }
    let zone = format!("{events}/Schedule/Properties/ScheduleExpressionTimezone");
    mutants.push(with(template, &zone, json!("Asia/Seoul")));
    for text in [
        "rate(5 minute)",
        "rate(1 minutes)",
        "rate(0 minutes)",
        "rate(1.5 hours)",
        "rate(30 seconds)",
        "",
    ] {
        mutants.push(with(template, "/Parameters/IngestSchedule/Default", json!(text)));
    }
    for text in [
        "cron(0-30 16 ? * MON-FRI)x",
        "cron(0-30 16 * * MON-FRI *)",
        "cron(0-30 16 ? * ? *)",
        "cron(0-60 16 ? * MON-FRI *)",
        "cron(0-30 24 ? * MON-FRI *)",
        "cron(0-30 16 ? * MO-FR *)",
        "at(2027-01-01)",
    ] {
        mutants.push(with(template, "/Parameters/PublicationSchedule/Default", json!(text)));
        let description = json!(format!("On Seoul's clock - {text}; empty for none."));
        if text.ends_with(')') {
            mutants.push(with(
                template,
                "/Parameters/SecondPublicationSchedule/Description",
                description,
            ));
        }
    }
    mutants
}
