//! Apache Kafka: one broker that is its own controller (KRaft), from the jars of Maven Central.

mod class_archive;
mod secured;

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use krafka::admin::DescribeClusterOptions;
use rustix::process::Signal;

use self::class_archive::{NewClasses, flag};
use self::secured::Listeners;
use super::process::Program;
use super::server::{Server, ServerKind};
use super::{Options, ProbeError, ServerError, install, port, probe};

/// One node is enough: no election needs a second.
const NODE: u32 = 1;
/// Largest record batch: 8 MB, above the 5 MB values that the tests send.
const MAX_MESSAGE_BYTES: u32 = 8 * 1024 * 1024;
/// A broker that was killed is let in again only when its former session is over. Kafka's own 9 s would be most of a restart.
const SESSION_MS: u32 = 3_000;
/// The broker's log goes to its standard output, warnings and worse.
const LOGGING: &str = "status=warn
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %-5p %m (%c{1})%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
";

/// A running broker. Dropping it kills it.
pub type Kafka = Server<Kind>;

/// What is particular to Kafka.
#[derive(Debug)]
pub struct Kind {
    classes: Option<NewClasses>,
    /// Where the broker is asked without user and certificate.
    plain_port: u16,
    proxied_port: Option<u16>,
}

impl Kafka {
    /// `127.0.0.1:PORT`
    #[must_use]
    pub fn bootstrap(&self) -> String {
        bootstrap(self.port())
    }

    /// Where the broker is reached without user and certificate, also when it is secured.
    #[must_use]
    pub fn plain_bootstrap(&self) -> String {
        bootstrap(self.kind().plain_port)
    }

    /// Where a proxy has to lead to, when the broker was started for one.
    #[must_use]
    pub fn proxied_port(&self) -> Option<u16> {
        self.kind().proxied_port
    }
}

impl ServerKind for Kind {
    const NAME: &str = "Kafka";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let dir = install::make_dir(&options.dir)?;
        let kafka = install::cache()?.join("kafka");
        let jars = install::existing(kafka.join("lib"), "Apache Kafka")?
            .join("*")
            .into_os_string();
        let java = install::program("java")?;
        let settings = dir.join("server.properties");
        let listeners = Listeners::choose(port, options.security.as_ref(), &dir)?.behind(options.proxy)?;
        write(&settings, &properties(&dir, &listeners, port::free_port()?))?;
        write(&dir.join("log4j2.properties"), LOGGING)?;

        let mut jvm: Vec<OsString> = [
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xshare:auto",
            "-cp",
        ]
        .map(Into::into)
        .into();
        jvm.push(jars);
        let mut broker = jvm.clone();
        let (archive, classes) = NewClasses::choose(&kafka, &dir, &java);
        broker.insert(0, archive);
        broker.insert(0, flag("-Dlog4j2.configurationFile=", &dir.join("log4j2.properties")));
        broker.extend(["kafka.Kafka".into(), settings.clone().into_os_string()]);
        let program = Program {
            server: Self::NAME,
            program: java.clone(),
            args: broker,
            env: vec![("TZ".to_owned(), "UTC".to_owned())],
            cwd: dir.clone(),
            log: options.log.clone(),
            user: None,
            stop_signal: Signal::TERM,
            ready_limit: Duration::from_secs(90),
            stop_limit: Duration::from_secs(12),
        };
        if !dir.join("data/meta.properties").exists() {
            let id = cluster_id(uuid::Uuid::new_v4());
            jvm.extend(["kafka.tools.StorageTool", "format", "-t", &id, "-c"].map(Into::into));
            jvm.push(settings.into_os_string());
            jvm.extend(options.security.iter().flat_map(secured::new_user));
            program.prepare("kafka.tools.StorageTool", &java, &jvm).await?;
        }
        let kind = Self {
            classes,
            plain_port: listeners.plain_port,
            proxied_port: listeners.proxied_port,
        };
        Ok((kind, program))
    }

    /// A broker that was killed is known to the controller but fenced until it has registered again; only an unfenced one is
    /// listed.
    async fn probe(&self, port: u16) -> Result<(), ProbeError> {
        probe::connect(port).await?;
        let asked = self.plain_port;
        let kafka = krafka::Kafka::builder(bootstrap(asked))
            .client_id("hwanyul-local-stack")
            .connect_timeout(Duration::from_secs(1))
            .request_timeout(Duration::from_secs(2))
            .connect()
            .await?;
        let cluster = kafka
            .admin()
            .describe_cluster(DescribeClusterOptions::default())
            .await?;
        match cluster.brokers.iter().any(|broker| broker.port == i32::from(asked)) {
            true => Ok(()),
            false => Err(ProbeError::Fenced),
        }
    }

    fn stopped(self, in_order: bool) -> Result<(), ServerError> {
        match self.classes.filter(|_| in_order) {
            Some(classes) => classes.keep(),
            None => Ok(()),
        }
    }
}

fn write(path: &Path, text: &str) -> Result<(), ServerError> {
    std::fs::write(path, text).map_err(ServerError::system(format!("write {}", path.display())))
}

fn bootstrap(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

fn properties(dir: &Path, listeners: &Listeners, controller_port: u16) -> String {
    let Listeners {
        addresses,
        advertised,
        protocols,
        more,
        ..
    } = listeners;
    let data = dir.join("data");
    let data = data.display();
    format!(
        "process.roles=broker,controller
node.id={NODE}
controller.quorum.voters={NODE}@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners={addresses},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners={advertised}
listener.security.protocol.map={protocols},CONTROLLER:PLAINTEXT
{more}log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=500
broker.session.timeout.ms={SESSION_MS}
message.max.bytes={MAX_MESSAGE_BYTES}
log.cleaner.dedupe.buffer.size=16777216
"
    )
}

/// A cluster id: 16 bytes in URL-safe base64; the folder keeps it from then on. Its first letter is no dash, which Kafka's tool would take for an option, as
/// one random id in 64 has it.
fn cluster_id(random: uuid::Uuid) -> String {
    let mut bytes = random.into_bytes();
    // The first letter stands for six bits, and a dash for 62.
    bytes[0] &= 0x7f;
    base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_id_never_looks_like_an_option() {
        for first in 0..=u8::MAX {
            let mut bytes = [0xff; 16];
            bytes[0] = first;
            let id = cluster_id(uuid::Uuid::from_bytes(bytes));
            assert!(
                id.len() == 22 && id.starts_with(|letter: char| letter.is_ascii_alphanumeric()),
                "{id}"
            );
        }
    }
}
