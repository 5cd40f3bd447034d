//! Redis, as a cache: it keeps nothing on disk, so killed is emptied.

mod cluster;

use std::ffi::OsString;
use std::time::Duration;

use redis::{Client, RedisError, TlsCertificates};
use rustix::process::Signal;

use super::process::Program;
use super::server::{Server, ServerKind};
use super::{Options, ProbeError, Security, ServerError, install, probe};

pub use self::cluster::RedisCluster;

/// Databases 0 to 1023, so that each test has one of its own.
const DATABASES: &str = "1024";

/// A running Redis. Dropping it kills it.
pub type Redis = Server<Kind>;

/// What is particular to Redis.
#[derive(Debug)]
pub struct Kind {
    security: Option<Security>,
}

impl Redis {
    /// `redis://127.0.0.1:PORT`, or `rediss://USER:PASSWORD@127.0.0.1:PORT` of a secured one.
    #[must_use]
    pub fn url(&self) -> String {
        url(self.port(), self.kind().security.as_ref())
    }

    /// A client that this server lets in.
    ///
    /// # Errors
    /// Redis's own, when the authority's file cannot be read.
    pub fn client(&self) -> Result<Client, RedisError> {
        client(self.port(), self.kind().security.as_ref())
    }
}

impl ServerKind for Kind {
    const NAME: &str = "Redis";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let program = program(options, port, &["--databases", DATABASES])?;
        let security = options.security.clone();
        Ok((Self { security }, program))
    }

    async fn probe(&self, port: u16) -> Result<(), ProbeError> {
        ping(port, self.security.as_ref()).await
    }
}

/// `redis-server` on `port`, with `more` arguments.
fn program(options: &Options, port: u16, more: &[&str]) -> Result<Program, ServerError> {
    let dir = install::make_dir(&options.dir)?;
    let mut args: Vec<OsString> = Vec::new();
    match &options.security {
        None => args.extend(["--port".into(), port.to_string().into()]),
        Some(security) => {
            let settings = dir.join("redis.conf");
            let pair = security.certificate.write(&dir, None)?;
            // In a file, because whoever may list processes sees arguments. Without a user of its own the default one could do everything.
            let text = format!(
                "port 0\ntls-port {port}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\ntls-auth-clients no\ntls-cluster yes\n\
                 user {} on >{} ~* &* +@all\nuser default off\n",
                pair.certificate.display(),
                pair.key.display(),
                security.certificate.ca_file().display(),
                security.user,
                security.password,
            );
            super::security::write_secret(&settings, &text, None)?;
            args.push(settings.into());
        }
    }
    args.extend(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"].map(Into::into));
    args.extend(["--daemonize", "no", "--loglevel", "notice"].map(Into::into));
    args.extend(more.iter().map(Into::into));
    Ok(Program {
        server: Kind::NAME,
        program: install::program("redis-server")?,
        args,
        env: Vec::new(),
        cwd: dir,
        log: options.log.clone(),
        user: None,
        stop_signal: Signal::TERM,
        ready_limit: Duration::from_secs(15),
        stop_limit: Duration::from_secs(5),
    })
}

fn url(port: u16, security: Option<&Security>) -> String {
    match security {
        None => format!("redis://127.0.0.1:{port}"),
        Some(Security { user, password, .. }) => format!("rediss://{user}:{password}@127.0.0.1:{port}"),
    }
}

fn client(port: u16, security: Option<&Security>) -> Result<Client, RedisError> {
    let url = url(port, security);
    let Some(security) = security else {
        return Client::open(url);
    };
    let certificates = TlsCertificates {
        client_tls: None,
        root_cert: Some(std::fs::read(security.certificate.ca_file())?),
    };
    Client::build_with_tls(url, certificates)
}

/// A Redis that listens has nothing to load and answers; with an expired certificate it cannot be asked more than that.
async fn ping(port: u16, security: Option<&Security>) -> Result<(), ProbeError> {
    probe::connect(port).await?;
    if security.is_some_and(|security| security.certificate.is_expired()) {
        return Ok(());
    }
    let mut connection = client(port, security)?.get_multiplexed_async_connection().await?;
    redis::cmd("PING").query_async::<String>(&mut connection).await?;
    Ok(())
}
