//! Lambda behind the history routes. It wires; [`history`] decides.

fn main() {}
