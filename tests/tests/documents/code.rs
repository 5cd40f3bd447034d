//! The code as documents map it: ARCHITECTURE's modules are there, CONFIGURATION has every variable that functions read, and no other; and what logs need of
//! every line of the code.

use std::collections::BTreeSet;
use std::fs;

use regex_lite::Regex;
use tests::checkout::project;

use crate::text::{CODE, at, files, parts};

/// Where the names of variables stand.
const VARIABLES: &str = "shared/src/config/var.rs";

#[test]
fn the_map_of_the_crates_names_modules_that_are_there() {
    let module = Regex::new("^[a-z][a-z0-9_]*(?:/[a-z0-9_]+)*$").unwrap();
    let (document, files) = ("docs/ARCHITECTURE.md", files());
    let (prose, _) = parts(document);
    let begin = prose.find("\n## Inside the crates\n").unwrap();
    let section = &prose[begin..];
    let section = &section[..1 + section[1..].find("\n## ").unwrap()];
    let (mut wrong, mut found, mut sources) = (Vec::new(), 0, String::new());
    for code in CODE.captures_iter(section) {
        let (start, name) = (code.get(0).unwrap().start(), &code[1]);
        // A paragraph begins with its crate, in bold.
        if section[..start].ends_with("\n**") {
            sources = format!("{name}/src/");
        } else if module.is_match(name) {
            found += 1;
            let (file, folder) = (format!("/{name}.rs"), format!("/{name}/"));
            let is_module = |path: &String| path.ends_with(&file) || path.contains(&folder);
            if !files.iter().any(|path| path.starts_with(&sources) && is_module(path)) {
                let place = at(document, &prose, begin + start);
                wrong.push(format!("{place}: {sources} has no module {name}"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(found > 60, "{found} modules: the section is not read as it was");
}

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

#[test]
fn every_name_of_a_variable_is_used() {
    let constant = Regex::new("pub const ([A-Z0-9_]+): &str").unwrap();
    let used = Regex::new(r"\bvar::([A-Z0-9_]+)").unwrap();
    let text = fs::read_to_string(project().join(VARIABLES)).unwrap();
    let names = constant.captures_iter(&text).map(|constant| constant[1].to_owned());
    let mut unused: BTreeSet<String> = names.collect();
    assert!(unused.len() > 40, "{unused:?}");
    let is_reader = |path: &&String| path.ends_with(".rs") && path.as_str() != VARIABLES;
    for path in files().iter().filter(is_reader) {
        let text = fs::read_to_string(project().join(path)).unwrap();
        for name in used.captures_iter(&text) {
            unused.remove(&name[1]);
        }
    }
    assert_eq!(unused, BTreeSet::new());
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
