//! The ECB's history file, `eurofxref-hist.zip`: one CSV, newest day first, ISO dates, `N/A` for absent, columns by header (they changed with time).
//! Source: European Central Bank, euro foreign exchange reference rates, <https://www.ecb.europa.eu/stats/eurofxref/>.

mod omissions;

use std::collections::BTreeSet;
use std::io::{Cursor, Read};

use chrono::NaiveDate;
use csv::ByteRecord;
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::ecb;
use shared::rate::{Rate, StoredRate};

pub use self::omissions::{Omission, Omissions};

/// Unpacked, the file is 2 MB; a hundred times that is no history of ours.
const MAX_CSV_BYTES: u64 = 200_000_000;

/// What can be read of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Every day that has rates, oldest first.
    pub days: Vec<HistoryDay>,
    /// What cannot be read, by name.
    pub left_out: Omissions,
}

/// All rates of one day, crossed to KRW, with what the file prints beside.
#[derive(Debug, PartialEq, Eq)]
pub struct HistoryDay {
    /// The day.
    pub day: NaiveDate,
    /// KRW for one unit and units for one EUR, by currency; EUR among them, KRW not.
    pub rates: Vec<(CurrencyCode, StoredRate)>,
}

/// Why a history file is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// No zip file, or one without a CSV.
    #[error("the history is no zip file with a CSV in it")]
    Zip(#[from] zip::result::ZipError),
    /// Larger than any history.
    #[error("the history's CSV has more than {MAX_CSV_BYTES} bytes")]
    TooLarge,
    /// Cannot be unpacked.
    #[error("cannot unpack the history")]
    Unpack(#[from] std::io::Error),
    /// No CSV.
    #[error("the history is no CSV")]
    Csv(#[from] csv::Error),
    /// Nothing can be crossed to KRW.
    #[error("the history has no column KRW; its first line is {0:?}")]
    NoKrw(String),
    /// Not one day can be read.
    #[error("the history has no day that can be read; left out: {0}")]
    NoDay(Omissions),
}

/// Reads the zip file. A column, a day or a cell that cannot be read is left out by name, and the others stand.
///
/// # Errors
/// [`HistoryError`] when there is nothing to read.
pub fn read(zip: &[u8]) -> Result<History, HistoryError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip))?;
    let mut csv = Vec::new();
    archive.by_index(0)?.take(MAX_CSV_BYTES + 1).read_to_end(&mut csv)?;
    if csv.len() as u64 > MAX_CSV_BYTES {
        Err(HistoryError::TooLarge)
    } else {
        read_csv(&csv)
    }
}

/// Reads the CSV inside, as [`read`] does.
///
/// # Errors
/// [`HistoryError`] when there is nothing to read.
pub fn read_csv(csv: &[u8]) -> Result<History, HistoryError> {
    // The ECB ends each line with a comma, which makes an empty last column.
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(csv);
    let mut left_out = Omissions::default();
    let header = reader.byte_headers()?;
    let columns = columns(header, &mut left_out);
    if !columns.iter().flatten().any(|code| *code == CurrencyCode::KRW) {
        let first: String = String::from_utf8_lossy(header.as_slice()).chars().take(200).collect();
        return Err(HistoryError::NoKrw(first));
    }
    let (mut days, mut seen) = (Vec::new(), BTreeSet::new());
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        let line = row.position().map_or(0, csv::Position::line);
        let text = String::from_utf8_lossy(row.get(0).unwrap_or_default());
        let day = text.parse().ok().filter(|day| ecb::recorded_at(*day).is_ok());
        let Some(day) = day else {
            left_out.add(line, None, "Date", &text, "not a day such as 2026-10-30");
            continue;
        };
        if !seen.insert(day) {
            left_out.add(line, Some(day), "Date", &text, "a day that a line before it has");
        } else if let Some(rates) = rates(&row, (line, day), &columns, &mut left_out) {
            days.push(HistoryDay { day, rates });
        }
    }
    days.sort_unstable_by_key(|day| day.day);
    if days.is_empty() {
        return Err(HistoryError::NoDay(left_out));
    }
    Ok(History { days, left_out })
}

/// The currency of each column; none for the first, which has the day, and for those that are left out.
fn columns(header: &ByteRecord, left_out: &mut Omissions) -> Vec<Option<CurrencyCode>> {
    let mut columns: Vec<Option<CurrencyCode>> = Vec::with_capacity(header.len());
    for (place, name) in header.iter().enumerate() {
        let name = String::from_utf8_lossy(name);
        let mut refused = |reason| {
            left_out.add(1, None, &name, &name, reason);
            None
        };
        let code = if place == 0 || name.is_empty() {
            None
        } else {
            match name.parse::<CurrencyCode>() {
                Err(_) => refused("not a known currency code"),
                Ok(CurrencyCode::EUR) => refused("the currency that all rates are of one unit of"),
                Ok(code) if columns.contains(&Some(code)) => refused("a currency that a column before it has"),
                Ok(code) => Some(code),
            }
        };
        columns.push(code);
    }
    columns
}

/// The rates of one line; nothing when there is no KRW to cross them with.
fn rates(
    row: &ByteRecord,
    (line, day): (u64, NaiveDate),
    columns: &[Option<CurrencyCode>],
    left_out: &mut Omissions,
) -> Option<Vec<(CurrencyCode, StoredRate)>> {
    let mut units = vec![(CurrencyCode::EUR, Decimal::ONE, "1".into())];
    let mut krw = None;
    for (place, cell) in row.iter().enumerate().skip(1) {
        let text = String::from_utf8_lossy(cell);
        let Some(column) = columns.get(place) else {
            if !text.is_empty() {
                left_out.add(line, Some(day), "", &text, "in no column");
            }
            continue;
        };
        // What is in a column that is left out was named with it.
        let Some(code) = *column else { continue };
        if text.is_empty() || text == "N/A" {
            continue;
        }
        match Decimal::from_str_exact(&text) {
            Ok(value) if code == CurrencyCode::KRW => krw = Some((value, text)),
            Ok(value) => units.push((code, value, text)),
            Err(_) => left_out.add(line, Some(day), code.as_str(), &text, "not a decimal number or N/A"),
        }
    }
    let Some((krw, printed)) = krw.filter(|(value, _)| *value > Decimal::ZERO) else {
        left_out.add(
            line,
            Some(day),
            "KRW",
            "",
            "a day without KRW, which its rates are crossed with",
        );
        return None;
    };
    let mut rates = Vec::with_capacity(units.len());
    for (code, value, text) in units {
        match ecb::cross(krw, value) {
            Ok(krw) => {
                // A number of more digits than a rate has is told in KRW alone.
                let quotation = Rate::new(value).ok();
                rates.push((code, StoredRate { krw, quotation }));
            }
            Err(_) if code == CurrencyCode::EUR => left_out.add(line, Some(day), "KRW", &printed, "not a rate"),
            Err(_) => left_out.add(line, Some(day), code.as_str(), &text, "not a rate"),
        }
    }
    rates.sort_unstable();
    (!rates.is_empty()).then_some(rates)
}

#[cfg(test)]
mod tests;
