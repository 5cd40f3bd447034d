//! Migrations behind the real PgBouncer: what keeps no session together is refused before anything is changed, what keeps it is used.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use operations::failure::{Classified as _, Failure, Kind};
use operations::migrations::{MigrationReport, apply};
use sqlx::{Connection as _, PgConnection};
use tests::{own_database, server};

/// Debian puts it where only root looks.
const PROGRAMS: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];

/// A pooler before a database of its own, ended in the end.
struct Pooler {
    process: Child,
    /// The database past the pooler.
    direct: String,
    /// The database by way of it.
    url: String,
    log: PathBuf,
    _folder: tempfile::TempDir,
}

impl Pooler {
    async fn start(pool_mode: &str, settings: &str) -> Self {
        let direct = own_database(&server("HWANYUL_TEST_DATABASE")).await;
        let (address, name) = direct.rsplit_once('@').unwrap().1.split_once('/').unwrap();
        let (host, port) = address.split_once(':').unwrap();
        let own = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let (ini, users, log) = (
            folder.path().join("pgbouncer.ini"),
            folder.path().join("users.txt"),
            folder.path().join("pgbouncer.log"),
        );
        std::fs::write(&users, "\"postgres\" \"\"\n").unwrap();
        let text = format!(
            "[databases]\n* = host={host} port={port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {own}\nunix_socket_dir =\nauth_type = trust\n\
             auth_file = {}\npool_mode = {pool_mode}\n{settings}\n",
            users.display()
        );
        std::fs::write(&ini, text).unwrap();
        let program = PROGRAMS.into_iter().find(|path| std::path::Path::new(path).exists());
        let program = program.unwrap_or_else(|| panic!("none of {PROGRAMS:?}; ./localstack/install tools installs it"));
        let mut command = Command::new(program);
        if rustix::process::geteuid().is_root() {
            // It refuses to be root.
            for path in [folder.path(), &ini, &users] {
                let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
                std::fs::set_permissions(path, mode).unwrap();
            }
            command.args(["-u", "postgres"]);
        }
        let output = std::fs::File::create(&log).unwrap();
        command.arg(&ini).stdin(Stdio::null());
        command.stdout(output.try_clone().unwrap()).stderr(output);
        let pooler = Self {
            process: command.spawn().unwrap(),
            url: format!("postgres://postgres@127.0.0.1:{own}/{name}"),
            direct: direct.clone(),
            log,
            _folder: folder,
        };
        pooler.listens(own).await;
        pooler
    }

    async fn listens(&self, port: u16) {
        let until = Instant::now() + Duration::from_secs(20);
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            let log = std::fs::read_to_string(&self.log).unwrap();
            assert!(Instant::now() < until, "PgBouncer does not listen: {log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn migrate(&self) -> Result<MigrationReport, Failure> {
        let pool = shared::store::pool(&|name| (name == "DATABASE_URL").then(|| self.url.clone())).unwrap();
        let report = apply(&pool).await.map_err(Failure::from);
        pool.close().await;
        report
    }

    /// Tables that are there, and locks that are held in the database.
    async fn left(&self) -> (i64, i64) {
        let mut connection = PgConnection::connect(&self.direct).await.unwrap();
        let count = "SELECT (SELECT count(*) FROM pg_tables WHERE tablename = '_sqlx_migrations'), (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
        let counts = sqlx::query_as(count).fetch_one(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        counts
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        // The process is ours alone; it may have ended by itself.
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait().map(drop)) {
            eprintln!("could not end PgBouncer: {error}");
        }
    }
}

#[tokio::test]
async fn a_pooler_that_lends_a_session_to_others_is_refused_and_nothing_is_changed() {
    let pooler = Pooler::start("transaction", "ignore_startup_parameters = extra_float_digits").await;
    for _ in 0..3 {
        let failure = pooler.migrate().await.unwrap_err();
        assert_eq!(failure.kind, Kind::MigrationsPooler, "{failure}");
        assert!(
            failure.message.contains("DATABASE_URL") && failure.message.contains("pool_mode"),
            "{failure}"
        );
        assert_eq!(pooler.left().await, (0, 0), "tables, locks");
    }
}

#[tokio::test]
async fn a_pooler_that_keeps_sessions_is_used() {
    let pooler = Pooler::start("session", "ignore_startup_parameters = extra_float_digits").await;
    let report = pooler.migrate().await.unwrap();
    assert_eq!(usize::try_from(report.version).unwrap(), report.migrations);
    assert_eq!(pooler.left().await, (1, 0), "tables, locks");
    assert_eq!(pooler.migrate().await.unwrap(), report);
}

#[tokio::test]
async fn a_pooler_that_refuses_what_clients_say_first_is_told_by_its_setting() {
    let pooler = Pooler::start("session", "").await;
    let failure = pooler.migrate().await.unwrap_err();
    assert_eq!(failure.kind, Kind::MigrationsDatabase);
    assert!(failure.message.contains("ignore_startup_parameters"), "{failure}");
}

#[tokio::test]
async fn a_former_build_gets_on_with_the_tables_of_a_later_one() {
    let database = own_database(&server("HWANYUL_TEST_DATABASE")).await;
    let pool = sqlx::PgPool::connect(&database).await.unwrap();
    apply(&pool).await.unwrap();
    let later = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', true, '', 0)";
    sqlx::query(later).execute(&pool).await.unwrap();
    // What a deployment that is rolled back asks of it.
    assert_eq!(apply(&pool).await.unwrap().version, 9999);
    let other = "UPDATE _sqlx_migrations SET checksum = '' WHERE version = 1";
    sqlx::query(other).execute(&pool).await.unwrap();
    let error = apply(&pool).await.unwrap_err();
    assert_eq!(error.kind(), Kind::MigrationsChanged);
}
