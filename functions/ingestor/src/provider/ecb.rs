//! The European Central Bank's euro foreign exchange reference rates, daily XML: units of each currency for one EUR, crossed here to KRW.
//! Format: <https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/>.

use chrono::NaiveDate;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::ecb::{SOURCE, cross, recorded_at};
use shared::rate::{Rate, RateError};

use super::error::ProviderError;
use super::http::ProviderRequest;
use super::key::ProviderKey;
use super::quotes::{Prices, Quotes};
use super::row::RowError;

const PROVIDER: ProviderKey = ProviderKey::of_adapter(SOURCE);

/// Gets and reads the daily document.
///
/// # Errors
/// [`ProviderError`].
pub async fn fetch(request: &ProviderRequest<'_>) -> Result<Quotes, ProviderError> {
    parse(request.get(request.url()).await?.successful("XML")?)
}

/// Reads a daily document; of one that holds several days, the newest.
///
/// # Errors
/// [`ProviderError`] when it is cut, is something else or lacks KRW.
pub fn parse(body: &[u8]) -> Result<Quotes, ProviderError> {
    let (day, rows) = newest_day(body)?;
    let time = recorded_at(day).map_err(|error| ProviderError::malformed("XML", error))?;
    let krw_per_eur = rows
        .iter()
        .find(|(code, _)| code == CurrencyCode::KRW.as_str())
        .and_then(|(_, rate)| rate.as_deref()?.parse::<Rate>().ok())
        .ok_or(ProviderError::Missing(
            "rate of KRW, without which nothing can be crossed",
        ))?
        .decimal();
    let mut quotes = Quotes::new(PROVIDER, time);
    let crossed = |units_per_eur: Rate| {
        Ok::<_, RateError>(Prices {
            deal_base_rate: cross(krw_per_eur, units_per_eur.decimal())?,
            tts: None,
            ttb: None,
            quotation: units_per_eur,
        })
    };
    let one = Rate::new(Decimal::ONE).and_then(crossed);
    quotes.add(CurrencyCode::EUR.as_str(), one.map_err(RowError::Rate));
    for (code, rate) in &rows {
        let prices = match rate.as_deref() {
            None => Err(RowError::NoRate),
            Some(rate) => rate.parse().and_then(crossed).map_err(RowError::Rate),
        };
        quotes.add(code, prices);
    }
    quotes.checked()
}

type Rows = Vec<(String, Option<String>)>;

/// The newest day of the document and its rows of code and rate.
fn newest_day(body: &[u8]) -> Result<(NaiveDate, Rows), ProviderError> {
    let malformed = |reason: &dyn ToString| ProviderError::malformed("XML", reason.to_string());
    let text = std::str::from_utf8(body).map_err(|error| malformed(&error))?;
    let mut reader = Reader::from_str(text);
    let mut days: Vec<(NaiveDate, Rows)> = Vec::new();
    // Elements that are open. A document that ends with one of them open, or before its envelope closed, was cut.
    let mut open: usize = 0;
    let mut closed = false;
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(element) => {
                open += 1;
                read_cube(&element, &mut days)?;
            }
            Event::Empty(element) => read_cube(&element, &mut days)?,
            Event::End(element) => {
                open = open.saturating_sub(1);
                closed |= open == 0 && element.local_name().as_ref() == "Envelope";
            }
            Event::Eof => break,
            _ => {}
        }
    }
    if !closed || open > 0 {
        return Err(malformed(&"it ends before its envelope does"));
    }
    days.into_iter()
        .max_by_key(|(day, _)| *day)
        .ok_or(ProviderError::Missing("day"))
}

/// `<Cube time='2026-10-30'>` begins a day, `<Cube currency='USD' rate='1.1172'/>` is a row of it.
fn read_cube(element: &BytesStart<'_>, days: &mut Vec<(NaiveDate, Rows)>) -> Result<(), ProviderError> {
    if element.local_name().as_ref() != "Cube" {
        return Ok(());
    }
    let (mut time, mut currency, mut rate) = (None, None, None);
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| ProviderError::malformed("XML", error))?;
        match attribute.key.as_ref() {
            "time" => time = Some(attribute.value),
            "currency" => currency = Some(attribute.value),
            "rate" => rate = Some(attribute.value),
            _ => {}
        }
    }
    if let Some(time) = time {
        let day = time
            .parse()
            .map_err(|_| ProviderError::malformed("XML", format!("{time:?} is no day")))?;
        days.push((day, Vec::new()));
    }
    // A row that lacks something of its own is left out by name; one before the first day shows that this is another document.
    match (currency, rate, days.last_mut()) {
        (None, None, _) => {}
        (_, _, None) => return Err(ProviderError::malformed("XML", "a row comes before the first day")),
        (currency, rate, Some((_, rows))) => rows.push((
            currency.map_or_else(|| "without a code".to_owned(), |code| code.trim().to_owned()),
            rate.map(|rate| rate.trim().to_owned()).filter(|rate| !rate.is_empty()),
        )),
    }
    Ok(())
}
