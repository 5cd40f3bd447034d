//! The driver's client: made when first needed, quick to say that MongoDB is away, and not fooled by a connection that died while frozen.

use std::fmt;
use std::time::Duration;

use mongodb::bson::doc;
use mongodb::error::{Error, ErrorKind};
use mongodb::options::{
    Acknowledgment, ClientOptions, ConnectionString, ReadPreference, SelectionCriteria, Tls, TlsOptions, WriteConcern,
};
use mongodb::{Client, Database};
use shared::config::{CaFile, ConfigError, Get, required, var, with_login};
use tokio::sync::OnceCell;

use super::error::StoreError;

/// The database, unless the URI names one.
const DATABASE: &str = "hwanyul";
/// As MongoDB's own logs and `currentOp` show us.
const APP_NAME: &str = "hwanyul-ranking";
/// How long to look for a server before it counts as away. The driver's default of 30 seconds is longer than any caller waits.
const SELECTION_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait for a new connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait for a majority of a replica set to have a write; below the middleware's deadline of 8 seconds.
const WRITE_LIMIT: Duration = Duration::from_secs(4);
/// A connection unused for longer is replaced. Load balancers and NAT gateways forget idle connections after 350 seconds.
const IDLE_LIMIT: Duration = Duration::from_secs(60);
/// A connection that died while frozen fails its first command and takes its whole pool with it, so the second goes over a new one.
const CHECKS: u32 = 2;

pub(super) struct Connection {
    uri: ConnectionString,
    database: OnceCell<Database>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URI may hold a password.
        f.debug_struct("Connection").finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let uri = required(get, var::MONGODB_URI)?;
        // Within the URI the driver knows what belongs together: a mechanism without a user is refused, and `authSource` goes with one.
        let uri = with_login(&uri, get, var::MONGODB_USERNAME, var::MONGODB_PASSWORD);
        let refused = |allowed| ConfigError::Invalid {
            name: var::MONGODB_URI,
            value: "(hidden)".to_owned(),
            allowed,
        };
        // The driver's own message may repeat parts of the URI.
        let mut uri = ConnectionString::parse(uri).map_err(|_| {
            refused("mongodb://[user:password@]host:port[/database][?options], or mongodb+srv:// for a name in DNS")
        })?;
        if let Some(ca_file) = CaFile::read(get, var::MONGODB_CA_FILE)? {
            // Any other setting would leave the certificate unverified, and nobody would notice.
            if !verifies_certificate(uri.tls.as_ref()) {
                return Err(refused(
                    "a URI without tls=false, tlsInsecure and tlsAllowInvalidCertificates, because MONGODB_CA_FILE is set",
                ));
            }
            let mut tls = match uri.tls.take() {
                Some(Tls::Enabled(tls)) => tls,
                _ => TlsOptions::default(),
            };
            tls.ca_file_path = Some(ca_file.path().into());
            uri.tls = Some(Tls::Enabled(tls));
        } else if let Some(Tls::Enabled(TlsOptions {
            ca_file_path: Some(path),
            ..
        })) = &uri.tls
        {
            // Read now, so that a file that is not there is found at the cold start, and its variable is named.
            CaFile::open(var::MONGODB_URI, &path.to_string_lossy())?;
        }
        Ok(Self {
            uri,
            database: OnceCell::new(),
        })
    }

    /// The database; resolves `mongodb+srv` names, and connects to nothing yet.
    pub(super) async fn database(&self) -> Result<Database, StoreError> {
        let made = self.database.get_or_try_init(async || {
            let options = settings(ClientOptions::parse(self.uri.clone()).await?);
            let name = options.default_database.clone().unwrap_or_else(|| DATABASE.to_owned());
            Ok::<_, Error>(Client::with_options(options)?.database(&name))
        });
        Ok(made.await?.clone())
    }

    pub(super) async fn ping(&self) -> Result<(), StoreError> {
        self.database().await?.run_command(doc! { "ping": 1 }).await?;
        Ok(())
    }

    /// A ping that is tried again over a new connection when the old one turns out to be dead.
    pub(super) async fn check(&self) -> Result<(), StoreError> {
        let mut attempt = 1;
        loop {
            match self.ping().await {
                Err(StoreError::Mongo(error)) if attempt < CHECKS && is_broken(&error) => {
                    tracing::debug!(attempt, error = %error, "MongoDB connection broke; trying again");
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }
}

/// Whether the server's certificate is verified, which it is unless the URI says otherwise.
fn verifies_certificate(tls: Option<&Tls>) -> bool {
    match tls {
        None => true,
        Some(Tls::Enabled(options)) => options.allow_invalid_certificates != Some(true),
        Some(Tls::Disabled) => false,
    }
}

/// What the URI leaves open, and what it may not decide.
fn settings(mut options: ClientOptions) -> ClientOptions {
    options.app_name.get_or_insert_with(|| APP_NAME.to_owned());
    options.server_selection_timeout.get_or_insert(SELECTION_LIMIT);
    options.connect_timeout.get_or_insert(CONNECT_LIMIT);
    options.max_idle_time.get_or_insert(IDLE_LIMIT);
    // DocumentDB refuses retryable writes, which the driver would use by default. Nothing here relies on them: a click with a key may be repeated
    // step by step, and one without a key is not repeated by us. A URI for MongoDB may ask for them with retryWrites=true.
    options.retry_writes.get_or_insert(false);
    // Whatever is acknowledged must outlive the failure of the primary, or a key could count twice.
    options.write_concern.get_or_insert_with(|| {
        let mut majority = WriteConcern::from(Acknowledgment::Majority);
        majority.w_timeout = Some(WRITE_LIMIT);
        majority
    });
    // Also against the URI: AWS's sample for DocumentDB reads from secondaries, where an idempotency record or a count may not have arrived yet.
    options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
    options
}

/// Whether the connection failed, and not what was asked over it. A server that could not be found at all is not looked for twice.
fn is_broken(error: &Error) -> bool {
    matches!(*error.kind, ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. })
}
