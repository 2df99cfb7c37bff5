use bytes::Bytes;
use dipper_s3::{Class, GetRequest, PartRef, S3};
use dipper_types::{BucketName, PartNumber, UploadId};

use super::{Kind, Server};
use crate::support::{key, noise};

const PART: usize = 5 << 20;

/// CRC-64/NVME by the table-free definition (check value in the transfer crate's tests).
fn crc64nvme(bytes: &[u8]) -> String {
    let crc = crc_fast::checksum(crc_fast::CrcAlgorithm::Crc64Nvme, bytes);
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(crc.to_be_bytes())
}

pub async fn part(
    main: &S3,
    bucket: &BucketName,
    name: &str,
    upload: &UploadId,
    number: i32,
    bytes: &[u8],
) -> PartRef {
    let (number, sum) = (PartNumber::new(number).unwrap(), crc64nvme(bytes));
    let bytes = Bytes::copy_from_slice(bytes);
    main.upload_part(bucket, &key(name), upload, number, bytes, Some(&sum), None, None)
        .await
        .unwrap()
}

pub async fn parts_become_one(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let bytes = noise(3, PART + 1000);
    let upload = main.create_upload(&bucket, &key("big"), &Default::default()).await.unwrap();
    let last = part(&main, &bucket, "big", &upload, 7, &bytes[PART..]).await;
    let first = part(&main, &bucket, "big", &upload, 2, &bytes[..PART]).await;
    let missing = main.head_object(&bucket, &key("big")).await.unwrap_err();
    assert_eq!(missing.class, Class::ObjectNotFound, "not there before it is complete");
    let sum = crc64nvme(&bytes);
    let size = bytes.len() as u64;
    let done = main
        .complete_upload(&bucket, &key("big"), &upload, &[first, last], Some(&sum), size)
        .await
        .unwrap();
    assert!(done.etag.is_none_or(|tag| tag.ends_with("-2")));

    let head = main.head_object(&bucket, &key("big")).await.unwrap();
    assert_eq!(head.size, size);
    assert!(head.etag.unwrap().ends_with("-2"));
    let got = main.get_object(&bucket, &key("big"), &GetRequest::default()).await.unwrap();
    assert!(got.collect(1 << 24).await.unwrap() == bytes);
    let across = GetRequest { range: Some((PART as u64 - 3, 6)), ..GetRequest::default() };
    let got = main.get_object(&bucket, &key("big"), &across).await.unwrap();
    assert_eq!(got.collect(6).await.unwrap(), &bytes[PART - 3..PART + 3]);
    assert!(main.list_uploads(&bucket, "").await.unwrap().is_empty());
}

pub async fn aborted_leaves_nothing(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let upload = main.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap();
    part(&main, &bucket, "k", &upload, 1, b"x").await;
    main.abort_upload(&bucket, &key("k"), &upload).await.unwrap();
    main.abort_upload(&bucket, &key("k"), &upload).await.expect("gone is gone");
    assert!(main.list_uploads(&bucket, "").await.unwrap().is_empty());
    assert!(main.head_object(&bucket, &key("k")).await.is_err());
    main.delete_bucket(&bucket).await.unwrap();
}

pub async fn an_upload_that_is_not_there(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let upload = main.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap();
    let one = part(&main, &bucket, "k", &upload, 1, b"x").await;
    main.abort_upload(&bucket, &key("k"), &upload).await.unwrap();
    let number = PartNumber::new(1).unwrap();
    let sum = crc64nvme(b"x");
    let sent = main
        .upload_part(&bucket, &key("k"), &upload, number, "x".into(), Some(&sum), None, None)
        .await
        .unwrap_err();
    let listed = main.list_parts(&bucket, &key("k"), &upload).await.unwrap_err();
    let ended =
        main.complete_upload(&bucket, &key("k"), &upload, &[one], None, 1).await.unwrap_err();
    assert_eq!(listed.class, Class::UploadNotFound, "{listed}");
    let class = server.differs(Class::UploadNotFound, [(Kind::Moto, Class::Server)]);
    assert_eq!(sent.class, class, "{sent}");
    assert_eq!(
        ended.class,
        server.differs(
            Class::UploadNotFound,
            [(Kind::Rgw, Class::Server), (Kind::Moto, Class::Server)]
        ),
        "{ended}"
    );
}

pub async fn wrong_parts_are_refused(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let upload = main.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap();
    let small = part(&main, &bucket, "k", &upload, 1, b"too small").await;
    let last = part(&main, &bucket, "k", &upload, 2, b"end").await;
    let complete = async |parts: &[PartRef]| {
        main.complete_upload(&bucket, &key("k"), &upload, parts, None, 0).await.unwrap_err()
    };
    let unknown = PartRef { etag: "0".repeat(32), crc64nvme: None, ..last.clone() };
    for wrong in [
        vec![small.clone(), unknown],
        vec![last.clone(), small.clone()],
        vec![small.clone(), last.clone()],
    ] {
        let error = complete(&wrong).await;
        assert_eq!(error.class, Class::InvalidInput, "{error}");
    }
    assert!(main.head_object(&bucket, &key("k")).await.is_err());
    assert_eq!(main.list_uploads(&bucket, "").await.unwrap().len(), 1, "it can still be ended");
    main.abort_upload(&bucket, &key("k"), &upload).await.unwrap();
}

pub async fn some_parts_are_enough(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let upload = main.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap();
    part(&main, &bucket, "k", &upload, 1, b"left out").await;
    let last = part(&main, &bucket, "k", &upload, 2, b"end").await;
    main.complete_upload(&bucket, &key("k"), &upload, &[last], None, 3).await.unwrap();
    assert_eq!(main.head_object(&bucket, &key("k")).await.unwrap().size, 3);
}

pub async fn parts_are_listed(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let upload = main.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap();
    let mut want = Vec::new();
    for number in [3, 1, 10] {
        let bytes = noise(u64::try_from(number).unwrap(), 100 * usize::try_from(number).unwrap());
        want.push(part(&main, &bucket, "k", &upload, number, &bytes).await);
    }
    want.sort_by_key(|p| p.number);
    let got = main.list_parts(&bucket, &key("k"), &upload).await.unwrap();
    let told: Vec<_> = got.iter().map(|p| (p.number.get(), p.etag.as_str(), p.size)).collect();
    let want: Vec<_> = want
        .iter()
        .map(|p| (p.number.get(), p.etag.as_str(), 100 * u64::from(p.number.get().unsigned_abs())))
        .collect();
    assert_eq!(told, want);
}

pub async fn the_last_of_a_number_counts(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let upload = main.create_upload(&bucket, &key("k"), &Default::default()).await.unwrap();
    part(&main, &bucket, "k", &upload, 1, b"first").await;
    let second = part(&main, &bucket, "k", &upload, 1, b"second").await;
    let listed = main.list_parts(&bucket, &key("k"), &upload).await.unwrap();
    assert_eq!(listed.len(), server.differs(1, [(Kind::Seaweed, 2)]));
    main.complete_upload(&bucket, &key("k"), &upload, &[second], None, 6).await.unwrap();
    let got = main.get_object(&bucket, &key("k"), &GetRequest::default()).await.unwrap();
    assert_eq!(got.collect(9).await.unwrap(), b"second");
}

pub async fn odd_keys_in_uploads(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let names = ["a b+c%20/ü", "a//b", "p/../x", "tab\tnew\nline", "z<&>\"'"];
    let names = names.into_iter().filter(|name| server.takes(name));
    for name in names.clone() {
        main.create_upload(&bucket, &key(name), &Default::default()).await.unwrap();
    }
    let mut open = main.list_uploads(&bucket, "").await.unwrap();
    open.sort_by(|a, b| a.key.cmp(&b.key));
    let mut want: Vec<_> = names.map(str::to_owned).collect();
    want.sort();
    assert_eq!(open.iter().map(|u| u.key.clone()).collect::<Vec<_>>(), want);
    assert!(open.iter().all(|u| u.started.is_some()));
    let some = want.iter().filter(|name| name.starts_with('a')).count();
    assert_eq!(main.list_uploads(&bucket, "a").await.unwrap().len(), some);
    for upload in open {
        let id = UploadId::new(upload.upload_id);
        let one = part(&main, &bucket, &upload.key, &id, 1, upload.key.as_bytes()).await;
        main.complete_upload(&bucket, &key(&upload.key), &id, &[one], None, 0)
            .await
            .unwrap_or_else(|error| panic!("{:?}: {error}", upload.key));
        let got =
            main.get_object(&bucket, &key(&upload.key), &GetRequest::default()).await.unwrap();
        assert_eq!(got.collect(99).await.unwrap(), upload.key.as_bytes());
    }
}
