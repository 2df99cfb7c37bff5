use dipper_sandbox::{Config, Sandbox};
use http::Method;

use crate::support::{Answer, ask, delete, get, put, with_bucket};
use crate::versions::ENABLED;

/// Sub-resource, document, an element to find again, the code where there is none.
const DOCUMENTS: [(&str, &str, &str, &str); 12] = [
    (
        "cors",
        "<CORSConfiguration><CORSRule><ID>r</ID><AllowedOrigin>https://*.example</AllowedOrigin>\
         <AllowedMethod>GET</AllowedMethod><AllowedHeader>*</AllowedHeader>\
         <ExposeHeader>ETag</ExposeHeader><MaxAgeSeconds>60</MaxAgeSeconds></CORSRule>\
         </CORSConfiguration>",
        "<AllowedOrigin>https://*.example</AllowedOrigin>",
        "NoSuchCORSConfiguration",
    ),
    (
        "lifecycle",
        "<LifecycleConfiguration><Rule><Filter><And><Prefix>logs/</Prefix><Tag><Key>a</Key>\
         <Value>b</Value></Tag></And></Filter><Status>Enabled</Status><Transition><Days>30</Days>\
         <StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>365</Days>\
         </Expiration></Rule></LifecycleConfiguration>",
        "<Prefix>logs/</Prefix>",
        "NoSuchLifecycleConfiguration",
    ),
    (
        "website",
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
         <RoutingRules><RoutingRule><Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>\
         <Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith></Redirect></RoutingRule>\
         </RoutingRules></WebsiteConfiguration>",
        "<ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith>",
        "NoSuchWebsiteConfiguration",
    ),
    (
        "tagging",
        "<Tagging><TagSet><Tag><Key>team</Key><Value>a &amp; b</Value></Tag></TagSet></Tagging>",
        "<Value>a &amp; b</Value>",
        "NoSuchTagSet",
    ),
    (
        "encryption",
        "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
         <SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>key-1</KMSMasterKeyID>\
         </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule>\
         </ServerSideEncryptionConfiguration>",
        "<KMSMasterKeyID>key-1</KMSMasterKeyID>",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    (
        "replication",
        "<ReplicationConfiguration><Role>arn:aws:iam::1:role/r</Role><Rule><ID>r</ID>\
         <Priority>1</Priority><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>\
         <DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication>\
         <Destination><Bucket>arn:aws:s3:::other</Bucket></Destination></Rule>\
         </ReplicationConfiguration>",
        "<Bucket>arn:aws:s3:::other</Bucket>",
        "ReplicationConfigurationNotFoundError",
    ),
    (
        "logging",
        "<BucketLoggingStatus><LoggingEnabled><TargetBucket>bucket</TargetBucket>\
         <TargetPrefix>logs/</TargetPrefix></LoggingEnabled></BucketLoggingStatus>",
        "<TargetPrefix>logs/</TargetPrefix>",
        "",
    ),
    (
        "notification",
        "<NotificationConfiguration><QueueConfiguration><Id>n</Id><Queue>arn:aws:sqs:::q</Queue>\
         <Event>s3:ObjectCreated:*</Event></QueueConfiguration></NotificationConfiguration>",
        "<Event>s3:ObjectCreated:*</Event>",
        "",
    ),
    (
        "requestPayment",
        "<RequestPaymentConfiguration><Payer>Requester</Payer></RequestPaymentConfiguration>",
        "<Payer>Requester</Payer>",
        "",
    ),
    (
        "accelerate",
        "<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>",
        "<Status>Enabled</Status>",
        "",
    ),
    (
        "inventory&id=i",
        "<InventoryConfiguration><Id>i</Id><IsEnabled>true</IsEnabled><Destination>\
         <S3BucketDestination><Bucket>arn:aws:s3:::bucket</Bucket><Format>CSV</Format>\
         </S3BucketDestination></Destination><Schedule><Frequency>Daily</Frequency></Schedule>\
         <IncludedObjectVersions>All</IncludedObjectVersions></InventoryConfiguration>",
        "<Frequency>Daily</Frequency>",
        "NoSuchConfiguration",
    ),
    (
        "intelligent-tiering&id=t",
        "<IntelligentTieringConfiguration><Id>t</Id><Status>Enabled</Status><Tiering><Days>90\
         </Days><AccessTier>ARCHIVE_ACCESS</AccessTier></Tiering></IntelligentTieringConfiguration>",
        "<AccessTier>ARCHIVE_ACCESS</AccessTier>",
        "NoSuchConfiguration",
    ),
];

#[tokio::test]
async fn each_comes_back_as_it_was_put_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let s = Sandbox::start(Config::folder(folder.path())).await.unwrap();
    let s = with_bucket(s).await;
    put(&s, "/bucket?versioning", ENABLED).await;
    for (name, document, found, missing) in DOCUMENTS {
        let path = format!("/bucket?{name}");
        let none = get(&s, &path).await;
        match missing {
            "" => assert_eq!(none.status, 200, "{name}"),
            code => assert_eq!(none.error(), (404, code.to_owned()), "{name}"),
        }
        let done = put(&s, &path, document).await;
        assert!(done.status.is_success(), "{name}: {}", done.text());
        assert!(get(&s, &path).await.text().contains(found), "{name}");
    }
    s.stop().await;
    let s = Sandbox::start(Config::folder(folder.path())).await.unwrap();
    for (name, _, found, missing) in DOCUMENTS {
        let path = format!("/bucket?{name}");
        let kept = get(&s, &path).await;
        assert!(kept.text().contains(found), "{name}: {}", kept.text());
        if !missing.is_empty() {
            assert_eq!(delete(&s, &path).await.status, 204, "{name}");
            assert_eq!(get(&s, &path).await.error().1, missing, "{name}");
        }
    }
    assert_eq!(put(&s, "/bucket?inventory&id=other", DOCUMENTS[10].1).await.status, 400);
}

#[tokio::test]
async fn what_s3_refuses() {
    let s = with_bucket(Sandbox::start(Config::memory()).await.unwrap()).await;
    let rule = |inside: &str| {
        format!("<LifecycleConfiguration><Rule>{inside}</Rule></LifecycleConfiguration>")
    };
    let on = "<Status>Enabled</Status><Filter/>";
    let cors = |inside: &str| {
        format!("<CORSConfiguration><CORSRule>{inside}</CORSRule></CORSConfiguration>")
    };
    let sse = |inside: &str| {
        format!(
            "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>{inside}\
             </ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>"
        )
    };
    let rows = [
        ("cors", "<CORSConfiguration></CORSConfiguration>".to_owned(), 400, "MalformedXML"),
        (
            "cors",
            cors("<AllowedOrigin>*</AllowedOrigin><AllowedMethod>PATCH</AllowedMethod>"),
            400,
            "InvalidRequest",
        ),
        (
            "cors",
            cors("<AllowedOrigin>*a*</AllowedOrigin><AllowedMethod>GET</AllowedMethod>"),
            400,
            "InvalidRequest",
        ),
        ("lifecycle", rule(on), 400, "InvalidRequest"),
        (
            "lifecycle",
            rule("<Status>Enabled</Status><Expiration><Days>1</Days></Expiration>"),
            400,
            "MalformedXML",
        ),
        (
            "lifecycle",
            rule(&format!("{on}<Expiration><Days>0</Days></Expiration>")),
            400,
            "InvalidArgument",
        ),
        (
            "lifecycle",
            rule(&format!("{on}<Expiration><Date>2026-01-01T05:00:00Z</Date></Expiration>")),
            400,
            "InvalidArgument",
        ),
        (
            "lifecycle",
            rule(&format!(
                "{on}<Transition><Days>5</Days><StorageClass>STANDARD_IA</StorageClass></Transition>"
            )),
            400,
            "InvalidArgument",
        ),
        ("website", "<WebsiteConfiguration/>".to_owned(), 400, "InvalidArgument"),
        ("encryption", sse("<SSEAlgorithm>rot13</SSEAlgorithm>"), 400, "MalformedXML"),
        (
            "encryption",
            sse("<SSEAlgorithm>AES256</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>"),
            400,
            "InvalidArgument",
        ),
        ("replication", DOCUMENTS[5].1.to_owned(), 400, "InvalidRequest"),
        (
            "logging",
            DOCUMENTS[6].1.replace(">bucket<", ">elsewhere<"),
            400,
            "InvalidTargetBucketForLogging",
        ),
        (
            "tagging",
            "<Tagging><TagSet><Tag><Key>aws:x</Key><Value>y</Value></Tag></TagSet></Tagging>"
                .to_owned(),
            400,
            "InvalidTag",
        ),
        (
            "object-lock",
            "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>\
             </ObjectLockConfiguration>"
                .to_owned(),
            409,
            "InvalidBucketState",
        ),
        (
            "versioning",
            "<VersioningConfiguration/>".to_owned(),
            400,
            "IllegalVersioningConfigurationException",
        ),
        (
            "requestPayment",
            "<RequestPaymentConfiguration><Payer>Nobody</Payer></RequestPaymentConfiguration>"
                .to_owned(),
            400,
            "MalformedXML",
        ),
    ];
    for (name, document, status, code) in rows {
        let refused: Answer = put(&s, &format!("/bucket?{name}"), document.clone()).await;
        assert_eq!(refused.error(), (status, code.to_owned()), "{name}: {document}");
    }
    let nobody = ask(&s.endpoint(), Method::GET, "/bucket?cors").by(s.alt()).send().await;
    assert_eq!(nobody.error(), (403, "AccessDenied".into()));
}
