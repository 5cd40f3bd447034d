//! PostgreSQL. It refuses to run as root, so root starts it as the user `postgres` that Debian's package makes.

mod secured;
mod stale_process;

use std::ffi::OsString;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Signal, geteuid};
use sqlx::{Connection as _, PgConnection};

use super::process::Program;
use super::security::Owner;
use super::server::{Server, ServerKind};
use super::{Options, ProbeError, Security, ServerError, install, probe};

/// The account that Debian's package makes.
const SERVICE_USER: &str = "postgres";
/// The oldest version that the migrations are written for.
const OLDEST: u32 = 15;
/// Where root's data goes when the user `postgres` cannot reach the wanted folder, as below `/root`.
const FALLBACK: &str = "/var/lib/hwanyul";

/// A running PostgreSQL. Dropping it kills it.
pub type Postgres = Server<Kind>;

/// What is particular to PostgreSQL.
#[derive(Debug)]
pub struct Kind {
    security: Option<Security>,
}

impl Postgres {
    /// `postgres://postgres@127.0.0.1:PORT/DATABASE`; of a secured one with user, password, `sslmode=verify-full` and `sslrootcert`.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        match &self.kind().security {
            None => url(self.port(), database),
            Some(security) => secured::url(security, self.port(), database),
        }
    }

    /// Where the data of a server with `Options::dir` is: in that folder, except that root's goes below `/var/lib/hwanyul` when
    /// the user `postgres` cannot reach it.
    #[must_use]
    pub fn data_dir(dir: &Path) -> PathBuf {
        let absolute = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
        if !geteuid().is_root() || absolute.ancestors().skip(1).all(others_may_enter) {
            return absolute;
        }
        let mut hasher = DefaultHasher::new();
        absolute.hash(&mut hasher);
        Path::new(FALLBACK).join(format!("postgres-{:016x}", hasher.finish()))
    }
}

impl ServerKind for Kind {
    const NAME: &str = "PostgreSQL";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let bin = bin_dir()?;
        let is_root = geteuid().is_root();
        install::make_dir(&options.dir)?;
        let dir = install::make_dir(&Postgres::data_dir(&options.dir))?;
        let program = Program {
            server: Self::NAME,
            program: bin.join("postgres"),
            args: arguments(&dir, port, options.security.is_some()),
            env: vec![
                ("LC_ALL".to_owned(), "C.UTF-8".to_owned()),
                ("TZ".to_owned(), "UTC".to_owned()),
            ],
            cwd: dir.clone(),
            log: options.log.clone(),
            user: is_root.then(|| SERVICE_USER.to_owned()),
            // "Fast": roll back what is open, then end.
            stop_signal: Signal::INT,
            ready_limit: Duration::from_secs(60),
            stop_limit: Duration::from_secs(10),
        };
        let owner = is_root.then(service_user).transpose()?;
        if let Some(owner) = owner {
            hand_over(&dir, owner)?;
        }
        stale_process::wait_until_gone(&dir).await?;
        if !dir.join("PG_VERSION").exists() {
            let args = ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"];
            let mut args: Vec<OsString> = args.iter().map(Into::into).collect();
            args.extend(["--no-instructions".into(), "-D".into(), dir.clone().into_os_string()]);
            match &options.security {
                None => {
                    args.extend(["-U", "postgres", "--auth=trust"].map(Into::into));
                    program.prepare("initdb", &bin.join("initdb"), &args).await?;
                }
                Some(security) => {
                    let password = secured::PasswordFile::write(&dir, security, owner)?;
                    args.extend(password.arguments());
                    program.prepare("initdb", &bin.join("initdb"), &args).await?;
                }
            }
        }
        if let Some(security) = &options.security {
            secured::write_files(&dir, security, owner)?;
        }
        let security = options.security.clone();
        Ok((Self { security }, program))
    }

    async fn probe(&self, port: u16) -> Result<(), ProbeError> {
        probe::connect(port).await?;
        let url = match &self.security {
            None => url(port, "postgres"),
            Some(security) => secured::url_of_probe(security, port),
        };
        PgConnection::connect(&url).await?.close().await?;
        Ok(())
    }
}

fn arguments(dir: &Path, port: u16, is_secured: bool) -> Vec<OsString> {
    let settings = [
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        // Sockets have names of at most 107 bytes, so a deep folder would not do; TCP is enough.
        "unix_socket_directories=".to_owned(),
        "max_connections=200".to_owned(),
        "shared_buffers=256MB".to_owned(),
        "max_wal_size=4GB".to_owned(),
        "wal_compression=on".to_owned(),
        "synchronous_commit=on".to_owned(),
        "timezone=UTC".to_owned(),
    ];
    let mut args: Vec<OsString> = vec!["-D".into(), dir.into()];
    let secured = is_secured.then(|| secured::settings(dir)).into_iter().flatten();
    args.extend(
        settings
            .into_iter()
            .chain(secured)
            .flat_map(|setting| ["-c".into(), setting.into()]),
    );
    args
}

fn url(port: u16, database: &str) -> String {
    format!("postgres://postgres@127.0.0.1:{port}/{database}")
}

/// The programs of the newest installed version.
fn bin_dir() -> Result<PathBuf, ServerError> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let bin = entry.path().join("bin");
            (version >= OLDEST && bin.join("postgres").is_file()).then_some((version, bin))
        });
    if let Some((_, bin)) = versions.max_by_key(|(version, _)| *version) {
        return Ok(bin);
    }
    let on_path = install::program("postgres")
        .ok()
        .and_then(|program| program.parent().map(Path::to_path_buf));
    on_path.ok_or_else(|| ServerError::Missing {
        what: format!("PostgreSQL {OLDEST} or newer"),
    })
}

/// User and group of the account `postgres`.
fn service_user() -> Result<Owner, ServerError> {
    let passwd = std::fs::read_to_string("/etc/passwd").map_err(ServerError::system("read /etc/passwd"))?;
    let ids = passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let is_user = fields.next() == Some(SERVICE_USER);
        let (uid, gid) = (fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?);
        is_user.then_some(Owner { uid, gid })
    });
    ids.ok_or_else(|| ServerError::Missing {
        what: format!("the user {SERVICE_USER}"),
    })
}

/// Gives the folder to the user `postgres`.
fn hand_over(dir: &Path, Owner { uid, gid }: Owner) -> Result<(), ServerError> {
    let handing = || ServerError::system(format!("give {} to {SERVICE_USER}", dir.display()));
    let owner = std::fs::metadata(dir).map_err(handing())?.uid();
    if owner != uid {
        std::os::unix::fs::chown(dir, Some(uid), Some(gid)).map_err(handing())?;
    }
    std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700)).map_err(handing())
}

fn others_may_enter(dir: &Path) -> bool {
    std::fs::metadata(dir).is_ok_and(|folder| folder.mode() & 0o001 != 0)
}
