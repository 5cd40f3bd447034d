//! The European Central Bank as a server of files, which serves what a test gives it: the daily document and the archive of its history.

mod archive;
mod daily;

pub use archive::EcbArchive;
pub use daily::{EcbDaily, Printed};
