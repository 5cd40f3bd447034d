//! What the emulator runs, as plain values. The readers of the template write them, every other room reads them.

mod custom_resource;
mod function;
mod http_api;
mod kafka;
mod queue;
mod schedule;
mod sqs;
mod template;

pub use custom_resource::CustomResource;
pub use function::FunctionSpec;
pub use http_api::{CorsSpec, HttpApiSpec, HttpRouteSpec};
pub use kafka::{DestinationSpec, KafkaSource, MappingSpec, PollerSpec, StartingPosition};
pub use queue::Queue;
pub use schedule::ScheduleSpec;
pub use sqs::QueueMappingSpec;
pub use template::Template;
