//! Kafka away, and SQS too: what becomes of events, on real servers.

mod outages;
mod partial;
mod redrive;
