//! Lambda behind the currency routes. It wires; [`currency`] decides.

fn main() {}
