//! The ECB's history file, `eurofxref-hist.zip`: one CSV, newest day first, ISO dates, `N/A` for absent, columns by header (they changed with time).
//! Source: European Central Bank, euro foreign exchange reference rates, <https://www.ecb.europa.eu/stats/eurofxref/>.

use std::io::{Cursor, Read};

use chrono::NaiveDate;
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::ecb;
use shared::rate::Rate;

/// Unpacked, the file is 2 MB; a hundred times that is no history of ours.
const MAX_CSV_BYTES: u64 = 200_000_000;

/// All rates of one day, crossed to KRW.
#[derive(Debug, PartialEq, Eq)]
pub struct HistoryDay {
    /// The day.
    pub day: NaiveDate,
    /// KRW for one unit, by currency; EUR among them, KRW not.
    pub rates: Vec<(CurrencyCode, Rate)>,
}

/// Why a history file is refused.
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
    /// A header or cell that cannot be read.
    #[error("history line {line}, column {column}: {value:?} is not {allowed}")]
    Cell {
        /// Line of the CSV.
        line: u64,
        /// Header of the column.
        column: String,
        /// What stands there.
        value: String,
        /// What may stand there.
        allowed: &'static str,
    },
}

/// Reads the zip file: every day, oldest first. A day without KRW has nothing to cross with and is left out.
///
/// # Errors
/// [`HistoryError`] names the line, the column and the value.
pub fn read(zip: &[u8]) -> Result<Vec<HistoryDay>, HistoryError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip))?;
    let mut csv = Vec::new();
    archive.by_index(0)?.take(MAX_CSV_BYTES + 1).read_to_end(&mut csv)?;
    if csv.len() as u64 > MAX_CSV_BYTES {
        Err(HistoryError::TooLarge)
    } else {
        read_csv(&csv)
    }
}

/// Reads the CSV inside.
///
/// # Errors
/// [`HistoryError`] names the line, the column and the value.
pub fn read_csv(csv: &[u8]) -> Result<Vec<HistoryDay>, HistoryError> {
    // The ECB ends each line with a comma, which makes an empty last column.
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .flexible(true)
        .from_reader(csv);
    let headers: Vec<String> = reader.headers()?.iter().map(ToOwned::to_owned).collect();
    let mut codes: Vec<Option<CurrencyCode>> = vec![None];
    for header in headers.iter().skip(1) {
        let unknown = || HistoryError::Cell {
            line: 1,
            column: header.clone(),
            value: header.clone(),
            allowed: "a known currency code",
        };
        codes.push(if header.is_empty() {
            None
        } else {
            Some(header.parse().map_err(|_| unknown())?)
        });
    }
    let mut days = Vec::new();
    for line in reader.records() {
        let line = line?;
        let number = line.position().map_or(0, csv::Position::line);
        let cell = |place: usize, value: &str, allowed| HistoryError::Cell {
            line: number,
            column: headers.get(place).cloned().unwrap_or_default(),
            value: value.chars().take(40).collect(),
            allowed,
        };
        let day = line.get(0).unwrap_or_default();
        let day = day
            .parse::<NaiveDate>()
            .map_err(|_| cell(0, day, "a day such as 2026-10-30"))?;
        let mut units: Vec<(CurrencyCode, Decimal, usize)> = Vec::new();
        for (place, value) in line.iter().enumerate().skip(1) {
            let Some(code) = codes.get(place).copied().flatten() else {
                continue;
            };
            if !value.is_empty() && value != "N/A" {
                let value =
                    Decimal::from_str_exact(value).map_err(|_| cell(place, value, "a decimal number or N/A"))?;
                units.push((code, value, place));
            }
        }
        let Some(krw) = units
            .iter()
            .find(|(code, ..)| *code == CurrencyCode::KRW)
            .map(|(_, value, _)| *value)
        else {
            continue;
        };
        units.retain(|(code, ..)| *code != CurrencyCode::KRW);
        units.push((CurrencyCode::EUR, Decimal::ONE, 0));
        let mut rates = Vec::with_capacity(units.len());
        for (code, value, place) in units {
            let rate = ecb::cross(krw, value).map_err(|_| cell(place, &value.to_string(), "a positive rate"))?;
            rates.push((code, rate));
        }
        rates.sort_unstable();
        days.push(HistoryDay { day, rates });
    }
    days.sort_unstable_by_key(|day| day.day);
    Ok(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_history_has_every_observation() {
        let days = read(include_bytes!("../../../tests/fixtures/ecb-eurofxref-hist.zip")).unwrap();
        assert_eq!(
            (days.len(), days.iter().map(|day| day.rates.len()).sum::<usize>()),
            (7_126, 221_702)
        );
        assert_eq!(
            (days[0].day.to_string().as_str(), days[7_125].day.to_string().as_str()),
            ("1999-01-04", "2026-10-30")
        );
        let usd = days[7_125]
            .rates
            .iter()
            .find(|(code, _)| code.as_str() == "USD")
            .unwrap();
        assert_eq!(usd.1.to_string(), "1335.26673827425707"); // 1491.76 / 1.1172
    }

    #[test]
    fn a_bad_cell_is_named() {
        let error = read_csv(b"Date,USD,KRW,\n2026-10-30,1.1172,1491.76,\n2026-10-29,one,1488.4,\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "history line 3, column USD: \"one\" is not a decimal number or N/A"
        );
        let error = read_csv(b"Date,USD,KRW,\n2026-10-30,0,1491.76,\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "history line 2, column USD: \"0\" is not a positive rate"
        );
        let error = read_csv(b"Date,USDX,KRW,\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "history line 1, column USDX: \"USDX\" is not a known currency code"
        );
    }
}
