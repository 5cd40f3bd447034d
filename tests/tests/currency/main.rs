//! The read API's part Currency on real servers: its answers, the one day they are of, and what it says to hostile requests.

mod api;
mod hostile_inputs;
mod one_day;
