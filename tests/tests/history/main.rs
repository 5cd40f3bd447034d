//! The read API's part History on real servers: its answers, its sources, its caches, and its formulas against plain ones.

mod api;
mod exact;
mod fresh;
mod measures;
mod sources;
