use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use dipper_s3::{Class, Proxy, ProxyRules, S3, Transport};
use dipper_sandbox::{Config, Sandbox};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::tls::{Authority, by, serve};
use crate::support::connection;

/// A small proxy: tunnels, and passes plain requests on. Remembers every head.
struct Small {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Small {
    async fn new(password: Option<&'static str>, refuses: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&heads);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(proxied(stream, password, refuses, Arc::clone(&told)));
            }
        });
        Self { address, heads }
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    fn rules(&self, user: &str) -> ProxyRules {
        ProxyRules::always(Proxy::parse(&format!("http://{user}{}", self.address)).unwrap())
    }
}

async fn proxied(
    mut client: TcpStream,
    password: Option<&str>,
    refuses: Option<&str>,
    told: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match client.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let text = String::from_utf8(head).unwrap();
    told.lock().unwrap().push(text.clone());
    if let Some(refuses) = refuses {
        client.write_all(refuses.as_bytes()).await.unwrap();
        return;
    }
    if password.is_some_and(|password| !text.contains(&format!("Basic {password}\r\n"))) {
        let _ = client
            .write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            .await;
        return;
    }
    let target = text.split(' ').nth(1).unwrap().to_owned();
    if text.starts_with("CONNECT ") {
        let port = target.rsplit(':').next().unwrap().parse::<u16>().unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    } else {
        let uri: http::Uri = target.parse().unwrap();
        let mut server = TcpStream::connect(("127.0.0.1", uri.port_u16().unwrap())).await.unwrap();
        let path = uri.path_and_query().unwrap().as_str();
        server.write_all(text.replacen(&target, path, 1).as_bytes()).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}

pub async fn a_tunnel() {
    let authority = Authority::new();
    // A name that only the proxy can find: no look-up happens here.
    let (leaf, key) = authority.server(&["s3.inside.invalid"]);
    let address = serve(leaf, &key, None).await;
    let proxy = Small::new(None, None).await;
    let transport =
        Transport { roots: Some(authority.pem()), proxy: proxy.rules(""), ..Transport::default() };
    let s3 = by(address, "s3.inside.invalid", transport).await;
    s3.list_buckets().await.unwrap();
    s3.list_buckets().await.unwrap();
    let heads = proxy.heads();
    assert_eq!(heads.len(), 1, "the tunnel is kept");
    assert!(heads[0].starts_with("CONNECT s3.inside.invalid:"), "{}", heads[0]);
    assert!(!heads[0].to_lowercase().contains("authorization"), "no keys for the proxy");
}

pub async fn a_password() {
    let authority = Authority::new();
    let (leaf, key) = authority.server(&["localhost"]);
    let address = serve(leaf, &key, None).await;
    // me:p@ss
    let proxy = Small::new(Some("bWU6cEBzcw=="), None).await;
    for (user, fine) in [("me:p%40ss@", true), ("", false), ("me:wrong@", false)] {
        let transport = Transport {
            roots: Some(authority.pem()),
            proxy: proxy.rules(user),
            ..Transport::default()
        };
        let told = by(address, "localhost", transport).await.list_buckets().await;
        match told {
            Ok(_) => assert!(fine, "{user}"),
            Err(error) => {
                assert!(!fine, "{user} {error}");
                assert!(error.context.proxy && error.class == Class::Network, "{error}");
                let text = error.to_string();
                assert!(text.contains("407") && !text.contains("wrong"), "{text}");
            }
        }
    }
}

pub async fn plain_http() {
    let sandbox = Sandbox::start(Config::memory()).await.unwrap();
    let account = sandbox.main();
    let keys = (account.access_key.as_str(), account.secret_key.expose().as_str());
    let proxy = Small::new(Some("bWU6cEBzcw=="), None).await;
    let mut connection = connection(&sandbox.endpoint(), "sandbox", Some(keys));
    connection.options.transport.proxy = proxy.rules("me:p%40ss@");
    S3::connect(connection.clone()).await.list_buckets().await.unwrap();
    let heads = proxy.heads();
    assert!(heads[0].starts_with("GET http://127.0.0.1:"), "{}", heads[0]);
    connection.options.transport.proxy = proxy.rules("");
    let error = S3::connect(connection).await.list_buckets().await.unwrap_err();
    assert!(error.context.proxy && error.to_string().contains("407"), "{error}");
}

/// What a call ends with behind a proxy that answers so.
pub async fn refused_with(answer: &'static str) -> dipper_s3::Error {
    let proxy = Small::new(None, Some(answer)).await;
    let transport = Transport { proxy: proxy.rules(""), ..Transport::default() };
    by(proxy.address, "s3.example.org", transport).await.list_buckets().await.unwrap_err()
}

pub async fn refusals() {
    for (answer, word) in [
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "refused to connect"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "(502)"),
        ("220 mail.example.org ESMTP\r\n\r\n", "doesn't speak"),
    ] {
        let error = refused_with(answer).await;
        assert!(error.context.proxy && error.to_string().contains(word), "{error}");
    }
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let proxy = Proxy::parse(&format!("http://u:hush@{gone}")).unwrap();
    let transport = Transport { proxy: ProxyRules::always(proxy), ..Transport::default() };
    let error = by(gone, "s3.example.org", transport).await.list_buckets().await.unwrap_err();
    let text = error.to_string();
    assert!(error.context.proxy && !error.context.refused, "{text}");
    assert!(text.contains("can't be reached") && !text.contains("hush"), "{text}");
}

pub async fn exceptions() {
    let authority = Authority::new();
    let (leaf, key) = authority.server(&["localhost"]);
    let address = serve(leaf, &key, None).await;
    let proxy = Small::new(None, None).await;
    let words = format!("http://{}", proxy.address);
    let (rules, _) = ProxyRules::from_words(|name| (name == "https_proxy").then(|| words.clone()));
    let transport =
        Transport { roots: Some(authority.pem()), proxy: rules, ..Transport::default() };
    // This machine is never reached through the environment's proxy.
    by(address, "localhost", transport).await.list_buckets().await.unwrap();
    assert!(proxy.heads().is_empty());
}

pub async fn socks() {
    let authority = Authority::new();
    let (leaf, key) = authority.server(&["s3.inside.invalid"]);
    let address = serve(leaf, &key, None).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let asked = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        let mut hello = [0; 4];
        client.read_exact(&mut hello).await.unwrap();
        assert_eq!(hello, [5, 2, 0, 2]);
        client.write_all(&[5, 2]).await.unwrap();
        let mut words = [0; 3 + 2 + 4];
        client.read_exact(&mut words).await.unwrap();
        assert_eq!(&words, b"\x01\x02me\x04p@ss");
        client.write_all(&[1, 0]).await.unwrap();
        let mut head = [0; 5];
        client.read_exact(&mut head).await.unwrap();
        let mut name = vec![0; usize::from(head[4]) + 2];
        client.read_exact(&mut name).await.unwrap();
        let port = u16::from_be_bytes([name[name.len() - 2], name[name.len() - 1]]);
        let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
        String::from_utf8(name[..name.len() - 2].to_vec()).unwrap()
    });
    let proxy = Proxy::parse(&format!("socks5://me:p%40ss@{at}")).unwrap();
    let transport = Transport {
        roots: Some(authority.pem()),
        proxy: ProxyRules::always(proxy),
        ..Transport::default()
    };
    let s3 = by(address, "s3.inside.invalid", transport).await;
    s3.list_buckets().await.unwrap();
    drop(s3);
    assert!(!asked.is_finished());
}

/// AWS's own variants, seen by the host that a proxy is asked for.
pub async fn hosts_at_aws() {
    let arn = "arn:aws:s3:eu-west-1:123456789012:accesspoint:point";
    let proxy = Small::new(None, Some("HTTP/1.1 403 Forbidden\r\n\r\n")).await;
    let host = async |bucket: &str, set: fn(&mut dipper_s3::Options)| {
        let endpoint = "https://s3.eu-west-1.amazonaws.com";
        let mut connection = connection(endpoint, "aws", Some(("AKIA", "secret")));
        connection.region = "eu-west-1".into();
        connection.addressing = dipper_s3::Addressing::Auto;
        connection.options.transport.proxy = proxy.rules("");
        set(&mut connection.options);
        let s3 = S3::connect(connection).await;
        s3.head_bucket(&crate::support::bucket(bucket)).await.unwrap_err();
        let last = proxy.heads().pop().unwrap();
        last.split(' ').nth(1).unwrap().trim_end_matches(":443").to_owned()
    };
    assert_eq!(host("photos", |_| {}).await, "photos.s3.eu-west-1.amazonaws.com");
    assert_eq!(host("photos", |o| o.fips = true).await, "photos.s3-fips.eu-west-1.amazonaws.com");
    let dual = "photos.s3.dualstack.eu-west-1.amazonaws.com";
    assert_eq!(host("photos", |o| o.dual_stack = true).await, dual);
    assert_eq!(host("photos", |o| o.accelerate = true).await, "photos.s3-accelerate.amazonaws.com");
    let point = "point-123456789012.s3-accesspoint.eu-west-1.amazonaws.com";
    assert_eq!(host(arn, |_| {}).await, point);
}
