//! The ECB's history: every day's units for one euro, as the ECB printed them.

use std::io::Read as _;
use std::path::Path;

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};
use rust_decimal::Decimal;

/// What the ECB prints where a currency has no rate.
const ABSENT: &str = "N/A";

/// The rates of one day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The day.
    pub date: NaiveDate,
    /// Units of each currency for one euro, with the digits of the source, in the order of the source; without the euro.
    pub rates: Vec<(String, Decimal)>,
}

/// All days.
#[derive(Debug, Clone)]
pub struct History {
    days: Vec<Day>,
    newest: Day,
    archive: Bytes,
    modified: DateTime<Utc>,
}

/// Why the history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The file is missing or cannot be read.
    #[error("could not read {path}")]
    File {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no zip archive with one file.
    #[error("{path} is no zip archive of one file")]
    Zip {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: zip::result::ZipError,
    },
    /// The table is broken.
    #[error("{path} holds no table of rates")]
    Csv {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: csv::Error,
    },
    /// There is no day.
    #[error("{path} has no day")]
    Empty {
        /// The file.
        path: String,
    },
}

impl Day {
    /// Units of `code` for one euro; the euro itself is 1.
    #[must_use]
    pub fn per_euro(&self, code: &str) -> Option<Decimal> {
        if code == "EUR" {
            return Some(Decimal::ONE);
        }
        self.rates
            .iter()
            .find(|(quoted, _)| quoted == code)
            .map(|(_, rate)| *rate)
    }
}

impl History {
    /// Reads `eurofxref-hist.zip`.
    ///
    /// # Errors
    /// [`HistoryError`] names the file and what is wrong with it.
    pub fn read(path: &Path) -> Result<Self, HistoryError> {
        let shown = path.display().to_string();
        let file = |source| HistoryError::File {
            path: shown.clone(),
            source,
        };
        let zip = |source| HistoryError::Zip {
            path: shown.clone(),
            source,
        };
        let archive = Bytes::from(std::fs::read(path).map_err(file)?);
        let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified());
        // Whatever a copy of the file may say, it is as it is since now at the latest.
        let modified = DateTime::<Utc>::from(modified.map_err(file)?).min(Utc::now());
        let mut table = String::new();
        let mut entries = zip::ZipArchive::new(std::io::Cursor::new(&archive)).map_err(zip)?;
        entries
            .by_index(0)
            .map_err(zip)?
            .read_to_string(&mut table)
            .map_err(file)?;
        let days = parse(&shown, &table)?;
        let newest = days.first().cloned().ok_or(HistoryError::Empty { path: shown })?;
        Ok(Self {
            days,
            newest,
            archive,
            modified: modified.trunc_subsecs(0),
        })
    }

    /// The days, newest first; at least one.
    #[must_use]
    pub fn days(&self) -> &[Day] {
        &self.days
    }

    /// The newest day.
    #[must_use]
    pub fn newest(&self) -> &Day {
        &self.newest
    }

    /// The rates of `date`, when it was a business day.
    #[must_use]
    pub fn on(&self, date: NaiveDate) -> Option<&Day> {
        let place = self.days.binary_search_by(|day| date.cmp(&day.date)).ok()?;
        self.days.get(place)
    }

    /// The file as it is.
    pub(super) fn archive(&self) -> Bytes {
        self.archive.clone()
    }

    /// When the file was last modified, in whole seconds: the feed serves it whole from its first day on, so no step changes it.
    pub(super) fn modified(&self) -> DateTime<Utc> {
        self.modified
    }
}

fn parse(path: &str, table: &str) -> Result<Vec<Day>, HistoryError> {
    let csv = |source| HistoryError::Csv {
        path: path.to_owned(),
        source,
    };
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let codes: Vec<String> = reader
        .headers()
        .map_err(csv)?
        .iter()
        .skip(1)
        .map(str::to_owned)
        .collect();
    let mut days = Vec::new();
    for row in reader.records() {
        let row = row.map_err(csv)?;
        let line = row.position().map_or(0, csv::Position::line);
        let date = row.get(0).unwrap_or_default();
        let Ok(date) = date.parse::<NaiveDate>() else {
            tracing::warn!(
                path,
                line,
                date,
                "Left a line out of the feed, because its date cannot be read"
            );
            continue;
        };
        let mut rates = Vec::new();
        // The trailing comma of each line is a column without a name.
        for (code, text) in codes
            .iter()
            .zip(row.iter().skip(1))
            .filter(|(code, _)| !code.is_empty())
        {
            if text == ABSENT || text.is_empty() {
                continue;
            }
            match Decimal::from_str_exact(text) {
                Ok(rate) => rates.push((code.clone(), rate)),
                Err(_) => tracing::warn!(
                    path,
                    line,
                    code,
                    text,
                    "Left a cell out of the feed, because it is no number"
                ),
            }
        }
        days.push(Day { date, rates });
    }
    // The ECB's order is newest first; `on` relies on it.
    days.sort_by_key(|day| std::cmp::Reverse(day.date));
    Ok(days)
}
