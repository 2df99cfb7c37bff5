//! A wire between a client and a server that counts, spoils or cuts what passes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

type Spoil = Box<dyn FnMut(&mut [u8]) + Send>;
type Watch = Box<dyn FnMut(u64, u64) + Send>;

#[derive(Default)]
struct Inner {
    up: AtomicU64,
    down: AtomicU64,
    /// May change what goes up.
    spoil: Mutex<Option<Spoil>>,
    /// Told of the bytes so far, up and down.
    watch: Mutex<Option<Watch>>,
}

pub struct Wire {
    address: SocketAddr,
    inner: Arc<Inner>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Wire {
    pub async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner::default());
        let shared = Arc::clone(&inner);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connection(client, server, Arc::clone(&shared)));
            }
        });
        Self { address, inner, task }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn up(&self) -> u64 {
        self.inner.up.load(Ordering::SeqCst)
    }

    pub fn down(&self) -> u64 {
        self.inner.down.load(Ordering::SeqCst)
    }

    pub fn spoil(&self, spoil: impl FnMut(&mut [u8]) + Send + 'static) {
        *self.inner.spoil.lock().unwrap() = Some(Box::new(spoil));
    }

    pub fn watch(&self, watch: impl FnMut(u64, u64) + Send + 'static) {
        *self.inner.watch.lock().unwrap() = Some(Box::new(watch));
    }
}

impl Inner {
    fn count(&self, up: u64, down: u64) {
        let up = self.up.fetch_add(up, Ordering::SeqCst) + up;
        let down = self.down.fetch_add(down, Ordering::SeqCst) + down;
        if let Some(watch) = &mut *self.watch.lock().unwrap() {
            watch(up, down);
        }
    }
}

async fn connection(client: TcpStream, server: SocketAddr, inner: Arc<Inner>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let shared = Arc::clone(&inner);
    let up = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from_client.read(&mut buffer).await {
            if let Some(spoil) = &mut *shared.spoil.lock().unwrap() {
                spoil(&mut buffer[..n]);
            }
            shared.count(n as u64, 0);
            if to_server.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
        let _ = to_server.shutdown().await;
    };
    let down = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = from_server.read(&mut buffer).await {
            inner.count(0, n as u64);
            if to_client.write_all(&buffer[..n]).await.is_err() {
                break;
            }
        }
        let _ = to_client.shutdown().await;
    };
    tokio::join!(up, down);
}
