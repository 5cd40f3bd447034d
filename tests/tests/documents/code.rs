//! The code as documents map it: CONFIGURATION has every variable that functions read, and no other; and what logs need of every line of the code.

use std::collections::BTreeSet;
use std::fs;

use regex_lite::Regex;
use tests::checkout::project;

use crate::text::{files, parts};

#[test]
fn configuration_has_the_variables_that_functions_read() {
    let constant = Regex::new(r#"pub const ([A-Z0-9_]+): &str = "([A-Z0-9_]+)";"#).unwrap();
    let mut read = BTreeSet::new();
    for path in files().iter().filter(|path| path.starts_with("shared/src/config")) {
        let text = fs::read_to_string(project().join(path)).unwrap();
        read.extend(constant.captures_iter(&text).map(|constant| constant[2].to_owned()));
    }
    // Keys of providers are called as the registry of sources says.
    let keys = shared::source::SOURCES.iter();
    read.extend(keys.filter_map(|source| source.api_key_variable()).map(str::to_owned));
    assert!(read.len() > 40, "{read:?}");
    for document in ["docs/CONFIGURATION.md", "docs/ko/CONFIGURATION.md"] {
        let (prose, _) = parts(document);
        // The first table: below it are parameters and options.
        let table = prose
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'));
        let first = |row: &str| row.split('`').nth(1).map(str::to_owned);
        let described: BTreeSet<String> = table.filter_map(first).collect();
        assert_eq!(described, read, "{document}");
    }
}

/// The JSON log prints an error given as a value without its causes (tracing-core's `record_error` takes the text alone), so functions log the whole chain.
#[test]
fn functions_log_errors_with_their_causes() {
    let mut wrong = Vec::new();
    let is_ours = |path: &&String| path.starts_with("functions/") || path.starts_with("shared/");
    for path in files().iter().filter(is_ours).filter(|path| path.ends_with(".rs")) {
        let text = fs::read_to_string(project().join(path)).unwrap();
        for (line, text) in text.lines().enumerate() {
            if text.contains("as &dyn") && text.contains("error = ") {
                wrong.push(format!("{path}:{}: {}", line + 1, text.trim()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
