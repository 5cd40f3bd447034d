//! What stands in documents and files beside the code, held against the code.

mod asyncapi;
mod code;
mod counts;
mod fuzz_inputs;
mod openapi;
mod references;
mod text;
