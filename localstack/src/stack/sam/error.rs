//! Why `sam local` cannot be given the functions.

use super::glibc::IMAGE_GLIBC;

/// Why `sam local` cannot be given the functions.
#[derive(Debug, thiserror::Error)]
pub enum SamError {
    /// A bootstrap is not there.
    #[error("the bootstrap of {function} is not at {place}; {advice}")]
    MissingBootstrap {
        /// The function.
        function: String,
        /// Where it was looked for.
        place: String,
        /// What makes it.
        advice: String,
    },
    /// The libraries that a bootstrap would have to bring cannot be listed.
    #[error(
        "the bootstrap of {function} was built for glibc 2.{needed}, Lambda's image has 2.{IMAGE_GLIBC}, and `ldd` does not say which libraries it needs: {reason}"
    )]
    Libraries {
        /// The function.
        function: String,
        /// The minor version of glibc that it needs.
        needed: u32,
        /// What `ldd` said.
        reason: String,
    },
}
