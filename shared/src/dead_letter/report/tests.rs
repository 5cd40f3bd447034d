use super::*;

/// The texts are those of a running function: their order and their words are what the command, the console and people's scripts read.
#[test]
fn every_answer_is_written_as_it_is_read() {
    let summary = r#""kind":"letter","id":"x","function":"f","topic":"t","partition":0,"offset":7,"timestamp":"2026-11-23T09:59:59.123Z","refused_at":"2026-11-23T10:00:00Z","error_code":"NOT_JSON","reason":"no","payload_bytes":1,"parts":1"#;
    let batch = r#""kind":"on_failure","id":"y","function":null,"topic":"t","partition":null,"offset":null,"offsets":[{"topic":"t","partition":0,"first":1,"last":3}],"timestamp":null,"refused_at":null,"error_code":"SomethingNew","reason":"no","payload_bytes":null,"parts":3,"parts_missing":[2]"#;
    let common = r#""hidden":1,"complete":false,"not_given_back":2}"#;
    let list = format!(
        r#"{{"action":"list","matched":2,"letters":[{{{summary}}},{{{batch}}}],"left_out":0,"counts":{{"function":{{"f":1,"unknown":1}},"topic":{{"t":2}},"error_code":{{"NOT_JSON":1,"SomethingNew":1}}}},{common}"#
    );
    let show = format!(
        r#"{{"action":"show","letter":{{{summary}}},"records":[{{"topic":"t","partition":0,"offset":7,"timestamp":null,"key":null,"headers":[["h",{{"base64":"AP8="}}]],"payload":{{"text":"{{"}}}}],"not_shown":["why"],"body":"{{}}",{common}"#
    );
    let replay = format!(
        r#"{{"action":"replay","to":"function","dry_run":false,"matched":2,"replayed":1,"records":1,"failed":0,"left":1,"letters":[{{"outcome":"left","why":"late",{summary}}},{{"outcome":"applied",{batch}}}],"left_out":0,{common}"#
    );
    let purge = format!(
        r#"{{"action":"purge","dry_run":true,"matched":1,"deleted":0,"letters":[{{"outcome":"would",{summary}}}],"left_out":0,{common}"#
    );
    for text in [list, show, replay, purge] {
        let report: DeadLetterReport = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&report).unwrap(), text);
    }
}

#[test]
fn an_outcome_has_one_name() {
    for outcome in [
        Outcome::Applied,
        Outcome::Published,
        Outcome::Deleted,
        Outcome::Would,
        Outcome::Refused,
        Outcome::Failed,
        Outcome::NotTried,
    ] {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.name());
    }
}
