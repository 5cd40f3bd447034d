//! MongoDB's protocol, as mongo-java-server speaks it on a file. It is a stand-in for a real MongoDB, which any program takes
//! under `MONGODB_URI` as well.

use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::process::Program;
use super::server::{Server, ServerKind};
use super::{Options, ProbeError, ServerError, install};

/// `OP_MSG`, the one kind of message that today's drivers send.
const OP_MSG: i32 = 2013;
/// `{ping: 1, $db: "admin"}` as BSON.
const PING: &[u8] = b"\x1e\0\0\0\x10ping\0\x01\0\0\0\x02$db\0\x06\0\0\0admin\0\0";
/// What a good reply contains: the field `ok` as a double of 1.0.
const OK: &[u8] = b"\x01ok\0\0\0\0\0\0\0\xf0\x3f";
/// The reply to a ping is some 30 bytes.
const LONGEST_REPLY: i32 = 4096;
/// Length, request id, the id that is answered, and the kind of message.
const HEADER: usize = 16;

/// A running MongoDB. Dropping it kills it.
pub type Mongo = Server<Kind>;

/// What is particular to MongoDB.
#[derive(Debug)]
pub struct Kind;

impl Mongo {
    /// `mongodb://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}", self.port())
    }
}

impl ServerKind for Kind {
    const NAME: &str = "MongoDB";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let dir = install::make_dir(&options.dir)?;
        let installed = install::cache()?.join("mongo");
        let classes = install::existing(installed.join("classes"), "mongo-java-server")?;
        let mut classpath = classes.into_os_string();
        classpath.push(":");
        classpath.push(installed.join("lib/*"));
        let jvm = [
            "-Xmx256m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-cp",
        ];
        let mut args: Vec<_> = jvm.map(Into::into).into();
        args.extend([classpath, "Launcher".into(), dir.join("mongo.mv").into_os_string()]);
        args.push(port.to_string().into());
        let program = Program {
            server: Self::NAME,
            program: install::program("java")?,
            args,
            env: vec![("TZ".to_owned(), "UTC".to_owned())],
            cwd: dir,
            log: options.log.clone(),
            user: None,
            stop_signal: Signal::TERM,
            ready_limit: Duration::from_secs(60),
            stop_limit: Duration::from_secs(10),
        };
        Ok((Self, program))
    }

    async fn probe(&self, port: u16) -> Result<(), ProbeError> {
        let reply = ping(port).await?;
        match reply.windows(OK.len()).any(|part| part == OK) {
            true => Ok(()),
            false => Err(ProbeError::Mongo(String::from_utf8_lossy(&reply).into_owned())),
        }
    }
}

/// Sends the command `ping` and gives what comes back, without its header.
///
/// Source: "MongoDB Wire Protocol", MongoDB manual. The driver would do, and would be most of this crate's weight.
async fn ping(port: u16) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    // After the header: no flags, and one section of kind 0, the command.
    let body = [&[0; 5], PING].concat();
    let length = i32::try_from(HEADER + body.len()).map_err(std::io::Error::other)?;
    let header = [length, 1, 0, OP_MSG].map(i32::to_le_bytes).concat();
    stream.write_all(&[header, body].concat()).await?;
    let length = stream.read_i32_le().await?;
    let mut rest = vec![
        0;
        usize::try_from(length.clamp(0, LONGEST_REPLY))
            .unwrap_or_default()
            .saturating_sub(4)
    ];
    stream.read_exact(&mut rest).await?;
    Ok(rest.split_off((HEADER - 4).min(rest.len())))
}
