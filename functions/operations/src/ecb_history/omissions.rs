//! What of a history file cannot be read.

use std::fmt;

use chrono::NaiveDate;
use serde::Serialize;

/// How many are named; a file in which nothing can be read would name each of its 200,000 cells.
const NAMED: usize = 100;

/// What was left out: how much, and the first hundred by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Omissions {
    /// How many columns, lines and cells.
    pub count: usize,
    /// The first of them, at most a hundred.
    pub named: Vec<Omission>,
}

/// One column, line or cell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Omission {
    /// Line of the CSV, from 1; of a column 1.
    pub line: u64,
    /// The line's day, where it has one.
    pub day: Option<NaiveDate>,
    /// The column's name: `Date` when the whole line is left out, empty for a cell that is in no column.
    pub column: String,
    /// What stands there, its first 40 characters.
    pub value: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl Omissions {
    pub(crate) fn add(&mut self, line: u64, day: Option<NaiveDate>, column: &str, value: &str, reason: &'static str) {
        self.count += 1;
        if self.named.len() < NAMED {
            let short = |text: &str| text.chars().take(40).collect();
            self.named.push(Omission {
                line,
                day,
                column: short(column),
                value: short(value),
                reason,
            });
        }
    }
}

impl fmt::Display for Omission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            value,
            reason,
            ..
        } = self;
        write!(f, "line {line}, column {column}: {value:?} is {reason}")
    }
}

impl fmt::Display for Omissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<String> = self.named.iter().map(ToString::to_string).collect();
        f.write_str(&named.join("; "))?;
        match self.count - self.named.len() {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}
