//! What S3's documents are made of (S3 API Reference, "Data Types"): one table, read in both
//! directions.

/// An element and what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub xml: &'static str,
    pub kind: Kind,
    /// May stand several times: an array in JSON, with an `s` at the end of its name.
    pub many: bool,
    /// What the AWS command line calls it, where that is not its XML name.
    pub alias: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Tree(&'static [Field]),
    /// An element whose only children are these: an array in JSON.
    Array(&'static Field),
    /// A tree whose `type` is an attribute.
    Grantee,
}

const fn field(xml: &'static str, kind: Kind) -> Field {
    Field { xml, kind, many: false, alias: "" }
}
const fn text(xml: &'static str) -> Field {
    field(xml, Kind::Text)
}
const fn number(xml: &'static str) -> Field {
    field(xml, Kind::Number)
}
const fn flag(xml: &'static str) -> Field {
    field(xml, Kind::Flag)
}
const fn tree(xml: &'static str, fields: &'static [Field]) -> Field {
    field(xml, Kind::Tree(fields))
}
const fn array(xml: &'static str, item: &'static Field) -> Field {
    field(xml, Kind::Array(item))
}
const fn many(field: Field) -> Field {
    Field { many: true, ..field }
}
const fn alias(alias: &'static str, field: Field) -> Field {
    Field { alias, ..field }
}

const STATUS: &[Field] = &[text("Status")];
const TAG: Field = tree("Tag", &[text("Key"), text("Value")]);
const GRANT: Field = tree("Grant", &[field("Grantee", Kind::Grantee), text("Permission")]);

pub(super) const GRANTEE: &[Field] =
    &[text("ID"), text("DisplayName"), text("EmailAddress"), text("URI")];

pub(super) const VERSIONING: &[Field] = &[text("Status"), alias("MFADelete", text("MfaDelete"))];

pub(super) const ENCRYPTION: &[Field] = &[many(tree(
    "Rule",
    &[
        tree("ApplyServerSideEncryptionByDefault", &[text("SSEAlgorithm"), text("KMSMasterKeyID")]),
        flag("BucketKeyEnabled"),
        tree("BlockedEncryptionTypes", &[many(text("EncryptionType"))]),
    ],
))];

const SIZES: [Field; 2] = [number("ObjectSizeGreaterThan"), number("ObjectSizeLessThan")];

pub(super) const LIFECYCLE: &[Field] = &[many(tree(
    "Rule",
    &[
        text("ID"),
        text("Prefix"),
        tree(
            "Filter",
            &[
                text("Prefix"),
                TAG,
                SIZES[0],
                SIZES[1],
                tree("And", &[text("Prefix"), many(TAG), SIZES[0], SIZES[1]]),
            ],
        ),
        text("Status"),
        many(tree("Transition", &[text("Date"), number("Days"), text("StorageClass")])),
        tree("Expiration", &[text("Date"), number("Days"), flag("ExpiredObjectDeleteMarker")]),
        many(tree(
            "NoncurrentVersionTransition",
            &[number("NoncurrentDays"), number("NewerNoncurrentVersions"), text("StorageClass")],
        )),
        tree(
            "NoncurrentVersionExpiration",
            &[number("NoncurrentDays"), number("NewerNoncurrentVersions")],
        ),
        tree("AbortIncompleteMultipartUpload", &[number("DaysAfterInitiation")]),
    ],
))];

pub(super) const CORS: &[Field] = &[many(tree(
    "CORSRule",
    &[
        text("ID"),
        many(text("AllowedHeader")),
        many(text("AllowedMethod")),
        many(text("AllowedOrigin")),
        many(text("ExposeHeader")),
        number("MaxAgeSeconds"),
    ],
))];

pub(super) const WEBSITE: &[Field] = &[
    tree("IndexDocument", &[text("Suffix")]),
    tree("ErrorDocument", &[text("Key")]),
    tree("RedirectAllRequestsTo", &[text("HostName"), text("Protocol")]),
    array(
        "RoutingRules",
        &tree(
            "RoutingRule",
            &[
                tree("Condition", &[text("HttpErrorCodeReturnedEquals"), text("KeyPrefixEquals")]),
                tree(
                    "Redirect",
                    &[
                        text("HostName"),
                        text("HttpRedirectCode"),
                        text("Protocol"),
                        text("ReplaceKeyPrefixWith"),
                        text("ReplaceKeyWith"),
                    ],
                ),
            ],
        ),
    ),
];

pub(super) const LOGGING: &[Field] = &[tree(
    "LoggingEnabled",
    &[
        text("TargetBucket"),
        array("TargetGrants", &GRANT),
        text("TargetPrefix"),
        tree(
            "TargetObjectKeyFormat",
            &[tree("SimplePrefix", &[]), tree("PartitionedPrefix", &[text("PartitionDateSource")])],
        ),
    ],
)];

const KEY_FILTER: Field = tree(
    "Filter",
    &[alias("Key", tree("S3Key", &[many(tree("FilterRule", &[text("Name"), text("Value")]))]))],
);

pub(super) const NOTIFICATION: &[Field] = &[
    many(tree(
        "TopicConfiguration",
        &[text("Id"), alias("TopicArn", text("Topic")), many(text("Event")), KEY_FILTER],
    )),
    many(tree(
        "QueueConfiguration",
        &[text("Id"), alias("QueueArn", text("Queue")), many(text("Event")), KEY_FILTER],
    )),
    alias(
        "LambdaFunctionConfigurations",
        many(tree(
            "CloudFunctionConfiguration",
            &[
                text("Id"),
                alias("LambdaFunctionArn", text("CloudFunction")),
                many(text("Event")),
                KEY_FILTER,
            ],
        )),
    ),
    tree("EventBridgeConfiguration", &[]),
];

pub(super) const TAGGING: &[Field] = &[array("TagSet", &TAG)];

pub(super) const OBJECT_LOCK: &[Field] = &[
    text("ObjectLockEnabled"),
    tree("Rule", &[tree("DefaultRetention", &[text("Mode"), number("Days"), number("Years")])]),
];

pub(super) const RETENTION: &[Field] = &[text("Mode"), text("RetainUntilDate")];
pub(super) const LEGAL_HOLD: &[Field] = STATUS;

pub(super) const REPLICATION: &[Field] = &[
    text("Role"),
    many(tree(
        "Rule",
        &[
            text("ID"),
            number("Priority"),
            text("Prefix"),
            tree("Filter", &[text("Prefix"), TAG, tree("And", &[text("Prefix"), many(TAG)])]),
            text("Status"),
            tree(
                "SourceSelectionCriteria",
                &[tree("SseKmsEncryptedObjects", STATUS), tree("ReplicaModifications", STATUS)],
            ),
            tree("ExistingObjectReplication", STATUS),
            tree(
                "Destination",
                &[
                    text("Bucket"),
                    text("Account"),
                    text("StorageClass"),
                    tree("AccessControlTranslation", &[text("Owner")]),
                    tree("EncryptionConfiguration", &[text("ReplicaKmsKeyID")]),
                    tree("ReplicationTime", &[text("Status"), tree("Time", &[number("Minutes")])]),
                    tree(
                        "Metrics",
                        &[text("Status"), tree("EventThreshold", &[number("Minutes")])],
                    ),
                ],
            ),
            tree("DeleteMarkerReplication", STATUS),
        ],
    )),
];

pub(super) const INVENTORY: &[Field] = &[
    tree(
        "Destination",
        &[tree(
            "S3BucketDestination",
            &[
                text("AccountId"),
                text("Bucket"),
                text("Format"),
                text("Prefix"),
                tree("Encryption", &[tree("SSE-S3", &[]), tree("SSE-KMS", &[text("KeyId")])]),
            ],
        )],
    ),
    flag("IsEnabled"),
    tree("Filter", &[text("Prefix")]),
    text("Id"),
    text("IncludedObjectVersions"),
    array("OptionalFields", &text("Field")),
    tree("Schedule", &[text("Frequency")]),
];

pub(super) const INVENTORIES: &[Field] = &[
    many(tree("InventoryConfiguration", INVENTORY)),
    flag("IsTruncated"),
    text("ContinuationToken"),
    text("NextContinuationToken"),
];

pub(super) const TIERING: &[Field] = &[
    text("Id"),
    tree("Filter", &[text("Prefix"), TAG, tree("And", &[text("Prefix"), many(TAG)])]),
    text("Status"),
    many(tree("Tiering", &[text("AccessTier"), number("Days")])),
];

pub(super) const TIERINGS: &[Field] = &[
    many(tree("IntelligentTieringConfiguration", TIERING)),
    flag("IsTruncated"),
    text("ContinuationToken"),
    text("NextContinuationToken"),
];

pub(super) const PAYER: &[Field] = &[text("Payer")];
pub(super) const ACCELERATE: &[Field] = STATUS;
pub(super) const OWNERSHIP: &[Field] = &[many(tree("Rule", &[text("ObjectOwnership")]))];
pub(super) const POLICY_STATUS: &[Field] = &[flag("IsPublic")];

pub(super) const PUBLIC_ACCESS_BLOCK: &[Field] = &[
    flag("BlockPublicAcls"),
    flag("IgnorePublicAcls"),
    flag("BlockPublicPolicy"),
    flag("RestrictPublicBuckets"),
];

pub(super) const ACL: &[Field] = &[
    tree("Owner", &[text("ID"), text("DisplayName")]),
    alias("Grants", array("AccessControlList", &GRANT)),
];

pub(super) const ATTRIBUTES: &[Field] = &[
    text("ETag"),
    tree(
        "Checksum",
        &[
            text("ChecksumCRC32"),
            text("ChecksumCRC32C"),
            text("ChecksumCRC64NVME"),
            text("ChecksumSHA1"),
            text("ChecksumSHA256"),
            text("ChecksumType"),
        ],
    ),
    tree(
        "ObjectParts",
        &[
            number("PartsCount"),
            alias("TotalPartsCount", number("TotalPartsCount")),
            number("PartNumberMarker"),
            number("NextPartNumberMarker"),
            number("MaxParts"),
            flag("IsTruncated"),
            many(tree(
                "Part",
                &[
                    number("PartNumber"),
                    number("Size"),
                    text("ChecksumCRC32"),
                    text("ChecksumCRC32C"),
                    text("ChecksumCRC64NVME"),
                    text("ChecksumSHA1"),
                    text("ChecksumSHA256"),
                ],
            )),
        ],
    ),
    text("StorageClass"),
    number("ObjectSize"),
];
