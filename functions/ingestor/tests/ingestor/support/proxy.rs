//! A way to a server that a test can cut, as when the server dies, and restore.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

pub struct Proxy {
    pub address: String,
    is_up: watch::Sender<bool>,
}

impl Proxy {
    pub async fn start(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (is_up, state) = watch::channel(true);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(forward(client, target.clone(), state.clone()));
            }
        });
        Self { address, is_up }
    }

    /// Ends every connection and refuses new ones.
    pub fn cutter(&self) -> impl Fn() + Send + Sync + use<> {
        let is_up = self.is_up.clone();
        move || {
            is_up.send_replace(false);
        }
    }

    pub fn restore(&self) {
        self.is_up.send_replace(true);
    }
}

async fn forward(mut client: TcpStream, target: String, mut is_up: watch::Receiver<bool>) {
    if !*is_up.borrow_and_update() {
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else {
        return;
    };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
        _ = is_up.changed() => {}
    }
}
