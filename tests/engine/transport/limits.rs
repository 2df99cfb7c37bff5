use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use dipper_s3::{Class, Patience, S3};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::scripted::{Scripted, s3_error, say};
use crate::support::{bucket, connection, key};

/// A server of raw bytes: reads a head, then does as told.
async fn raw<F, Fut>(answer: F) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            seen.fetch_add(1, Ordering::SeqCst);
            let mut head = vec![0; 16 * 1024];
            let mut read = 0;
            while !head[..read].windows(4).any(|w| w == b"\r\n\r\n") {
                match stream.read(&mut head[read..]).await {
                    Ok(n @ 1..) => read += n,
                    _ => break,
                }
            }
            tokio::spawn(answer(stream));
        }
    });
    (address, count)
}

async fn at(endpoint: &str, patience: Patience) -> S3 {
    S3::connect_with(connection(endpoint, "custom", Some(("AKIA", "secret"))), patience).await
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/xml\r\n";

pub async fn endless_documents() {
    let (address, _) = raw(|mut stream| async move {
        let _ = stream.write_all(OK).await;
        let _ = stream.write_all(b"transfer-encoding: chunked\r\n\r\n").await;
        let piece = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
        while stream.write_all(&piece).await.is_ok() {}
    })
    .await;
    let s3 = at(&format!("http://{address}"), Patience::default()).await;
    let error = s3.list_buckets().await.unwrap_err();
    assert_eq!(error.class, Class::NotS3, "{error}");
    // An object's bytes are as many as they are: reading goes on past the cap of documents.
    let mut got = s3.get_object(&bucket("bucket"), &key("k"), &Default::default()).await;
    if let Ok(got) = &mut got {
        let mut read = 0;
        while read < 80 << 20 {
            read += got.next().await.unwrap().unwrap().len();
        }
    }
}

pub async fn announced_sizes() {
    let (address, _) = raw(|mut stream| async move {
        let _ = stream.write_all(OK).await;
        let _ = stream.write_all(b"content-length: 99999999999\r\n\r\n<x>").await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let started = Instant::now();
    let s3 = at(&format!("http://{address}"), Patience::default()).await;
    let error = s3.list_buckets().await.unwrap_err();
    assert_eq!(error.class, Class::NotS3, "{error}");
    assert!(started.elapsed() < Duration::from_secs(20), "told by its head alone");
}

pub async fn floods_of_headers() {
    for (many, long) in [(5000, 10), (1, 4 << 20)] {
        let (address, count) = raw(move |mut stream| async move {
            let _ = stream.write_all(OK).await;
            for at in 0..many {
                let line = format!("x-amz-meta-{at}: {}\r\n", "v".repeat(long));
                if stream.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
            }
            let _ = stream.write_all(b"content-length: 0\r\n\r\n").await;
        })
        .await;
        let s3 = at(&format!("http://{address}"), Patience::default()).await;
        s3.list_buckets().await.expect_err("a flood");
        assert!(count.load(Ordering::SeqCst) <= 3, "not again and again");
    }
}

/// No redirect is followed, wherever it leads; so no credential goes there.
pub async fn redirects() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&seen);
    let other = Scripted::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        say(200, "application/xml", "<ListAllMyBucketsResult/>")
    })
    .await;
    for status in [301, 302, 303, 307, 308] {
        let place = format!("{}/", other.endpoint());
        let first = Scripted::new(move |_| {
            let mut said =
                s3_error(status, "TemporaryRedirect", &format!("<Endpoint>{place}</Endpoint>"));
            said.headers_mut().insert("location", place.parse().unwrap());
            said
        })
        .await;
        let s3 = at(&first.endpoint(), Patience::default()).await;
        s3.list_buckets().await.expect_err("a redirect");
        let got = s3.get_object(&bucket("bucket"), &key("k"), &Default::default()).await;
        got.expect_err("a redirect");
    }
    assert_eq!(seen.load(Ordering::SeqCst), 0);
}

/// A region is part of a host's name at AWS: one that is no region leads nowhere.
pub async fn regions_that_are_hosts() {
    for region in ["evil.example/", "evil.example#", "x@evil.example", "EVIL", ""] {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let server = Scripted::new(move |_| {
            count.fetch_add(1, Ordering::SeqCst);
            let mut said = s3_error(301, "PermanentRedirect", "");
            if !region.is_empty() {
                said.headers_mut().insert("x-amz-bucket-region", region.parse().unwrap());
            }
            said
        })
        .await;
        let s3 = at(&server.endpoint(), Patience::default()).await;
        let error = s3.head_bucket(&bucket("bucket")).await.unwrap_err();
        assert_eq!(error.class, Class::WrongRegion, "{error}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{region}");
    }
}

fn short() -> Patience {
    let ms = Duration::from_millis;
    Patience { connect: ms(400), answer: ms(150), answer_to_body: ms(300), work: ms(2500) }
}

pub async fn stalls() {
    // A body that stops in its middle.
    let (address, _) = raw(|mut stream| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 100\r\n\r\nhalf")
            .await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let started = Instant::now();
    let s3 = at(&format!("http://{address}"), short()).await;
    let got = s3.get_object(&bucket("bucket"), &key("k"), &Default::default()).await.unwrap();
    let error = got.collect(1000).await.unwrap_err();
    assert_eq!(error.class, Class::Timeout, "{error}");
    // Nobody reads what goes up.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let s3 = at(&format!("http://{}", listener.local_addr().unwrap()), short()).await;
    let large = bytes::Bytes::from(vec![0; 32 << 20]);
    let sent = dipper_s3::Sent::told(|_| {});
    let put = s3
        .put_object(&bucket("bucket"), &key("k"), large, &Default::default(), Some(&sent))
        .await
        .unwrap_err();
    assert_eq!(put.class, Class::Timeout, "{put}");
    assert!(started.elapsed() < Duration::from_secs(30));
    // A drip is progress: it takes longer than any patience, and ends well.
    let (address, _) = raw(|mut stream| async move {
        let _ =
            stream.write_all(b"HTTP/1.1 200 OK\r\netag: \"x\"\r\ncontent-length: 20\r\n\r\n").await;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(40)).await;
            let _ = stream.write_all(b"x").await;
        }
    })
    .await;
    let s3 = at(&format!("http://{address}"), short()).await;
    let got = s3.get_object(&bucket("bucket"), &key("k"), &Default::default()).await.unwrap();
    assert_eq!(got.collect(1000).await.unwrap().len(), 20);
}

/// Completing may take long; another call's silence is a stall.
pub async fn slow_work() {
    let (address, _) = raw(|mut stream| async move {
        tokio::time::sleep(Duration::from_millis(900)).await;
        let body =
            "<CompleteMultipartUploadResult><ETag>\"e-1\"</ETag></CompleteMultipartUploadResult>";
        let head = format!("content-length: {}\r\n\r\n{body}", body.len());
        let _ = stream.write_all(OK).await;
        let _ = stream.write_all(head.as_bytes()).await;
    })
    .await;
    let s3 = at(&format!("http://{address}"), short()).await;
    let upload = dipper_types::UploadId::new("u");
    let done = s3.complete_upload(&bucket("bucket"), &key("k"), &upload, &[], None, 1).await;
    done.expect("patience with work");
    let error = s3.head_bucket(&bucket("bucket")).await.unwrap_err();
    assert_eq!(error.class, Class::Timeout, "{error}");
}

/// Clients of one way share their connections.
pub async fn connections_are_kept() {
    let (address, count) = raw(|mut stream| async move {
        let body = "<ListAllMyBucketsResult><Buckets/></ListAllMyBucketsResult>";
        let head = format!("content-length: {}\r\n\r\n{body}", body.len());
        let mut buffer = vec![0; 16 * 1024];
        loop {
            if stream.write_all(OK).await.is_err()
                || stream.write_all(head.as_bytes()).await.is_err()
            {
                return;
            }
            match stream.read(&mut buffer).await {
                Ok(1..) => {}
                _ => return,
            }
        }
    })
    .await;
    for _ in 0..5 {
        let s3 = at(&format!("http://{address}"), Patience::default()).await;
        s3.list_buckets().await.unwrap();
    }
    assert_eq!(count.load(Ordering::SeqCst), 1);
}
