//! What a pipeline's servers hold, as a test reads it.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_sqs::types::QueueAttributeName;
use shared::dead_letter::{DeadLetter, DeadLetterPart};
use sqlx::{AssertSqlSafe, Row};
use uuid::Uuid;

use super::Pipeline;

impl Pipeline {
    /// Everything that the services keep, as text: each table's rows in order.
    ///
    /// # Panics
    /// When PostgreSQL does not answer.
    pub async fn stores(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut stores = BTreeMap::new();
        for (table, columns) in [
            // updated_at is the clock of whoever published, so two runs differ in it.
            (
                "currency.current_rate",
                "currency_code, currency_name, deal_base_rate, tts, ttb, quotation, source, recorded_at",
            ),
            (
                "history.rate",
                "currency_code, source, recorded_at, deal_base_rate, tts, ttb, quotation",
            ),
            (
                "history.daily_rate",
                "currency_code, source, day, open, high, low, close, quotation, observations",
            ),
        ] {
            let query = format!("SELECT ({columns})::text FROM {table} ORDER BY 1");
            let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&self.store).await.unwrap();
            stores.insert(table, rows.iter().map(|row| row.get(0)).collect());
        }
        stores
    }

    /// The hash `rate:{code}`.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn cached_rate(&self, code: &str) -> BTreeMap<String, String> {
        let mut redis = self
            .redis
            .client()
            .unwrap()
            .get_multiplexed_async_connection()
            .await
            .unwrap();
        redis::cmd("HGETALL")
            .arg(format!("rate:{code}"))
            .query_async(&mut redis)
            .await
            .unwrap()
    }

    /// How many messages a queue of the template holds, visible or not.
    ///
    /// # Panics
    /// When there is no such queue, or SQS does not answer.
    pub async fn messages(&self, queue: &str) -> u64 {
        let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
        let request = sqs.get_queue_attributes().queue_url(&self.queue_urls[queue]);
        let answer = request.attribute_names(QueueAttributeName::All).send().await.unwrap();
        let of = |name: QueueAttributeName| -> u64 {
            let value = answer.attributes().and_then(|attributes| attributes.get(&name));
            value.map_or(0, |value| value.parse().unwrap())
        };
        of(QueueAttributeName::ApproximateNumberOfMessages)
            + of(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
            + of(QueueAttributeName::ApproximateNumberOfMessagesDelayed)
    }

    /// Receives and deletes every dead letter; gives each one's function, topic, error code and payload. The same record dead-lettered twice counts as one.
    ///
    /// # Panics
    /// When SQS does not answer, or a dead letter is not whole.
    pub async fn take_dead_letters(&self) -> BTreeSet<String> {
        let sqs = aws_sdk_sqs::Client::new(&aws_config::load_from_env().await);
        let url = &self.queue_urls["DeadLetterQueue"];
        let mut messages: BTreeMap<Uuid, Vec<DeadLetterPart>> = BTreeMap::new();
        loop {
            let request = sqs.receive_message().queue_url(url).max_number_of_messages(10);
            let answer = request.send().await.unwrap();
            if answer.messages().is_empty() {
                break;
            }
            for message in answer.messages() {
                let part = DeadLetterPart::parse(message.body().unwrap()).unwrap();
                messages.entry(part.id).or_default().push(part);
                let receipt = message.receipt_handle().unwrap();
                sqs.delete_message()
                    .queue_url(url)
                    .receipt_handle(receipt)
                    .send()
                    .await
                    .unwrap();
            }
        }
        let essential = |messages| {
            let dead_letter = DeadLetter::join(messages).unwrap();
            let (record, code) = (&dead_letter.record, dead_letter.error_code);
            format!("{} {} {code:?} {:?}", dead_letter.function, record.topic, record.value)
        };
        messages.into_values().map(essential).collect()
    }
}
