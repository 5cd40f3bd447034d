//! `Fn::Cidr`: parts of a block of addresses.
//!
//! Source: "Fn::Cidr", AWS CloudFormation template reference
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html>): 1 to 256 blocks; the bits are
//! those of an address that a block does not fix.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The bits of a block when none are given.
const BITS: u32 = 8;

/// The first `count` blocks of `bits` free bits inside `block`; none when they do not fit or are written wrongly.
pub(super) fn blocks(block: &str, count: u32, bits: Option<u32>) -> Option<Vec<String>> {
    let (address, prefix) = block.split_once('/')?;
    let (address, prefix): (IpAddr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
    let (address, width): (u128, u32) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let bits = bits.unwrap_or(BITS);
    let free = width.checked_sub(prefix)?;
    let room = free.checked_sub(bits)?;
    if !(1..=256).contains(&count) || bits == 0 || bits >= width || (room < 32 && u64::from(count) > 1 << room) {
        return None;
    }
    // A block of all addresses has nothing fixed, and a shift by the whole width is none.
    let fixed = u128::MAX.checked_shl(free).unwrap_or(0);
    let first = address & fixed;
    let parts = (0..u128::from(count)).map(|number| {
        let address = first + (number << bits);
        let address = match u32::try_from(address) {
            Ok(address) if width == 32 => IpAddr::V4(Ipv4Addr::from(address)),
            _ => IpAddr::V6(Ipv6Addr::from(address)),
        };
        format!("{address}/{}", width - bits)
    });
    Some(parts.collect())
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn parts_of_a_block_stand_one_behind_the_other() {
        let parts = |block: &str, count, bits| blocks(block, count, bits).map(|parts| parts.join(" "));
        for (block, count, bits, expected) in [
            (
                "192.168.0.0/24",
                6,
                Some(5),
                "192.168.0.0/27 192.168.0.32/27 192.168.0.64/27 192.168.0.96/27 192.168.0.128/27 192.168.0.160/27",
            ),
            ("10.0.0.0/16", 2, None, "10.0.0.0/24 10.0.1.0/24"),
            ("10.0.9.7/16", 1, Some(12), "10.0.0.0/20"),
            ("2001:db8::/56", 2, Some(64), "2001:db8::/64 2001:db8:0:1::/64"),
            ("0.0.0.0/0", 2, Some(31), "0.0.0.0/1 128.0.0.0/1"),
        ] {
            assert_eq!(parts(block, count, bits).as_deref(), Some(expected), "{block}");
        }
        for (block, count, bits) in [
            ("10.0.0.0/24", 2, Some(8)),
            ("10.0.0.0/24", 1, Some(9)),
            ("10.0.0.0/16", 0, Some(8)),
            ("10.0.0.0/8", 257, Some(8)),
            ("10.0.0.0/16", 1, Some(0)),
            ("10.0.0.0", 1, None),
            ("10.0.0.0/33", 1, None),
            ("ten/16", 1, None),
        ] {
            assert_eq!(parts(block, count, bits), None, "{block} {count} {bits:?}");
        }
    }
}
