//! Lambda behind the ranking routes. It wires; [`ranking`] decides.

fn main() {}
