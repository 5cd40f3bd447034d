//! The Lambda emulator: runs a SAM template's functions on this machine.
//!
//! Functions, settings, triggers and custom resources come from the template alone, so what runs here is what is deployed.
//! A function is its real bootstrap in a process of its own, behind the Runtime API; an Invoke API, the routes of an HTTP API,
//! Kafka and SQS event source mappings and schedules call it. Nothing here knows what the functions do, and the servers (Kafka, SQS and
//! so on) belong to whoever runs the emulator; only `mapping` speaks to Kafka.
//!
//! From the bottom up: `aws`, `kafka`, `sync` and `error_chain` know no template. `filter`, `route_key`, `schedule` and `batch_response` are
//! languages of AWS, read and evaluated. `template` reads what is to be run, and `sqs` makes its queues. `function` runs one function; `mapping`,
//! `queue_mapping`, `scheduler` and `http_api` trigger functions, `stack` holds all that runs, and `lambda_api` serves it. `emulator` starts and
//! ends them.

mod aws;
mod batch_response;
mod custom_resource;
mod emulator;
mod error;
mod error_chain;
mod filter;
mod function;
mod http_api;
mod instance;
mod invocation;
mod kafka;
mod lambda_api;
mod mapping;
mod options;
mod queue_mapping;
mod route_key;
mod runtime_api;
mod schedule;
mod scheduler;
mod sqs;
mod stack;
mod status;
mod sync;
mod template;

pub use aws::{ACCESS_KEY, PAYLOAD_LIMIT, REGION, SECRET_KEY};
pub use batch_response::{PartialResponse, UnknownPartialResponse};
pub use emulator::Emulator;
pub use error::EmulatorError;
pub use error_chain::with_causes;
pub use invocation::{Invocation, InvokeError};
pub use kafka::{KafkaAccess, KafkaSecurity};
pub use options::EmulatorOptions;
pub use schedule::{ScheduleExpression, ScheduleExpressionError, ScheduleStyle};
pub use sqs::create_queues;
pub use status::{
    FunctionStatus, MappingState, MappingStatus, PartitionStatus, QueueMappingStatus, RouteStatus, ScheduleStatus,
    Status,
};
pub use template::{
    CorsSpec, CustomResource, Deployment, DestinationSpec, FunctionSpec, HttpApiSpec, HttpRouteSpec, KafkaSource,
    MappingSpec, PollerSpec, Queue, QueueMappingSpec, ScheduleSpec, StartingPosition, Template, TemplateError,
    UnresolvedValue,
};
