use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use dipper_sandbox::{Config, Sandbox, SandboxError, running};
use http::Method;

use crate::support::{ask, delete, get, put, with_bucket};
use crate::versions::ENABLED;

async fn open(folder: &Path) -> Sandbox {
    Sandbox::start(Config::folder(folder)).await.unwrap()
}

/// Sizes on both sides of what goes into the database.
fn body(n: usize) -> Bytes {
    let size = [0, 10, 16 * 1024, 16 * 1024 + 1, 300_000][n % 5];
    (0..size).map(|i| u8::try_from((i + n) % 251).unwrap()).collect::<Vec<u8>>().into()
}

fn body_files(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder.join("blobs")).unwrap();
    folders.map(|f| std::fs::read_dir(f.unwrap().path()).unwrap().count()).sum()
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let s = with_bucket(open(folder.path()).await).await;
    for n in 0..10 {
        put(&s, &format!("/bucket/{n}"), body(n)).await;
    }
    put(&s, "/bucket/1?tagging", "<Tagging><TagSet></TagSet></Tagging>").await;
    let upload = ask(&s.endpoint(), Method::POST, "/bucket/mp?uploads").by(s.main()).send().await;
    let id = upload.element("UploadId");
    put(&s, &format!("/bucket/mp?partNumber=1&uploadId={id}"), body(4)).await;
    let (endpoint, key) = (s.endpoint(), s.main().access_key.clone());
    s.stop().await;

    let s = open(folder.path()).await;
    assert_eq!((s.endpoint(), &s.main().access_key), (endpoint, &key));
    for n in 0..10 {
        assert_eq!(get(&s, &format!("/bucket/{n}")).await.body, body(n), "{n}");
    }
    let parts = get(&s, &format!("/bucket/mp?uploadId={id}")).await;
    assert_eq!(parts.element("Size"), "300000");
}

#[tokio::test]
async fn replaced_and_deleted_bodies_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let s = with_bucket(open(folder.path()).await).await;
    let copy = async |to: &str| {
        let asked = ask(&s.endpoint(), Method::PUT, to).header("x-amz-copy-source", "/bucket/a");
        asked.by(s.main()).send().await.status.as_u16()
    };
    put(&s, "/bucket/a", body(4)).await;
    put(&s, "/bucket/a", body(9)).await;
    assert_eq!(body_files(folder.path()), 1);
    assert_eq!(copy("/bucket/b").await, 200);
    assert_eq!(body_files(folder.path()), 1, "a copy shares the file");
    delete(&s, "/bucket/a").await;
    assert_eq!(get(&s, "/bucket/b").await.body, body(9));
    delete(&s, "/bucket/b").await;
    assert_eq!(body_files(folder.path()), 0);
}

#[tokio::test]
async fn what_a_kill_left_is_swept() {
    let folder = tempfile::tempdir().unwrap();
    let s = with_bucket(open(folder.path()).await).await;
    put(&s, "/bucket/a", body(4)).await;
    s.stop().await;
    std::fs::write(folder.path().join("blobs/07/7"), "orphan").unwrap();
    std::fs::write(folder.path().join("blobs/tmp/8"), "half").unwrap();
    let s = open(folder.path()).await;
    assert_eq!(body_files(folder.path()), 1);
    assert_eq!(get(&s, "/bucket/a").await.body, body(4));
}

#[tokio::test]
async fn one_process_owns_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    assert!(running(folder.path()).unwrap().is_none());
    let s = open(folder.path()).await;
    let found = running(folder.path()).unwrap().unwrap();
    assert_eq!(found.endpoint, s.endpoint());
    assert_eq!(found.main.secret_key, s.main().secret_key);
    match Sandbox::start(Config::folder(folder.path())).await {
        Err(SandboxError::InUse { endpoint, .. }) => assert_eq!(endpoint, Some(s.endpoint())),
        other => panic!("{other:?}"),
    }
    s.stop().await;
    assert!(running(folder.path()).unwrap().is_none());
}

#[tokio::test]
async fn a_port_that_is_taken_is_left_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let s = open(folder.path()).await;
    let port = s.address().port();
    s.stop().await;
    let squatter = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let s = open(folder.path()).await;
    assert_eq!(s.moved_from(), Some(port));
    assert_ne!(s.address().port(), port);
    drop(squatter);
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let _s = open(folder.path()).await;
    let mode = |p: &Path| std::fs::metadata(p).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    for file in ["identity.json", "server.json"] {
        assert_eq!(mode(&folder.path().join(file)), 0o600);
    }
}

/// Killed in the middle of many uploads: what was acknowledged is there, what is listed is whole.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed() {
    let folder = tempfile::tempdir().unwrap();
    for (round, enough) in [7, 60, 150].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "durable::serve_until_killed", "--ignored", "--nocapture"])
            .env("SANDBOX_FOLDER", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.contains("serving")));
        let at = running(folder.path()).unwrap().unwrap();
        ask(&at.endpoint, Method::PUT, "/bucket").by(&at.main).send().await;
        // From the second round on the bucket keeps versions.
        if round > 0 {
            let on = ask(&at.endpoint, Method::PUT, "/bucket?versioning").body(ENABLED);
            assert_eq!(on.by(&at.main).send().await.status, 200);
        }

        let acknowledged = std::sync::Mutex::new(Vec::new());
        let versions = std::sync::Mutex::new(Vec::new());
        let uploads = (0..8).map(|lane| {
            let (at, acknowledged, versions) = (&at, &acknowledged, &versions);
            async move {
                for n in (lane..400).step_by(8) {
                    let path = format!("/bucket/{round}-{n}");
                    let sent = ask(&at.endpoint, Method::PUT, &path).by(&at.main).body(body(n));
                    match sent.try_send().await {
                        Ok(answer) if answer.status == 200 => {
                            acknowledged.lock().unwrap().push(n);
                        }
                        _ => return,
                    }
                    let shared = ask(&at.endpoint, Method::PUT, "/bucket/shared").by(&at.main);
                    match shared.body(body(n)).try_send().await {
                        Ok(answer) if answer.status == 200 => {
                            let id = answer.header("x-amz-version-id").to_owned();
                            versions.lock().unwrap().push((n, id));
                        }
                        _ => return,
                    }
                }
            }
        });
        let kill = async {
            while acknowledged.lock().unwrap().len() < enough {
                tokio::task::yield_now().await;
            }
            child.kill().unwrap();
            child.wait().unwrap();
        };
        futures::join!(futures::future::join_all(uploads), kill);

        let s = open(folder.path()).await;
        for n in acknowledged.into_inner().unwrap() {
            assert_eq!(get(&s, &format!("/bucket/{round}-{n}")).await.body, body(n), "{n}");
        }
        for (n, id) in versions.into_inner().unwrap() {
            if round > 0 {
                let path = format!("/bucket/shared?versionId={id}");
                assert_eq!(get(&s, &path).await.body, body(n), "{n} {id}");
            }
        }
        for key in get(&s, "/bucket").await.elements("Key") {
            if key == "shared" {
                assert_eq!(get(&s, "/bucket/shared").await.status, 200);
                continue;
            }
            let n: usize = key.split_once('-').unwrap().1.parse().unwrap();
            assert_eq!(get(&s, &format!("/bucket/{key}")).await.body, body(n), "{key}");
        }
        s.stop().await;
    }
}

#[expect(clippy::print_stdout, reason = "tells the test that it may begin")]
#[tokio::test]
#[ignore = "the process that `killed` kills"]
async fn serve_until_killed() {
    let Some(folder) = std::env::var_os("SANDBOX_FOLDER") else {
        return;
    };
    let _s = open(Path::new(&folder)).await;
    println!("serving");
    std::future::pending::<()>().await;
}
