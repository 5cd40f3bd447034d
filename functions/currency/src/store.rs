//! `currency.current_rate`: one row a currency, the newest.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use shared::currency::CurrencyCode;
use shared::event::ExchangeRateUpdated;
use shared::rate::Rate;
use shared::time::Timestamp;
use shared::trace::{in_span, postgres};
use sqlx::postgres::PgRow;
use sqlx::{PgPool, Row};

/// The columns that [`read`] reads, of the table or query of this name. A function of a build that knows of no quotation, as there is one while a new one is
/// deployed, leaves the column as it was when it replaces a row: whether a row has one says its version, whose last 40 digits begin with a 1 then.
macro_rules! columns {
    ($of:literal) => {
        concat!(
            "currency_code, currency_name, deal_base_rate, tts, ttb, source, recorded_at, updated_at,
             CASE WHEN substr(version, 161, 1) = '1' THEN quotation END AS quotation FROM ",
            $of
        )
    };
}

/// Which currencies have a rate.
pub(crate) async fn known(pool: &PgPool) -> Result<Vec<CurrencyCode>, sqlx::Error> {
    let query = sqlx::query("SELECT currency_code FROM currency.current_rate ORDER BY currency_code");
    let rows = in_span(postgres("SELECT currency.current_rate"), query.fetch_all(pool)).await?;
    rows.iter().map(|row| parse(row.try_get::<&str, _>(0)?)).collect()
}

/// The rows of `codes` that there are.
pub(crate) async fn rows(pool: &PgPool, codes: &[CurrencyCode]) -> Result<Vec<ExchangeRateUpdated>, sqlx::Error> {
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    const QUERY: &str = concat!(
        "SELECT ",
        columns!("currency.current_rate"),
        " WHERE currency_code = ANY($1) ORDER BY currency_code"
    );
    let query = sqlx::query(QUERY).bind(codes);
    let rows = in_span(postgres("SELECT currency.current_rate"), query.fetch_all(pool)).await?;
    rows.iter().map(read).collect()
}

/// Stores `newest` (one event a currency, by currency) where it is newer than what is there, and answers the row that each currency then has: one
/// round trip.
///
/// A row that another transaction is writing at the same time is answered as it was before, or not at all when it is that currency's first. The other
/// transaction refreshes the cache after its commit, and the cache's fence keeps the newer of the two.
pub(crate) async fn upsert(
    pool: &PgPool,
    newest: &[ExchangeRateUpdated],
) -> Result<Vec<ExchangeRateUpdated>, sqlx::Error> {
    const UPSERT: &str = concat!(
        "WITH batch AS (
            SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::numeric[], $5::numeric[], $6::text[], $7::timestamptz[],
                                 $8::timestamptz[], $9::text[], $10::numeric[])
                AS batch (currency_code, currency_name, deal_base_rate, tts, ttb, source, recorded_at, updated_at, version, quotation)
        ), stored AS (
            INSERT INTO currency.current_rate AS existing
            SELECT * FROM batch
            ON CONFLICT (currency_code) DO UPDATE
                SET currency_name = excluded.currency_name, deal_base_rate = excluded.deal_base_rate, tts = excluded.tts, ttb = excluded.ttb,
                    source = excluded.source, recorded_at = excluded.recorded_at, updated_at = excluded.updated_at, version = excluded.version,
                    quotation = excluded.quotation
                WHERE excluded.version > existing.version
            RETURNING existing.*
        )
        SELECT ",
        columns!("stored"),
        " UNION ALL
        SELECT ",
        columns!("currency.current_rate"),
        " WHERE currency_code = ANY($1) AND currency_code NOT IN (SELECT currency_code FROM stored)"
    );
    let codes: Vec<&str> = newest.iter().map(|event| event.currency_code.as_str()).collect();
    let names: Vec<&str> = newest.iter().map(|event| event.currency_name.as_str()).collect();
    let rates: Vec<Decimal> = newest.iter().map(|event| event.deal_base_rate.decimal()).collect();
    let tts: Vec<Option<Decimal>> = newest.iter().map(|event| event.tts.map(Rate::decimal)).collect();
    let ttb: Vec<Option<Decimal>> = newest.iter().map(|event| event.ttb.map(Rate::decimal)).collect();
    let sources: Vec<&str> = newest.iter().map(|event| event.source.as_str()).collect();
    let recorded: Vec<DateTime<Utc>> = newest.iter().map(|event| event.recorded_at.utc()).collect();
    let updated: Vec<DateTime<Utc>> = newest.iter().map(|event| event.updated_at.utc()).collect();
    let versions: Vec<String> = newest.iter().map(ExchangeRateUpdated::version).collect();
    let quotations: Vec<Option<Decimal>> = newest.iter().map(|event| event.quotation.map(Rate::decimal)).collect();
    let query = sqlx::query(UPSERT)
        .bind(codes)
        .bind(names)
        .bind(rates)
        .bind(tts)
        .bind(ttb)
        .bind(sources)
        .bind(recorded)
        .bind(updated);
    let storing = query.bind(versions).bind(quotations).fetch_all(pool);
    let rows = in_span(postgres("UPSERT currency.current_rate"), storing).await?;
    rows.iter().map(read).collect()
}

fn read(row: &PgRow) -> Result<ExchangeRateUpdated, sqlx::Error> {
    let rate = |value: Decimal| Rate::new(value).map_err(|error| sqlx::Error::Decode(error.into()));
    let time = |value: DateTime<Utc>| Timestamp::new(value).map_err(|error| sqlx::Error::Decode(error.into()));
    Ok(ExchangeRateUpdated {
        currency_code: parse(row.try_get::<&str, _>(0)?)?,
        currency_name: row.try_get(1)?,
        deal_base_rate: rate(row.try_get(2)?)?,
        tts: row.try_get::<Option<Decimal>, _>(3)?.map(rate).transpose()?,
        ttb: row.try_get::<Option<Decimal>, _>(4)?.map(rate).transpose()?,
        source: row.try_get(5)?,
        recorded_at: time(row.try_get(6)?)?,
        updated_at: time(row.try_get(7)?)?,
        quotation: row.try_get::<Option<Decimal>, _>(8)?.map(rate).transpose()?,
    })
}

fn parse(code: &str) -> Result<CurrencyCode, sqlx::Error> {
    code.parse()
        .map_err(|error: shared::currency::UnknownCurrency| sqlx::Error::Decode(error.into()))
}
