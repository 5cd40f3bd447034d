//! Handlers, their dead letters and the migrations on real stores: any order, any record, any connection.

mod any_order;
mod bad_input;
mod clear_wins;
mod closed_keys;
mod dead_letters;
mod lost_connections;
mod pooler;
