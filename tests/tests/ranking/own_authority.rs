//! MongoDB behind a certificate of an authority that nobody knows, as DocumentDB's is: the file of it is what lets us in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ranking::Ranking;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use servers::Authority;
use tests::server;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use uuid::Uuid;

/// MongoDB over TLS: its port, and the file with the authority of its certificate. The folder is removed in the end.
struct Secured {
    port: u16,
    ca_file: PathBuf,
    folder: tempfile::TempDir,
}

impl Secured {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_file = folder.path().join("ca.pem");
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        std::fs::write(&ca_file, authority.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["localhost".to_owned()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mongodb = address();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (acceptor, mongodb) = (acceptor.clone(), mongodb.clone());
                tokio::spawn(async move {
                    // Whoever does not trust the certificate hangs up: that is what this test is about.
                    if let Ok(mut client) = acceptor.accept(client).await
                        && let Ok(mut server) = TcpStream::connect(mongodb).await
                    {
                        drop(copy_bidirectional(&mut client, &mut server).await);
                    }
                });
            }
        });
        Self { port, ca_file, folder }
    }

    fn ranking(&self, options: &str, ca_file: Option<&Path>) -> Result<Ranking, String> {
        let uri = format!(
            "mongodb://localhost:{}/test_{}?directConnection=true{options}",
            self.port,
            Uuid::new_v4().simple()
        );
        let get = |name: &str| match name {
            "MONGODB_URI" => Some(uri.clone()),
            "MONGODB_CA_FILE" => ca_file.map(|path| path.display().to_string()),
            "REDIS_URL" => Some("redis://127.0.0.1:1".to_owned()),
            _ => None,
        };
        Ranking::read(&get).map_err(|error| error.to_string())
    }

    async fn answers(&self, options: &str, ca_file: Option<&Path>) -> bool {
        let ranking = self.ranking(options, ca_file).unwrap();
        ranking.store().ping().await.is_ok()
    }
}

/// Host and port of the server that all tests share.
fn address() -> String {
    let uri = server("HWANYUL_TEST_MONGODB");
    let rest = uri.split("://").nth(1).unwrap();
    rest.split(['/', '?']).next().unwrap().to_owned()
}

#[tokio::test]
async fn the_file_of_its_authority_lets_us_in_by_variable_and_by_uri_and_nothing_else_does() {
    let secured = Secured::start().await;
    let ca_file = Some(secured.ca_file.as_path());
    assert!(
        secured.answers("", ca_file).await,
        "by the variable, which turns TLS on"
    );
    assert!(secured.answers("&tls=true", ca_file).await, "by the variable");
    let in_uri = format!("&tls=true&tlsCAFile={}", secured.ca_file.display());
    assert!(secured.answers(&in_uri, None).await, "by the URI");
    assert!(!secured.answers("&tls=true", None).await, "with public authorities");
    let stranger = secured.folder.path().join("stranger.pem");
    Authority::create(&stranger).unwrap();
    assert!(!secured.answers("", Some(&stranger)).await, "with another's file");
}

#[tokio::test]
async fn a_file_that_is_not_there_or_would_not_be_looked_at_is_refused_by_name() {
    let secured = Secured::start().await;
    let missing = Path::new("/no/such/ca.pem");
    let error = secured.ranking("", Some(missing)).err().unwrap();
    assert!(
        error.contains("MONGODB_CA_FILE") && error.contains("/no/such/ca.pem"),
        "{error}"
    );
    let error = secured
        .ranking("&tls=true&tlsCAFile=/no/such/ca.pem", None)
        .err()
        .unwrap();
    assert!(
        error.contains("MONGODB_URI") && error.contains("/no/such/ca.pem"),
        "{error}"
    );
    for option in [
        "&tls=false",
        "&tls=true&tlsInsecure=true",
        "&tls=true&tlsAllowInvalidCertificates=true",
    ] {
        let error = secured.ranking(option, Some(&secured.ca_file)).err().unwrap();
        assert!(
            error.contains("MONGODB_URI") && error.contains("MONGODB_CA_FILE is set"),
            "{option}: {error}"
        );
    }
}
