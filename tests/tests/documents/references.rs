//! What the documents name is there: paths, tests, commands, variables and links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;

use regex_lite::Regex;
use tests::checkout::project;
use tests::documents::documents;

use crate::text::{CODE, at, files, parts};

/// A link of Markdown to a place of ours.
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\]\(([^)\s]+)\)").unwrap());
/// A path of ours as a document gives it, perhaps with a test in it.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^([A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*/?)(?:::([a-z0-9_]+))?$").unwrap());
/// A variable, an error code or a constant, by its form.
static SCREAMING: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$").unwrap());
/// A command of ours.
static COMMAND: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?:^|[\s`(])\./([a-z][a-z0-9/_-]*)").unwrap());

/// The names of files and folders at the top, which tell a path of ours from other words with a stroke.
fn roots(files: &BTreeSet<String>) -> BTreeSet<&str> {
    files.iter().filter_map(|path| path.split('/').next()).collect()
}

#[test]
fn every_path_and_test_that_a_document_names_is_there() {
    let files = files();
    let roots = roots(&files);
    let mut wrong = Vec::new();
    let mut found = 0;
    for document in documents() {
        let (prose, _) = parts(&document);
        for code in CODE.captures_iter(&prose) {
            let (whole, text) = (code.get(0).unwrap(), &code[1]);
            let Some(parts) = PATH.captures(text) else { continue };
            let (path, test) = (parts[1].trim_end_matches('/'), parts.get(2));
            let first = path.split('/').next().unwrap_or_default();
            if !roots.contains(first) || (!path.contains('/') && !path.contains('.')) {
                continue;
            }
            found += 1;
            let place = at(&document, &prose, whole.start());
            let target = project().join(path);
            if !target.exists() {
                wrong.push(format!("{place}: there is no {path}"));
            } else if let Some(test) = test {
                let named = format!("fn {}(", test.as_str());
                if !fs::read_to_string(&target).is_ok_and(|source| source.contains(&named)) {
                    wrong.push(format!("{place}: {path} has no test {}", test.as_str()));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert!(found > 100, "{found} paths: the documents are not read as they were");
}

#[test]
fn every_command_that_a_document_names_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    let mut wrong = Vec::new();
    for document in documents() {
        let (prose, fenced) = parts(&document);
        for text in [&prose, &fenced] {
            for command in COMMAND.captures_iter(text) {
                let (path, place) = (&command[1], at(&document, text, command.get(1).unwrap().start()));
                let mode = fs::metadata(project().join(path)).map(|about| about.permissions().mode());
                if !mode.is_ok_and(|mode| mode & 0o111 != 0) {
                    wrong.push(format!("{place}: ./{path} is no command"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_variable_and_code_that_a_document_names_stands_in_the_code() {
    let is_source = |path: &&String| !path.ends_with(".md") && !path.ends_with(".zip") && !path.ends_with(".png");
    let mut known = BTreeSet::new();
    for path in files().iter().filter(is_source) {
        let text = String::from_utf8_lossy(&fs::read(project().join(path)).unwrap()).into_owned();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
        known.extend(words.filter(|word| word.contains('_')).map(str::to_owned));
    }
    let mut wrong = Vec::new();
    for document in documents() {
        let (prose, _) = parts(&document);
        for code in CODE.captures_iter(&prose) {
            let name = code[1].split(['=', ' ']).next().unwrap_or_default();
            if SCREAMING.is_match(name) && !known.contains(name) {
                wrong.push(format!(
                    "{}: nothing knows {name}",
                    at(&document, &prose, code.get(0).unwrap().start())
                ));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_link_leads_somewhere() {
    let mut wrong = Vec::new();
    for document in documents() {
        let (prose, _) = parts(&document);
        for link in LINK.captures_iter(&prose) {
            let target = &link[1];
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if path.is_empty() {
                document.clone()
            } else {
                beside(&document, path)
            };
            let place = at(&document, &prose, link.get(0).unwrap().start());
            match fs::metadata(project().join(&path)) {
                Err(_) => wrong.push(format!("{place}: there is no {path}")),
                Ok(_) if !anchor.is_empty() && path.ends_with(".md") && !anchors(&path).contains(anchor) => {
                    wrong.push(format!("{place}: {path} has no heading #{anchor}"));
                }
                Ok(_) => {}
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

/// A path as a link in `document` gives it, from the project's folder.
fn beside(document: &str, path: &str) -> String {
    let mut whole = PathBuf::new();
    for part in Path::new(document).parent().unwrap().join(path).components() {
        if part == Component::ParentDir {
            whole.pop();
        } else {
            whole.push(part);
        }
    }
    whole.display().to_string()
}

/// The anchors of a document's headings, as GitHub makes them: lower case, blanks to hyphens, nothing else but letters, digits, `_` and `-`.
fn anchors(document: &str) -> BTreeSet<String> {
    let (prose, _) = parts(document);
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| -> String {
        let text = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        text.chars()
            .filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter))
            .collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_document_can_be_reached_from_the_readme() {
    let mut reached = BTreeSet::from(["README.md".to_owned()]);
    let mut open = vec!["README.md".to_owned()];
    while let Some(document) = open.pop() {
        let (prose, _) = parts(&document);
        let targets = LINK
            .captures_iter(&prose)
            .map(|link| link[1].split('#').next().unwrap_or_default().to_owned());
        let targets = targets.filter(|target| target.ends_with(".md") && !target.contains("://"));
        for target in targets.map(|target| beside(&document, &target)) {
            if reached.insert(target.clone()) {
                open.push(target);
            }
        }
    }
    let lost: Vec<String> = documents()
        .into_iter()
        .filter(|document| !reached.contains(document))
        .collect();
    assert_eq!(lost, Vec::<String>::new());
}
