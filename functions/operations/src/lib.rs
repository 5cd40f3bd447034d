//! Operations: what is done around the services. Topics and tables are made by custom resources of the stack, the ECB's history is published on demand.

pub mod backfill;
pub mod check;
pub mod custom_resource;
pub mod ecb_history;
pub mod failure;
mod lambda;
pub mod migrations;
pub mod redrive;
mod signed;
pub mod topics;
