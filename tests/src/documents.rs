//! The command lines of the documents. Each fence of `sh` is run by a test, or says in a comment above it why no test can: what a reader copies is what a
//! test runs.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::checkout::project;

/// Every document of the project, by its path: those at the top, below `docs`, and those that stand beside findings, fixtures and the emulator.
///
/// # Panics
/// When a folder cannot be read.
#[must_use]
pub fn documents() -> Vec<String> {
    let mut folders = Vec::from(["docs", "findings", "tests/fixtures"].map(PathBuf::from));
    let mut paths = vec!["localstack/emulator/README.md".to_owned()];
    let is_document = |path: &str| path.ends_with(".md");
    let named = |folder: &Path| -> Vec<PathBuf> {
        let files = std::fs::read_dir(project().join(folder)).unwrap();
        files.map(|file| folder.join(file.unwrap().file_name())).collect()
    };
    let top = named(Path::new(""));
    paths.extend(
        top.iter()
            .map(|path| path.display().to_string())
            .filter(|path| is_document(path)),
    );
    while let Some(folder) = folders.pop() {
        for path in named(&folder) {
            match path.display().to_string() {
                text if is_document(&text) => paths.push(text),
                _ if project().join(&path).is_dir() => folders.push(path),
                _ => {}
            }
        }
    }
    paths.sort();
    paths
}

const TESTED: &str = "run by ";
const ACCOUNT: &str = "needs an account";
const UNTESTED: &str = "not run by a test: ";

/// Who runs the commands of a fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Runner {
    /// The test in this file.
    Test(String),
    /// Nobody here: it speaks to AWS.
    Account,
    /// Nobody, for this reason.
    Nobody(String),
}

/// A fence of `sh`.
#[derive(Debug, Clone)]
pub struct Fence {
    /// Its line in the document, from 1.
    pub line: usize,
    /// Who runs it; nothing when the document does not say.
    pub runner: Option<Runner>,
    /// What stands in it.
    pub text: String,
    /// What stands in the fence of `json` below it, as far as it is JSON.
    pub answer: Option<Value>,
    /// What stands in the fence of `text` below it, before any other command.
    pub printed: Option<String>,
}

impl Fence {
    /// Its commands, one a line: what goes on with `\` is joined, explanations behind `#` are left out.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        joined
            .lines()
            .map(|line| line.split(" # ").next().unwrap_or(line).trim().to_owned())
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
            .collect()
    }
}

/// The fences of `sh` in a document, in order. A comment `<!-- run by tests/tests/NAME.rs -->` (or `tests/moto/NAME.py`), `<!-- needs an account -->` (with more behind
/// a semicolon) or `<!-- not run by a test: REASON -->` is for the fence below it; one in the document's first line is for every fence without one of its own.
///
/// # Panics
/// When the document cannot be read, or a fence does not end.
#[must_use]
pub fn fences(document: &str) -> Vec<Fence> {
    let text = std::fs::read_to_string(project().join(document)).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let default = lines.first().and_then(|line| runner(line));
    let mut fences: Vec<Fence> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let Some(kind) = lines[at].strip_prefix("```") else {
            at += 1;
            continue;
        };
        let length = lines[at + 1..].iter().position(|line| *line == "```");
        let length = length.unwrap_or_else(|| panic!("{document}:{}: the fence does not end", at + 1));
        let inside = lines[at + 1..at + 1 + length].join("\n");
        match kind {
            "sh" => {
                let above = lines[..at].iter().rev().find(|line| !line.trim().is_empty());
                fences.push(Fence {
                    line: at + 1,
                    runner: above.and_then(|line| runner(line)).or_else(|| default.clone()),
                    text: inside,
                    answer: None,
                    printed: None,
                });
            }
            "json" => {
                if let Some(last) = fences.last_mut() {
                    last.answer = last.answer.take().or_else(|| serde_json::from_str(&inside).ok());
                }
            }
            "text" => {
                if let Some(last) = fences.last_mut() {
                    last.printed.get_or_insert(inside);
                }
            }
            _ => {}
        }
        at += length + 2;
    }
    fences
}

fn runner(line: &str) -> Option<Runner> {
    let comment = line.trim().strip_prefix("<!-- ")?.strip_suffix(" -->")?;
    if comment.split(';').next() == Some(ACCOUNT) {
        return Some(Runner::Account);
    }
    if let Some(reason) = comment.strip_prefix(UNTESTED) {
        return Some(Runner::Nobody(reason.to_owned()));
    }
    comment.strip_prefix(TESTED).map(|test| Runner::Test(test.to_owned()))
}

/// The commands in the one fence of `document` that names the test in `test`.
///
/// # Panics
/// When there is no such fence, or more than one.
#[must_use]
pub fn commands(document: &str, test: &str) -> Vec<String> {
    let mine = Some(Runner::Test(test.to_owned()));
    let fences: Vec<Fence> = fences(document)
        .into_iter()
        .filter(|fence| fence.runner == mine)
        .collect();
    let [fence] = &fences[..] else {
        panic!("{document} has {} fences for {test}", fences.len());
    };
    fence.commands()
}

/// Whether there is a test in this file that looks into `document`: the ones on moto look into all of them.
#[must_use]
pub fn is_run_by(test: &str, document: &str) -> bool {
    let names = [format!("\"{document}\""), "docs/*.md".to_owned()];
    let text = std::fs::read_to_string(project().join(test));
    text.is_ok_and(|text| names.iter().any(|name| text.contains(name.as_str())))
}
