use dipper_s3::{
    Class, GetRequest, GranteeDocument, ListRequest, ObjectHeaders, OwnershipSetting, PutRequest,
    S3, Visibility,
};
use dipper_sandbox::{Config, Sandbox};
use dipper_types::BucketName;
use http::Method;

use super::{Kind, Server};
use crate::support::{key, raw};

async fn put(by: &S3, bucket: &BucketName, name: &str) -> Result<(), Class> {
    by.put_object(bucket, &key(name), "text".into(), &PutRequest::default(), None)
        .await
        .map(drop)
        .map_err(|e| e.class)
}

async fn get(by: &S3, bucket: &BucketName, name: &str) -> Result<(), Class> {
    by.get_object(bucket, &key(name), &GetRequest::default()).await.map(drop).map_err(|e| e.class)
}

async fn list(by: &S3, bucket: &BucketName) -> Result<(), Class> {
    by.list_page(bucket, &ListRequest::default()).await.map(drop).map_err(|e| e.class)
}

/// The status that an anonymous GET of the object gets, over a plain connection.
async fn status(main: &S3, bucket: &BucketName, name: &str) -> u16 {
    let url = main.connection().object_url(bucket.as_str(), name);
    raw(Method::GET, &url, "").await.status.as_u16()
}

const DENIED: Result<(), Class> = Err(Class::AccessDenied);

pub async fn private_is_private(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    for other in [server.alt().await, server.anyone().await] {
        assert_eq!(get(&other, &bucket, "k").await, DENIED);
        assert_eq!(put(&other, &bucket, "new").await, DENIED);
        assert_eq!(list(&other, &bucket).await, DENIED);
        let deleted = other.delete_object(&bucket, &key("k")).await;
        assert_eq!(deleted.unwrap_err().class, Class::AccessDenied);
        assert_eq!(other.bucket_acl(&bucket).await.unwrap_err().class, Class::AccessDenied);
        assert_eq!(
            other.object_acl(&bucket, &key("k")).await.unwrap_err().class,
            Class::AccessDenied
        );
        let opened = other.set_object_acl(&bucket, &key("k"), true).await;
        assert_eq!(opened.unwrap_err().class, Class::AccessDenied);
        assert_eq!(other.bucket_policy(&bucket).await.unwrap_err().class, Class::AccessDenied);
    }
    assert_eq!(status(&main, &bucket, "k").await, 403);
    assert_eq!(get(&main, &bucket, "k").await, Ok(()));
}

pub async fn an_object_made_public(server: &Server) {
    let (main, bucket) = server.bucket().await;
    for name in ["k", "other", "a b/ü+.txt"] {
        put(&main, &bucket, name).await.unwrap();
    }
    for name in ["k", "a b/ü+.txt"] {
        main.set_object_acl(&bucket, &key(name), true).await.unwrap();
        assert_eq!(status(&main, &bucket, name).await, 200);
    }
    let url = main.connection().object_url(bucket.as_str(), "a b/ü+.txt");
    assert_eq!(&raw(Method::GET, &url, "").await.body[..], b"text");
    let (alt, anyone) = (server.alt().await, server.anyone().await);
    assert_eq!((get(&alt, &bucket, "k").await, get(&anyone, &bucket, "k").await), (Ok(()), Ok(())));
    assert_eq!(get(&anyone, &bucket, "other").await, DENIED, "only what was opened");
    assert_eq!(list(&anyone, &bucket).await, DENIED);
    assert_eq!(put(&anyone, &bucket, "k").await, DENIED, "to read is not to write");
    main.set_object_acl(&bucket, &key("k"), false).await.unwrap();
    assert_eq!(status(&main, &bucket, "k").await, 403);
    assert_eq!(get(&alt, &bucket, "k").await, DENIED);
}

pub async fn public_from_the_start(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let headers = ObjectHeaders { visibility: Visibility::Public, ..ObjectHeaders::default() };
    let request = PutRequest { headers: headers.clone(), ..PutRequest::default() };
    main.put_object(&bucket, &key("k"), "x".into(), &request, None).await.unwrap();
    let upload = main.create_upload(&bucket, &key("m"), &headers).await.unwrap();
    let part = super::multipart::part(&main, &bucket, "m", &upload, 1, b"x").await;
    main.complete_upload(&bucket, &key("m"), &upload, &[part], None, 1).await.unwrap();
    assert_eq!((status(&main, &bucket, "k").await, status(&main, &bucket, "m").await), (200, 200));
    put(&main, &bucket, "k").await.unwrap();
    assert_eq!(status(&main, &bucket, "k").await, 403, "an overwrite starts from private");
}

pub async fn a_public_bucket_opens_its_names_only(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    main.set_bucket_acl(&bucket, true).await.unwrap();
    let anyone = server.anyone().await;
    assert_eq!(list(&anyone, &bucket).await, Ok(()));
    assert_eq!(get(&anyone, &bucket, "k").await, DENIED);
    assert_eq!(put(&anyone, &bucket, "new").await, DENIED);
    main.set_bucket_acl(&bucket, false).await.unwrap();
    assert_eq!(list(&anyone, &bucket).await, DENIED);
}

pub async fn acls_say_who_owns(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    let owned = main.bucket_acl(&bucket).await.unwrap();
    assert!(!owned.owner_id.is_empty());
    let everyone = "http://acs.amazonaws.com/groups/global/AllUsers";
    for (public, want) in [(false, 1), (true, 2), (false, 1)] {
        main.set_object_acl(&bucket, &key("k"), public).await.unwrap();
        main.set_bucket_acl(&bucket, public).await.unwrap();
        for acl in [
            main.object_acl(&bucket, &key("k")).await.unwrap(),
            main.bucket_acl(&bucket).await.unwrap(),
        ] {
            assert_eq!(acl.owner_id, owned.owner_id);
            assert_eq!(acl.grants.len(), want, "{acl:?}");
            let own = |g: &&dipper_s3::GrantDocument| matches!(&g.grantee, GranteeDocument::Canonical { id, .. } if *id == acl.owner_id);
            assert_eq!(acl.grants.iter().find(own).unwrap().permission, "FULL_CONTROL");
            let group = acl
                .grants
                .iter()
                .find(|g| matches!(&g.grantee, GranteeDocument::Group { uri } if uri == everyone));
            assert_eq!(group.map(|g| g.permission.as_str()), public.then_some("READ"));
        }
    }
}

fn policy(effect: &str, principal: &str, action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"One","Effect":"{effect}","Principal":{principal},"Action":"{action}","Resource":"arn:aws:s3:::{resource}"}}]}}"#
    )
}

fn same_json(one: &str, other: &str) -> bool {
    let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
    read(one) == read(other)
}

pub async fn a_policy_opens_and_closes(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    let open = policy("Allow", r#""*""#, "s3:GetObject", &format!("{bucket}/*"));
    main.put_bucket_policy(&bucket, &open).await.unwrap();
    assert!(same_json(&main.bucket_policy(&bucket).await.unwrap().unwrap(), &open));
    assert_eq!(status(&main, &bucket, "k").await, 200);
    let anyone = server.anyone().await;
    assert_eq!(list(&anyone, &bucket).await, DENIED);
    assert_eq!(put(&anyone, &bucket, "new").await, DENIED);
    main.delete_bucket_policy(&bucket).await.unwrap();
    assert_eq!(main.bucket_policy(&bucket).await.unwrap(), None);
    assert_eq!(status(&main, &bucket, "k").await, 403);
}

pub async fn a_policy_for_a_folder(server: &Server) {
    let (main, bucket) = server.bucket().await;
    for name in ["pub/a", "pub/b/c", "public", "private/x"] {
        put(&main, &bucket, name).await.unwrap();
    }
    let open = policy("Allow", r#"{"AWS":"*"}"#, "s3:GetObject", &format!("{bucket}/pub/*"));
    main.put_bucket_policy(&bucket, &open).await.unwrap();
    let mut got = Vec::new();
    for name in ["pub/a", "pub/b/c", "public", "private/x"] {
        got.push(status(&main, &bucket, name).await);
    }
    assert_eq!(got, [200, 200, 403, 403]);
}

pub async fn a_policy_for_one_account(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    let alt = server.alt().await;
    // The account's own id, as its own bucket's ACL says it.
    let own = Server::name();
    alt.create_bucket(&own, None).await.unwrap();
    let id = alt.bucket_acl(&own).await.unwrap().owner_id;
    alt.delete_bucket(&own).await.unwrap();
    // Ceph names users, AWS canonical ids.
    let principal = match id.len() {
        64 => format!(r#"{{"CanonicalUser":"{id}"}}"#),
        _ => format!(r#"{{"AWS":"arn:aws:iam:::user/{id}"}}"#),
    };
    let open = policy("Allow", &principal, "s3:GetObject", &format!("{bucket}/*"));
    main.put_bucket_policy(&bucket, &open).await.unwrap();
    assert_eq!(get(&alt, &bucket, "k").await, Ok(()));
    assert_eq!(status(&main, &bucket, "k").await, 403);
}

pub async fn a_denial_wins(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    main.set_object_acl(&bucket, &key("k"), true).await.unwrap();
    assert_eq!(status(&main, &bucket, "k").await, 200);
    let deny = policy("Deny", r#""*""#, "s3:GetObject", &format!("{bucket}/*"));
    main.put_bucket_policy(&bucket, &deny).await.unwrap();
    assert_eq!(status(&main, &bucket, "k").await, 403);
    assert_eq!(get(&server.alt().await, &bucket, "k").await, DENIED);
    main.delete_bucket_policy(&bucket).await.unwrap();
    assert_eq!(status(&main, &bucket, "k").await, 200);
}

pub async fn what_is_no_policy(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let error = main.put_bucket_policy(&bucket, "{").await.unwrap_err();
    assert_eq!(error.class, Class::InvalidInput, "{error}");
    assert_eq!(main.bucket_policy(&bucket).await.unwrap(), None);
}

pub async fn a_policy_without_sense(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let elsewhere = policy("Allow", r#""*""#, "s3:GetObject", "another-bucket/*");
    let maybe = policy("Maybe", r#""*""#, "s3:GetObject", &format!("{bucket}/*"));
    for wrong in ["{}", &elsewhere, &maybe] {
        let error = main.put_bucket_policy(&bucket, wrong).await.unwrap_err();
        assert_eq!(error.class, Class::InvalidInput, "{wrong}: {error}");
    }
    assert_eq!(main.bucket_policy(&bucket).await.unwrap(), None);
}

pub async fn no_policy_is_no_error(server: &Server) {
    let (main, bucket) = server.bucket().await;
    assert_eq!(main.bucket_policy(&bucket).await.unwrap(), None);
    main.delete_bucket_policy(&bucket).await.unwrap();
}

pub async fn no_block_is_no_error(server: &Server) {
    let (main, bucket) = server.bucket().await;
    let block = main.public_access_block(&bucket).await.unwrap();
    assert_eq!(block, server.differs(None, [(Kind::Rgw, Some(Default::default()))]));
    main.delete_public_access_block(&bucket).await.unwrap();
}

pub async fn blocks_and_ownership(server: &Server) {
    let (main, bucket) = server.bucket().await;
    put(&main, &bucket, "k").await.unwrap();
    main.set_object_acl(&bucket, &key("k"), true).await.unwrap();
    main.set_ownership(&bucket, OwnershipSetting::BucketOwnerEnforced).await.unwrap();
    assert_eq!(main.ownership(&bucket).await.unwrap(), Some(OwnershipSetting::BucketOwnerEnforced));
    assert_eq!(status(&main, &bucket, "k").await, 403, "ACLs no longer count");
    let error = main.set_object_acl(&bucket, &key("k"), true).await.unwrap_err();
    assert_eq!(error.class, Class::AclDisabled, "{error}");
    main.set_ownership(&bucket, OwnershipSetting::ObjectWriter).await.unwrap();
    assert_eq!(main.ownership(&bucket).await.unwrap(), Some(OwnershipSetting::ObjectWriter));
    assert_eq!(status(&main, &bucket, "k").await, 200, "and then they do again");
}

/// The sandbox with AWS's defaults: ACLs are off, and what would make public is blocked.
pub async fn as_aws_makes_buckets() {
    let config = Config { aws_defaults: true, ..Config::memory() };
    let sandbox = Sandbox::start(config).await.unwrap();
    let main = crate::support::client(&sandbox.endpoint(), sandbox.main()).await;
    let bucket = Server::name();
    main.create_bucket(&bucket, None).await.unwrap();
    put(&main, &bucket, "k").await.unwrap();
    assert_eq!(main.ownership(&bucket).await.unwrap(), Some(OwnershipSetting::BucketOwnerEnforced));
    let block = main.public_access_block(&bucket).await.unwrap().unwrap();
    assert!(block.block_public_acls && block.ignore_public_acls);
    assert!(block.block_public_policy && block.restrict_public_buckets);
    let acl = main.set_object_acl(&bucket, &key("k"), true).await.unwrap_err();
    assert_eq!(acl.class, Class::AclDisabled, "{acl}");
    let acl = main.set_bucket_acl(&bucket, true).await.unwrap_err();
    assert_eq!(acl.class, Class::AclDisabled, "{acl}");
    let open = policy("Allow", r#""*""#, "s3:GetObject", &format!("{bucket}/*"));
    let refused = main.put_bucket_policy(&bucket, &open).await.unwrap_err();
    assert_eq!(refused.class, Class::AccessDenied, "{refused}");
    main.delete_public_access_block(&bucket).await.unwrap();
    assert_eq!(main.public_access_block(&bucket).await.unwrap(), None);
    main.put_bucket_policy(&bucket, &open).await.unwrap();
    assert_eq!(status(&main, &bucket, "k").await, 200);
}
