//! Numbers that documents say of the template are the template's.

use std::fs;

use regex_lite::Regex;
use tests::checkout::project;
use tests::contract::Document;
use tests::documents::documents;

use crate::text::at;

/// Asserts that wherever a document says a number before these words, it is `count`, and that one does. `number` is the regular expression of such numbers.
fn assert_documents_say(count: usize, number: &str, words: &str) {
    let claims = Regex::new(&format!(r"\b({number}) {words}\b")).unwrap();
    let mut found = 0;
    for document in documents() {
        let text = fs::read_to_string(project().join(&document)).unwrap();
        for claim in claims.captures_iter(&text) {
            found += 1;
            let place = at(&document, &text, claim.get(0).unwrap().start());
            assert_eq!(claim[1], count.to_string(), "{place}: {}", &claim[0]);
        }
    }
    assert!(found > 0, "no document says how many {words}");
}

#[test]
fn documents_count_the_functions_of_the_template() {
    let count = Document::load(&project().join("template.yaml")).functions().len();
    // One digit counts the functions of a service.
    assert_documents_say(count, "[0-9]{2,}", "functions");
}

/// What `./localstack/up` prints stands in README as it was printed once.
#[test]
fn the_output_of_up_counts_what_the_template_has() {
    let template = Document::load(&project().join("template.yaml"));
    let functions = template.functions();
    let events = functions
        .iter()
        .filter_map(|function| function.properties["Events"].as_object())
        .flat_map(|events| events.values());
    let schedules = events.filter(|event| matches!(event["Type"].as_str(), Some("Schedule" | "ScheduleV2")));
    let mappings = template.resources("AWS::Lambda::EventSourceMapping");
    for (count, words) in [
        (functions.len(), "functions deployed"),
        (template.resources("AWS::SQS::Queue").count(), "queues created"),
        (mappings.count(), "event source mappings"),
        (schedules.count(), "schedules started"),
    ] {
        assert_documents_say(count, "[0-9]+", words);
    }
}
