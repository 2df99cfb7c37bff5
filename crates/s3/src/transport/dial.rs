//! From a name to a connection: every address, proxies, TLS.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

use super::proxy::{Kind, Proxy, ProxyRules};
use super::tls::{self, Tls};
use super::wire::{Io, Wire};
use super::{Transport, TransportError};

/// So long an address has the field to itself (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);
/// A proxy's answer to CONNECT, at most.
const PROXY_ANSWER: usize = 16 * 1024;

pub(super) struct Dialer {
    pub proxies: ProxyRules,
    pub tls: LazyTls,
    pub patience: Duration,
}

/// Made for the first connection that is encrypted: the system's certificates take longer to read than
/// a short command needs otherwise.
pub(super) struct LazyTls {
    transport: Transport,
    made: OnceCell<Tls>,
}

impl LazyTls {
    pub fn new(transport: Transport) -> Self {
        Self { transport, made: OnceCell::new() }
    }

    async fn get(&self) -> Result<&Tls, TransportError> {
        let make = async || {
            let transport = self.transport.clone();
            let made = tokio::task::spawn_blocking(move || tls::config(&transport)).await;
            made.unwrap_or_else(|_| tls::config(&self.transport))
        };
        self.made.get_or_try_init(make).await
    }
}

impl Dialer {
    pub async fn dial(&self, uri: &http::Uri) -> Result<Wire, TransportError> {
        let https = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let dialing = self.connected(https, host, port);
        match tokio::time::timeout(self.patience, dialing).await {
            Ok(done) => done,
            Err(_) => Err(TransportError::ConnectTimeout { host: host.to_owned(), port }),
        }
    }

    async fn connected(&self, https: bool, host: &str, port: u16) -> Result<Wire, TransportError> {
        let Some(proxy) = self.proxies.choose(https, host, port) else {
            let stream = tcp(host, port).await?;
            return Ok(Wire::new(
                if https { self.tls(stream, host).await? } else { Box::new(stream) },
                false,
            ));
        };
        let stream = tcp(&proxy.host, proxy.port).await.map_err(|e| proxy.unreachable(e))?;
        let mut stream: Box<dyn Io> = match proxy.kind {
            Kind::Https => self.tls(stream, &proxy.host).await.map_err(|e| match e.is_tls() {
                true => e,
                false => proxy.unreachable(e),
            })?,
            _ => Box::new(stream),
        };
        match (proxy.kind, https) {
            (Kind::Socks5, _) => socks(&mut stream, proxy, host, port).await?,
            (_, true) => tunnel(&mut stream, proxy, host, port).await?,
            (_, false) => return Ok(Wire::new(stream, true)),
        }
        Ok(Wire::new(if https { self.tls(stream, host).await? } else { stream }, false))
    }

    async fn tls<S: Io + 'static>(
        &self,
        stream: S,
        host: &str,
    ) -> Result<Box<dyn Io>, TransportError> {
        let tls = self.tls.get().await?;
        let failed = |source: io::Error| TransportError::Handshake {
            host: host.to_owned(),
            source: Arc::new(source),
        };
        let name =
            ServerName::try_from(host.to_owned()).map_err(|e| failed(io::Error::other(e)))?;
        let (config, refused) = tls.once();
        match tokio_rustls::TlsConnector::from(config).connect(name, stream).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(error) => Err(match refused.take() {
                Some(certificate) => {
                    TransportError::Certificate { certificate: Box::new(certificate) }
                }
                None => failed(error),
            }),
        }
    }
}

/// The first of a name's addresses that answers. Each has a head start before the next is tried too.
async fn tcp(host: &str, port: u16) -> Result<TcpStream, TransportError> {
    let lost = |source| TransportError::Name { host: host.to_owned(), source: Arc::new(source) };
    let found = tokio::net::lookup_host((host, port)).await.map_err(lost)?;
    let mut left = taking_turns(found.collect()).into_iter();
    let mut trying = FuturesUnordered::new();
    let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    let mut any = false;
    loop {
        if let Some(address) = left.next() {
            any = true;
            trying.push(TcpStream::connect(address));
        } else if trying.is_empty() {
            break;
        }
        let wait = if left.len() == 0 { Duration::from_secs(3600) } else { HEAD_START };
        match tokio::time::timeout(wait, trying.next()).await {
            Ok(Some(Ok(stream))) => {
                // A request's last small write must not wait for an acknowledgement.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Some(Err(error))) => last = error,
            Ok(None) | Err(_) => {}
        }
    }
    match any {
        false => Err(lost(last)),
        true => {
            Err(TransportError::Connect { host: host.to_owned(), port, source: Arc::new(last) })
        }
    }
}

/// The two families in turn, beginning with the system's first choice.
fn taking_turns(found: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let first = found.first().is_some_and(SocketAddr::is_ipv6);
    let (one, two): (Vec<_>, Vec<_>) = found.into_iter().partition(|a| a.is_ipv6() == first);
    let (mut one, mut two) = (one.into_iter(), two.into_iter());
    let mut all = Vec::new();
    loop {
        let (a, b) = (one.next(), two.next());
        if a.is_none() && b.is_none() {
            return all;
        }
        all.extend(a);
        all.extend(b);
    }
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

async fn tunnel(
    stream: &mut Box<dyn Io>,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<(), TransportError> {
    let target = authority(host, port);
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n").into_bytes();
    if let Some(basic) = proxy.basic() {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(basic.as_bytes());
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    let cut = |source| {
        proxy.unreachable(TransportError::Connect {
            host: proxy.host.clone(),
            port: proxy.port,
            source: Arc::new(source),
        })
    };
    stream.write_all(&request).await.map_err(cut)?;
    stream.flush().await.map_err(cut)?;
    // Byte by byte: what comes after the empty line is the server's.
    let mut answer = Vec::with_capacity(256);
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() == PROXY_ANSWER {
            return Err(TransportError::NotAProxy { proxy: proxy.address() });
        }
        answer.push(stream.read_u8().await.map_err(cut)?);
    }
    let status = std::str::from_utf8(&answer)
        .ok()
        .and_then(|text| text.strip_prefix("HTTP/1."))
        .and_then(|rest| rest.get(2..5))
        .and_then(|digits| digits.parse::<u16>().ok());
    match status {
        Some(200..=299) => Ok(()),
        Some(407) => Err(TransportError::ProxyAuthentication { proxy: proxy.address() }),
        Some(status) => {
            Err(TransportError::ProxyRefused { proxy: proxy.address(), target, status })
        }
        None => Err(TransportError::NotAProxy { proxy: proxy.address() }),
    }
}

/// SOCKS 5 (RFC 1928, 1929); the proxy looks the name up.
async fn socks(
    stream: &mut Box<dyn Io>,
    proxy: &Proxy,
    host: &str,
    port: u16,
) -> Result<(), TransportError> {
    let cut = |source| {
        proxy.unreachable(TransportError::Connect {
            host: proxy.host.clone(),
            port: proxy.port,
            source: Arc::new(source),
        })
    };
    let strange = || TransportError::NotAProxy { proxy: proxy.address() };
    let wants = || TransportError::ProxyAuthentication { proxy: proxy.address() };
    let ways: &[u8] = if proxy.user.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    stream.write_all(ways).await.map_err(cut)?;
    let mut two = [0; 2];
    stream.read_exact(&mut two).await.map_err(cut)?;
    match (two, &proxy.user) {
        ([5, 0], _) => {}
        ([5, 2], Some((name, password))) => {
            let mut words = vec![1];
            for word in [name.as_str(), password.expose()] {
                words.push(u8::try_from(word.len()).map_err(|_| wants())?);
                words.extend_from_slice(word.as_bytes());
            }
            stream.write_all(&words).await.map_err(cut)?;
            stream.read_exact(&mut two).await.map_err(cut)?;
            if two[1] != 0 {
                return Err(wants());
            }
        }
        ([5, _], _) => return Err(wants()),
        _ => return Err(strange()),
    }
    let mut request = vec![5, 1, 0];
    match host.parse() {
        Ok(std::net::IpAddr::V4(ip)) => {
            request.push(1);
            request.extend_from_slice(&ip.octets());
        }
        Ok(std::net::IpAddr::V6(ip)) => {
            request.push(4);
            request.extend_from_slice(&ip.octets());
        }
        Err(_) => {
            request.push(3);
            request.push(u8::try_from(host.len()).map_err(|_| strange())?);
            request.extend_from_slice(host.as_bytes());
        }
    }
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request).await.map_err(cut)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(cut)?;
    if head[0] != 5 {
        return Err(strange());
    }
    if head[1] != 0 {
        let target = authority(host, port);
        let status = u16::from(head[1]);
        return Err(TransportError::ProxyRefused { proxy: proxy.address(), target, status });
    }
    let rest = match head[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await.map_err(cut)?),
        _ => return Err(strange()),
    };
    let mut bound = vec![0; rest + 2];
    stream.read_exact(&mut bound).await.map_err(cut)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let all = |texts: &[&str]| -> Vec<SocketAddr> {
            texts.iter().map(|t| t.parse().unwrap()).collect()
        };
        let given = all(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]);
        assert_eq!(taking_turns(given), all(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]));
        assert!(taking_turns(Vec::new()).is_empty());
    }

    #[tokio::test]
    async fn a_dead_address_does_not_hide_a_living_one() {
        let alive = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = alive.local_addr().unwrap().port();
        // `localhost` may be ::1 first, where nobody listens.
        assert!(tcp("localhost", port).await.is_ok());
        drop(alive);
        assert!(matches!(tcp("127.0.0.1", port).await, Err(TransportError::Connect { .. })));
    }
}
