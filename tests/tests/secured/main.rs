//! The flow on servers with TLS, users and passwords: that it works, what is said when a setting is wrong, and new passwords.

mod faults;
mod flow;
mod rotation;
