use dipper_app::{Code, Failure};
use dipper_s3::{Class, ListRequest, PutRequest, S3};
use dipper_transfer::ListedAction;

use crate::rig::Rig;
use crate::scripted::{Said, Scripted, portal, say};
use crate::support::{bucket, connection, key, tree};

async fn asked(server: &Scripted) -> S3 {
    S3::connect(connection(&server.endpoint(), "sandbox", Some(("AKIA", "secret")))).await
}

pub async fn a_portal() {
    let server = Scripted::new(|_| portal()).await;
    let (s3, b, k) = (asked(&server).await, bucket("bucket"), key("k"));
    let classes = [
        s3.list_buckets().await.map(drop).unwrap_err().class,
        s3.list_page(&b, &ListRequest::default()).await.map(drop).unwrap_err().class,
        s3.head_object(&b, &k).await.map(drop).unwrap_err().class,
        s3.get_object(&b, &k, &Default::default()).await.map(drop).unwrap_err().class,
        s3.put_object(&b, &k, "x".into(), &PutRequest::default(), None)
            .await
            .map(drop)
            .unwrap_err()
            .class,
        s3.create_upload(&b, &k, &Default::default()).await.map(drop).unwrap_err().class,
        s3.delete_objects(&b, &[k]).await.map(drop).unwrap_err().class,
        s3.list_uploads(&b, "").await.map(drop).unwrap_err().class,
        s3.bucket_acl(&b).await.map(drop).unwrap_err().class,
    ];
    assert_eq!(classes, [Class::NotS3; 9]);
    let failure = Failure::from(s3.list_buckets().await.unwrap_err());
    assert_eq!(failure.code, Code::Network);
    assert!(failure.hint.unwrap().contains("doesn't speak S3"));

    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rig = Rig::open(home.path(), s3);
    let job = rig.download(&b, &[("k", 10)], folder.path()).await;
    assert_eq!(rig.failure(&job).code, Code::Network);
    assert!(tree(folder.path()).is_empty());
    let id = rig.begin_listed(&b, "", &[("k", 1)], ListedAction::Delete).await;
    let job = rig.ended(id).await;
    assert_eq!(rig.failure(&job).code, Code::Network, "nothing was deleted, and it says so");
}

fn page(token: &str) -> Said {
    let body = format!(
        "<ListBucketResult><Name>b</Name><IsTruncated>true</IsTruncated><KeyCount>1</KeyCount>\
         <NextContinuationToken>{token}</NextContinuationToken>\
         <Contents><Key>k</Key><Size>1</Size></Contents></ListBucketResult>"
    );
    say(200, "application/xml", body)
}

pub async fn the_same_token_for_ever() {
    let server = Scripted::new(|_| page("again")).await;
    let s3 = asked(&server).await;
    let first = s3.list_page(&bucket("b"), &ListRequest::default()).await.unwrap();
    assert_eq!(first.next.as_deref(), Some("2 again"));
    let request = ListRequest { token: first.next, ..ListRequest::default() };
    let error = s3.list_page(&bucket("b"), &request).await.unwrap_err();
    assert_eq!(error.class, Class::NotS3, "{error}");
}

pub async fn garbage_for_xml() {
    for body in [
        "",
        "<",
        "<ListBucketResult>",
        "<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>2</KeyCount><Contents><Key>a</Key>",
        "\u{0}\u{1}",
        "{\"json\":true}",
        "<Other/>",
    ] {
        let server = Scripted::new(move |_| say(200, "application/xml", body)).await;
        let error = asked(&server).await.list_page(&bucket("b"), &ListRequest::default()).await;
        let Err(error) = error else { panic!("{body:?} was taken for a listing") };
        assert_eq!(error.class, Class::NotS3, "{body:?}: {error}");
    }
}

pub async fn ranges_ignored() {
    const SIZE: usize = 20 << 20;
    let server = Scripted::new(|_| {
        let mut said = say(200, "application/octet-stream", vec![7; SIZE]);
        said.headers_mut().insert("etag", "\"abc\"".parse().unwrap());
        said
    })
    .await;
    let (home, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let rig = Rig::open(home.path(), asked(&server).await);
    let job = rig.download(&bucket("b"), &[("k", SIZE as u64)], folder.path()).await;
    let failure = rig.failure(&job);
    assert!(failure.message.contains("Range"), "{failure:?}");
    assert!(tree(folder.path()).is_empty());
}

pub async fn keys_outside_of_the_prefix() {
    let server = Scripted::new(|_| page("t")).await;
    let request = ListRequest { prefix: "mine/".into(), ..ListRequest::default() };
    let error = asked(&server).await.list_page(&bucket("b"), &request).await.unwrap_err();
    assert_eq!(error.class, Class::NotS3, "or a deletion of mine/ would take what is not in it");
}
