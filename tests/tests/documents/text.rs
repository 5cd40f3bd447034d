//! The documents and the files of the project as the tests of this folder read them.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use regex_lite::Regex;
use tests::checkout::project;

/// A text in backticks.
pub(crate) static CODE: LazyLock<Regex> = LazyLock::new(|| Regex::new("`([^`\n]+)`").unwrap());

/// A document without its fences, and what stands in them; of both the lines stand where they stood.
pub(crate) fn parts(document: &str) -> (String, String) {
    let text = fs::read_to_string(project().join(document)).unwrap();
    let (mut prose, mut fenced, mut is_inside) = (String::new(), String::new(), false);
    for line in text.lines() {
        let is_edge = line.trim_start().starts_with("```");
        match (is_edge, is_inside) {
            (true, _) => is_inside = !is_inside,
            (false, true) => fenced.push_str(line),
            (false, false) => prose.push_str(line),
        }
        prose.push('\n');
        fenced.push('\n');
    }
    (prose, fenced)
}

/// `document:line` of a place in its text.
pub(crate) fn at(document: &str, text: &str, offset: usize) -> String {
    format!("{document}:{}", 1 + text[..offset].matches('\n').count())
}

/// What git knows, and what is new beside it.
pub(crate) fn files() -> BTreeSet<String> {
    let listed = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(project())
        .output()
        .unwrap();
    let files = String::from_utf8(listed.stdout).unwrap();
    files
        .lines()
        .map(str::to_owned)
        .filter(|path| project().join(path).is_file())
        .collect()
}
