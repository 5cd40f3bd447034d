//! Which C library a program needs, and which one Lambda's image has.

/// The glibc of Lambda's image for `provided.al2023`.
///
/// Source: "Introducing the Amazon Linux 2023 runtime for AWS Lambda", AWS Compute Blog; Amazon Linux 2023 user guide.
pub(super) const IMAGE_GLIBC: u32 = 34;
/// How a program names a version of glibc that it needs, up to the minor number.
const GLIBC_PREFIX: &[u8] = b"GLIBC_2.";

/// The newest minor version of glibc 2 that a program names.
pub(super) fn newest_glibc(program: &[u8]) -> Option<u32> {
    let named = program.windows(GLIBC_PREFIX.len()).enumerate();
    let named = named.filter(|(_, window)| *window == GLIBC_PREFIX);
    let minors = named.filter_map(|(at, _)| {
        let rest = &program[at + GLIBC_PREFIX.len()..];
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
    });
    minors.max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_glibc_that_a_program_names_is_found() {
        for (program, expected) in [
            (&b"\0GLIBC_2.17\0GLIBC_2.34\0GLIBC_2.4\0"[..], Some(34)),
            (b"GLIBC_2.38", Some(38)),
            (b"statically linked", None),
            (b"GLIBC_2.x GLIBC_PRIVATE", None),
        ] {
            assert_eq!(newest_glibc(program), expected);
        }
    }
}
