//! The template's queues on SQS. LocalStack's free edition forgets them when it ends, so their messages are written to a file
//! when the stack stops in order, and sent again when it starts.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{MessageAttributeValue, MessageSystemAttributeName};
use serde::{Deserialize, Serialize};

use super::StackError;

/// Where LocalStack tells of all messages of a queue in one answer and changes none (LocalStack, "SQS Query API and developer endpoints").
const ALL_MESSAGES: &str = "_aws/sqs/messages?ShowInvisible=true&ShowDelayed=true";
/// What only that answer says of a message.
const IS_VISIBLE: &str = "IsVisible";

/// One message, as it is saved between two runs.
#[derive(Debug, Serialize, Deserialize)]
struct SavedMessage {
    body: String,
    attributes: BTreeMap<String, SavedAttribute>,
    group: Option<String>,
    deduplication: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedAttribute {
    data_type: String,
    text: Option<String>,
    /// The bytes of a binary attribute, in base64.
    binary: Option<String>,
}

/// Writes the messages of all queues to `file`; says how many.
pub(super) async fn save(client: &Client, urls: &BTreeMap<String, String>, file: &Path) -> Result<usize, StackError> {
    let mut all = BTreeMap::new();
    for (queue, url) in urls {
        all.insert(queue.clone(), all_messages(client, queue, url).await?);
    }
    let writing = || StackError::system(format!("write {}", file.display()));
    let text = serde_json::to_vec(&all).map_err(|source| writing()(source.into()))?;
    fs::write(file, text).map_err(writing())?;
    Ok(all.values().map(Vec::len).sum())
}

/// Sends what `save` wrote to the queues that still exist, and removes the file; says how many.
pub(super) async fn restore(
    client: &Client,
    urls: &BTreeMap<String, String>,
    file: &Path,
) -> Result<usize, StackError> {
    if !file.exists() {
        return Ok(0);
    }
    let text = fs::read(file).map_err(StackError::system(format!("read {}", file.display())))?;
    let all: BTreeMap<String, Vec<SavedMessage>> =
        serde_json::from_slice(&text).map_err(|source| StackError::File {
            file: file.display().to_string(),
            source,
        })?;
    let mut sent = 0;
    for (queue, url) in urls {
        for message in all.get(queue).into_iter().flatten() {
            send(client, queue, url, message).await?;
            sent += 1;
        }
    }
    fs::remove_file(file).map_err(StackError::system(format!("remove {}", file.display())))?;
    Ok(sent)
}

/// Every message in its order, also those that somebody has: a function that ends with the stack has not deleted them, and gives them back to nobody.
async fn all_messages(client: &Client, queue: &str, url: &str) -> Result<Vec<SavedMessage>, StackError> {
    let origin: String = url.split_inclusive('/').take(3).collect();
    let request = client.receive_message().queue_url(url);
    let request = request.customize().mutate_request(move |request| {
        if let Err(error) = request.set_uri(format!("{origin}{ALL_MESSAGES}")) {
            tracing::warn!(error = &error as &dyn std::error::Error, "Messages have no address");
        }
    });
    let received = request.send().await.map_err(|error| sqs_error(queue, error))?;
    let mut found = Vec::new();
    for message in received.messages.unwrap_or_default() {
        let system = message.attributes.unwrap_or_default();
        // Another address than that gives one message at most.
        if !system.contains_key(&MessageSystemAttributeName::from(IS_VISIBLE)) {
            return Err(queue_error(queue, &format!("{ALL_MESSAGES} did not answer")));
        }
        let number = |name| system.get(&name).and_then(|text: &String| text.parse::<u128>().ok());
        let position = (
            number(MessageSystemAttributeName::SequenceNumber),
            number(MessageSystemAttributeName::SentTimestamp),
        );
        let message = SavedMessage {
            body: message.body.unwrap_or_default(),
            group: system.get(&MessageSystemAttributeName::MessageGroupId).cloned(),
            deduplication: system.get(&MessageSystemAttributeName::MessageDeduplicationId).cloned(),
            attributes: message
                .message_attributes
                .unwrap_or_default()
                .into_iter()
                .map(saved_attribute)
                .collect(),
        };
        found.push((position, message));
    }
    found.sort_by_key(|(position, _)| *position);
    Ok(found.into_iter().map(|(_, message)| message).collect())
}

fn saved_attribute((name, value): (String, MessageAttributeValue)) -> (String, SavedAttribute) {
    let binary = value
        .binary_value
        .map(|bytes| base64_simd::STANDARD.encode_to_string(bytes.as_ref()));
    (
        name,
        SavedAttribute {
            data_type: value.data_type,
            text: value.string_value,
            binary,
        },
    )
}

async fn send(client: &Client, queue: &str, url: &str, message: &SavedMessage) -> Result<(), StackError> {
    let mut request = client.send_message().queue_url(url).message_body(&message.body);
    request = request
        .set_message_group_id(message.group.clone())
        .set_message_deduplication_id(message.deduplication.clone());
    for (name, attribute) in &message.attributes {
        let bytes = attribute
            .binary
            .as_ref()
            .map(|text| base64_simd::STANDARD.decode_to_vec(text))
            .transpose();
        let bytes =
            bytes.map_err(|error| queue_error(queue, &format!("saved attribute {name} is not base64: {error}")))?;
        let value = MessageAttributeValue::builder()
            .data_type(&attribute.data_type)
            .set_string_value(attribute.text.clone())
            .set_binary_value(bytes.map(Blob::new))
            .build();
        request = request.message_attributes(name, value.map_err(|error| sqs_error(queue, error))?);
    }
    request
        .send()
        .await
        .map(|_| ())
        .map_err(|error| sqs_error(queue, error))
}

fn sqs_error(queue: &str, error: impl std::error::Error) -> StackError {
    queue_error(queue, &DisplayErrorContext(error).to_string())
}

fn queue_error(queue: &str, reason: &str) -> StackError {
    StackError::Queue {
        queue: queue.to_owned(),
        reason: reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::QueueAttributeName;
    use servers::{Options, Sqs};

    use super::*;

    /// A FIFO queue of its own.
    async fn queue(client: &Client) -> BTreeMap<String, String> {
        let name = format!("saved-{}.fifo", uuid::Uuid::new_v4().simple());
        let request = client.create_queue().queue_name(name);
        let request = request.attributes(QueueAttributeName::FifoQueue, "true");
        let created = request.send().await.unwrap();
        BTreeMap::from([("Queue".to_owned(), created.queue_url.unwrap())])
    }

    #[tokio::test]
    async fn messages_that_somebody_has_are_saved_in_their_order_as_well() {
        let dir = tempfile::tempdir().unwrap();
        let server = Sqs::start(&Options::in_dir(dir.path().join("sqs"))).await.unwrap();
        let (client, file) = (server.client(), dir.path().join("messages.json"));
        let urls = queue(&client).await;
        for body in ["first", "second", "third"] {
            let sent = client.send_message().queue_url(&urls["Queue"]).message_body(body);
            let sent = sent.message_group_id("USD").message_deduplication_id(body);
            sent.send().await.unwrap();
        }
        let received = client.receive_message().queue_url(&urls["Queue"]).send().await.unwrap();
        assert_eq!(received.messages()[0].body(), Some("first"));

        assert_eq!(save(&client, &urls, &file).await.unwrap(), 3);
        let next = queue(&client).await;
        assert_eq!(restore(&client, &next, &file).await.unwrap(), 3);
        let request = client
            .receive_message()
            .queue_url(&next["Queue"])
            .max_number_of_messages(10);
        let received = request.send().await.unwrap();
        let bodies: Vec<_> = received
            .messages()
            .iter()
            .filter_map(|message| message.body())
            .collect();
        assert_eq!(bodies, ["first", "second", "third"]);
        server.stop().await.unwrap();
    }
}
