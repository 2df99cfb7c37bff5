//! Lies about what is downloaded.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dipper_s3::S3;
use dipper_sandbox::{Fault, Mix, When};
use dipper_state::JobState;
use sha2::Digest as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::table::{Peers, Told, UNKNOWN};
use crate::rig::{Place, Rig, until};
use crate::support::{bucket, connection, noise, tree};

const MIB: usize = 1 << 20;
/// The three ways in which Dipper downloads.
pub const SIZES: [(&str, usize); 3] = [
    ("3 MiB, one request", 3 * MIB),
    ("8 MiB, HEAD and GET", 8 * MIB),
    ("20 MiB, three ranges", 20 * MIB),
];
const OPAQUE: &str = "\"opaque\"";

/// What nothing can prove may be wrong, if it is told so.
#[derive(Clone, Copy, PartialEq)]
enum Proof {
    Offered,
    None,
}

type Script = fn(&[u8]) -> Vec<(When, Fault)>;

struct Lie {
    name: &'static str,
    peers: Peers,
    proof: Proof,
    script: Script,
}

const fn lie(name: &'static str, peers: Peers, script: Script) -> Lie {
    Lie { name, peers, proof: Proof::Offered, script }
}

const fn unproven(name: &'static str, script: Script) -> Lie {
    Lie { name, peers: UNKNOWN, proof: Proof::None, script }
}

fn gets() -> When {
    When { method: Some("GET"), contains: Some("/bucket/k".into()), ..When::default() }
}

fn heads() -> When {
    When { method: Some("HEAD"), ..gets() }
}

fn both() -> When {
    When { method: None, ..gets() }
}

/// Of one answer's body.
fn half(bytes: &[u8]) -> u64 {
    (bytes.len().min(8 * MIB) / 2) as u64
}

/// A flip under an ETag that says nothing, with this checksum of the true bytes.
fn sum(name: &'static str, value: String, kind: &str) -> Vec<(When, Fault)> {
    vec![
        (both(), Fault::NoChecksum),
        (both(), Fault::ETag(OPAQUE)),
        (gets(), Fault::IgnoreConditions),
        (both(), Fault::Header("x-amz-checksum-type", kind.to_owned())),
        (both(), Fault::Header(name, value)),
        (gets(), Fault::Flip { at: 1000 }),
    ]
}

fn crc(algorithm: crc_fast::CrcAlgorithm, bytes: &[u8]) -> u64 {
    crc_fast::checksum(algorithm, bytes)
}

fn crc32(algorithm: crc_fast::CrcAlgorithm, bytes: &[u8]) -> String {
    BASE64.encode(&crc(algorithm, bytes).to_be_bytes()[4..])
}

const LIES: &[Lie] = &[
    lie("the body ends at half, every time", ["error"; 4], |bytes| {
        vec![(gets(), Fault::Cut { to: half(bytes) })]
    }),
    lie("the body ends at half, once", ["whole"; 4], |bytes| {
        vec![(When { times: Some(1), ..gets() }, Fault::Cut { to: half(bytes) })]
    }),
    lie(
        "body and Content-Length are half of what was promised",
        ["SILENT", "error", "SILENT", "SILENT"],
        |bytes| vec![(gets(), Fault::Short { to: half(bytes) })],
    ),
    lie("body and Content-Length are longer than what was promised", UNKNOWN, |_| {
        vec![(gets(), Fault::Long { by: 7 })]
    }),
    lie(
        "one bit flipped, the ETag is the MD5, no checksum",
        ["SILENT", "error", "SILENT", "SILENT"],
        |_| vec![(both(), Fault::NoChecksum), (gets(), Fault::Flip { at: 1000 })],
    ),
    lie(
        "one bit flipped, CRC32 offered, opaque ETag",
        ["error", "error", "SILENT", "SILENT"],
        |bytes| {
            let value = crc32(crc_fast::CrcAlgorithm::Crc32IsoHdlc, bytes);
            sum("x-amz-checksum-crc32", value, "FULL_OBJECT")
        },
    ),
    lie("one bit flipped, CRC32C offered, opaque ETag", UNKNOWN, |bytes| {
        let value = crc32(crc_fast::CrcAlgorithm::Crc32Iscsi, bytes);
        sum("x-amz-checksum-crc32c", value, "FULL_OBJECT")
    }),
    lie("one bit flipped, CRC64NVME offered, opaque ETag", UNKNOWN, |_| {
        vec![
            (both(), Fault::ETag(OPAQUE)),
            (gets(), Fault::IgnoreConditions),
            (gets(), Fault::Flip { at: 1000 }),
        ]
    }),
    lie("one bit flipped, SHA-256 offered, opaque ETag", UNKNOWN, |bytes| {
        let value = BASE64.encode(sha2::Sha256::digest(bytes));
        sum("x-amz-checksum-sha256", value, "FULL_OBJECT")
    }),
    lie("one bit flipped, SHA-1 offered, opaque ETag", UNKNOWN, |bytes| {
        let value = BASE64.encode(sha1::Sha1::digest(bytes));
        sum("x-amz-checksum-sha1", value, "FULL_OBJECT")
    }),
    unproven("one bit flipped, a sum of parts' sums offered, opaque ETag", |bytes| {
        let value = format!("{}-3", BASE64.encode(sha2::Sha256::digest(bytes)));
        sum("x-amz-checksum-sha256", value, "COMPOSITE")
    }),
    unproven("one bit flipped, no checksum, opaque ETag", |_| {
        vec![
            (both(), Fault::NoChecksum),
            (both(), Fault::ETag(OPAQUE)),
            (gets(), Fault::IgnoreConditions),
            (gets(), Fault::Flip { at: 1000 }),
        ]
    }),
    lie("the bytes are right, the checksum is not", UNKNOWN, |_| {
        vec![(both(), Fault::WrongChecksum)]
    }),
    lie(
        "a portal's page with 200 for every GET, no ETag",
        ["SILENT", "SILENT at 8 MiB, error at 40", "SILENT", "SILENT"],
        |_| vec![(gets(), Fault::Portal { status: 200 })],
    ),
    lie("a portal's page for GET and HEAD", UNKNOWN, |_| {
        vec![(both(), Fault::Portal { status: 200 })]
    }),
    lie(
        "Range is not looked at: 200 with everything",
        ["SILENT", "error", "error", "whole"],
        |_| vec![(gets(), Fault::IgnoreRange)],
    ),
    lie("Content-Range tells of another range", UNKNOWN, |bytes| {
        let told = format!("bytes 5-{}/{}", bytes.len().min(8 * MIB) + 4, bytes.len());
        vec![(gets(), Fault::Header("content-range", told))]
    }),
    lie("every range is answered with the first bytes, under the right headers", UNKNOWN, |_| {
        vec![(gets(), Fault::OtherRange { at: 0 })]
    }),
    lie("another ETag on every GET", UNKNOWN, |_| vec![(gets(), Fault::ETag("\"other\""))]),
    lie("another ETag from the second GET on", UNKNOWN, |_| {
        vec![(When { skip: 1, ..gets() }, Fault::ETag("\"other\""))]
    }),
    lie("no ETag on GET", UNKNOWN, |_| vec![(gets(), Fault::NoETag)]),
    lie("no ETag at all", UNKNOWN, |_| vec![(both(), Fault::NoETag)]),
    lie("HEAD tells a smaller size", UNKNOWN, |bytes| {
        vec![(heads(), Fault::Header("content-length", (bytes.len() / 2).to_string()))]
    }),
    lie("the connection closes before every answer", UNKNOWN, |_| {
        vec![(gets(), Fault::LostAnswer)]
    }),
];

pub async fn told() -> Vec<Told> {
    let mut rows = Vec::new();
    for lie in LIES {
        let mut cells = Vec::new();
        for (_, size) in SIZES {
            cells.push(one(lie, size).await);
        }
        rows.push(Told { lie: lie.name.to_owned(), peers: lie.peers, cells });
    }
    for (name, peers, run) in [
        ("25 % of the GETs are answered with 503 SlowDown", ["whole"; 4], 0),
        (
            "the object is replaced between two GETs",
            ["error", "error", "SILENT mix of both", "whole"],
            1,
        ),
        ("the same, and If-Match is not looked at", UNKNOWN, 2),
        ("the body is longer than its Content-Length", UNKNOWN, 3),
    ] {
        let mut cells = Vec::new();
        for (_, size) in SIZES {
            cells.push(match run {
                0 => busy(size).await,
                1 => replaced(size, false).await,
                2 => replaced(size, true).await,
                _ => longer(size).await,
            });
        }
        rows.push(Told { lie: name.to_owned(), peers, cells });
    }
    rows
}

/// What a job left, as a cell of the table.
async fn verdict(rig: &Rig, job: &dipper_state::JobRow, place: &Place, wants: &[&[u8]]) -> String {
    let there = tree(&place.dst());
    if job.state != JobState::Completed {
        let code = rig.code(job);
        // A temporary file may wait for another try, and for no longer.
        let named = there.iter().any(|(name, _)| name.as_os_str() == "k");
        rig.engine.clear_finished().await.unwrap();
        let left = named || !tree(&place.dst()).is_empty();
        return format!("{}refused: {code}", if left { "LEFT SOMETHING, " } else { "" });
    }
    let by = rig.items(job.id)[0].verified.clone().unwrap_or_default();
    match there.as_slice() {
        [(name, bytes)] if name.as_os_str() == "k" && wants.contains(&bytes.as_slice()) => {
            format!("whole: {by}")
        }
        _ if by == "size" => "size only".to_owned(),
        _ => format!("SILENT: {by}"),
    }
}

async fn with_object(size: usize) -> (Place, Vec<u8>) {
    let place = Place::new().await;
    let bytes = noise(61, size);
    place.put("k", &bytes).await;
    (place, bytes)
}

async fn one(lie: &Lie, size: usize) -> String {
    let (place, bytes) = with_object(size).await;
    for (when, fault) in (lie.script)(&bytes) {
        place.sandbox.faults().add(when, fault);
    }
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("k", size as u64)], &place.dst()).await;
    let told = verdict(&rig, &job, &place, &[&bytes]).await;
    match (lie.proof, told.as_str()) {
        (Proof::Offered, "size only") => "SILENT: size".to_owned(),
        (Proof::None, "size only") => told,
        (Proof::None, _) => format!("SILENT ({told})"),
        _ => told,
    }
}

async fn busy(size: usize) -> String {
    let (place, bytes) = with_object(size).await;
    let slow_down = vec![Fault::Status { status: 503, code: "SlowDown" }];
    let mut mix = Mix::new(7, 250, slow_down);
    mix.when = gets();
    place.sandbox.faults().mix(mix);
    let rig = place.rig();
    let job = rig.download(&place.bucket, &[("k", size as u64)], &place.dst()).await;
    verdict(&rig, &job, &place, &[&bytes]).await
}

async fn replaced(size: usize, blind: bool) -> String {
    let (place, bytes) = with_object(size).await;
    if blind {
        place.sandbox.faults().add(gets(), Fault::IgnoreConditions);
    }
    let other = noise(62, size);
    // The first piece has come, or is on its way, when the object changes; the next is still asked for.
    let late = if size > 8 * MIB { 1 } else { 0 };
    let slow = Fault::Delay(std::time::Duration::from_millis(400));
    place.sandbox.faults().add(When { skip: late, times: Some(1), ..gets() }, slow);
    let rig = place.rig();
    let id = rig.begin_download(&place.bucket, &[("k", size as u64)], &place.dst()).await;
    let waits = 1 + if blind { late + 1 } else { 0 };
    until("a GET waits", || async { place.sandbox.faults().hits() >= waits }).await;
    place.put("k", &other).await;
    let job = rig.ended(id).await;
    verdict(&rig, &job, &place, &[&bytes, &other]).await
}

/// A server of raw bytes: no HTTP library sends more than it announces.
async fn longer(size: usize) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address: SocketAddr = listener.local_addr().unwrap();
    let bytes = noise(63, size);
    let whole = bytes.clone();
    let server = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(too_much(stream, whole.clone()));
        }
    });
    let place = Place::new().await;
    let endpoint = format!("http://{address}");
    let s3 = S3::connect(connection(&endpoint, "custom", Some(("AKIA", "secret")))).await;
    let rig = Rig::open(&place.home(), s3);
    let job = rig.download(&bucket("bucket"), &[("k", size as u64)], &place.dst()).await;
    server.abort();
    verdict(&rig, &job, &place, &[&bytes]).await
}

async fn too_much(mut stream: tokio::net::TcpStream, bytes: Vec<u8>) {
    let etag = hex::encode(<md5::Md5 as md5::Digest>::digest(&bytes));
    let mut asked = Vec::new();
    loop {
        let mut buffer = vec![0; 16 * 1024];
        let Ok(n @ 1..) = stream.read(&mut buffer).await else { return };
        asked.extend_from_slice(&buffer[..n]);
        let Some(end) = asked.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&asked[..end]).to_ascii_lowercase();
        asked.drain(..end + 4);
        let range = head.lines().find_map(|line| line.strip_prefix("range: bytes="));
        let range = range.and_then(|range| {
            let (first, last) = range.trim().split_once('-')?;
            Some((first.parse::<usize>().ok()?, last.parse::<usize>().ok()? + 1))
        });
        let (from, to) = range.unwrap_or((0, bytes.len()));
        let status = match range {
            Some(_) => format!(
                "206 Partial Content\r\ncontent-range: bytes {from}-{}/{}",
                to - 1,
                bytes.len()
            ),
            None => "200 OK".to_owned(),
        };
        let told = format!(
            "HTTP/1.1 {status}\r\netag: \"{etag}\"\r\ncontent-length: {}\r\n\r\n",
            to - from
        );
        if stream.write_all(told.as_bytes()).await.is_err() {
            return;
        }
        if !head.starts_with("head") {
            let _sent = stream.write_all(&bytes[from..to]).await;
            let _sent = stream.write_all(b"and then some").await;
        }
    }
}
