#!/usr/bin/env bash
# rust_decimal's `checked_mul` and `checked_add` check for overflow alone. A product or sum with more than 28 digits is rounded and comes back as `Some`; a
# product of two small positive numbers can be `Some(0)`. `FromStr` rounds in the same way, while `from_str_exact` answers Underflow.
#
# Why it matters: an amount of 25 digits times a rate of 18 is the normal case of a conversion that promises every digit, and 10^-19 x 10^-19 is a cross of
# two small rates. Code that takes `Some` for "exact" prints a number that is neither exact nor visibly rounded. Who promises exactness has to multiply the
# mantissas as whole numbers, or compare the scales before and after.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat >"$folder/Cargo.toml" <<'TOML'
[package]
name = "digits"
version = "0.0.0"
edition = "2021"
[dependencies]
rust_decimal = { version = "=1.43.0", default-features = false, features = ["std"] }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use rust_decimal::Decimal;
fn main() {
    let d = |text: &str| text.parse::<Decimal>().unwrap();
    println!("mul {:?}", d("100.0000000001").checked_mul(d("1335.26673827425707")));
    println!("mul {:?}", d("999999999999999.9999999999").checked_mul(d("1335.26673827425707")));
    println!("mul {:?}", d("0.0000000000000000001").checked_mul(d("0.0000000000000000001")));
    println!("add {:?}", d("123456789012345.0123456789").checked_add(d("0.000000000000000001")));
    println!("from_str {:?}", "1.00000000000000000000000000001".parse::<Decimal>());
    println!("from_str_exact {:?}", Decimal::from_str_exact("1.00000000000000000000000000001"));
}
RUST
seen=$(cd "$folder" && cargo run --quiet)
echo "rust_decimal $(awk '/name = "rust_decimal"/ { getline; gsub(/"/, ""); print $3 }' "$folder/Cargo.lock")"
echo "the exact products: 133526.673827559233673827425707 and 1335266738274257069.999999866473326172574293"
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
mul Some(133526.67382755923367382742571)
mul Some(1335266738274257069.9999998665)
mul Some(0.0000000000000000000000000000)
add Some(123456789012345.01234567890000)
from_str Ok(1.0000000000000000000000000000)
from_str_exact Err(Underflow)
SEEN
