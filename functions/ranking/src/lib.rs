//! The Ranking service: which countries' currencies people look at, by Korean day. Clicks live in MongoDB; no Kafka.
