//! What to do next. Class and code decide; the server's own sentence is read only where one code stands
//! for things that want different steps (`AccessDenied`), and never decides what failed.

use dipper_s3::{Class, Error};

/// By the server's code, where it says more than the class.
const BY_CODE: &[(&str, &str)] = &[
    (
        "InvalidAccessKeyId",
        "This access key id is unknown here. Check it, and that the endpoint belongs to the same service.",
    ),
    (
        "SignatureDoesNotMatch",
        "The secret key does not fit the access key id. Copy it again, without spaces around it.",
    ),
    (
        "NotSignedUp",
        "Switch S3 on for this account in the provider's console, or use the keys of another account.",
    ),
    (
        "AccountProblem",
        "Something is wrong with the account itself, often a bill. The provider's console or support can tell.",
    ),
    (
        "AllAccessDisabled",
        "The provider has switched this bucket or account off. Its support can tell why.",
    ),
    (
        "InvalidToken",
        "The session token does not fit these keys. Copy all three again, or sign in again.",
    ),
    (
        "BucketAlreadyExists",
        "Bucket names are shared by everybody on this service. Choose another.",
    ),
    (
        "BucketAlreadyOwnedByYou",
        "It is yours already: open it from the list of buckets, or choose another name.",
    ),
    (
        "InvalidBucketName",
        "Take 3 to 63 small letters, digits and hyphens, beginning and ending with a letter or digit. Some services are stricter.",
    ),
    (
        "TooManyBuckets",
        "The account has as many buckets as it may. Delete one, or ask the provider for more.",
    ),
    (
        "IllegalLocationConstraintException",
        "This endpoint makes buckets in its own region only. Choose the bucket's region as the connection has it, or connect to the other region.",
    ),
    (
        "InvalidStorageClass",
        "Not every service has every storage class. Choose one that this provider has, or none.",
    ),
    (
        "MalformedPolicy",
        "Check the policy's actions and principals, and that each resource is this bucket or lies in it (arn:aws:s3:::BUCKET/*).",
    ),
    (
        "InvalidPolicyDocument",
        "Check the policy's actions and principals, and that each resource is this bucket or lies in it (arn:aws:s3:::BUCKET/*).",
    ),
    (
        "MalformedXML",
        "The server does not know all that stands in this document. Leave newer settings out, one by one.",
    ),
    (
        "EntityTooLarge",
        "No server takes more than 5 GiB in one request, some take less. Upload in parts, or in smaller ones.",
    ),
    ("EntityTooSmall", "All parts but the last must have at least 5 MiB. Choose larger parts."),
    (
        "KeyTooLongError",
        "A key has at most 1,024 bytes; letters beyond ASCII take two to four. Choose a shorter name or folder.",
    ),
    ("MetadataTooLarge", "All metadata together have at most 2 KiB. Shorten or remove some."),
    ("QuotaExceeded", QUOTA),
    ("XMinioAdminBucketQuotaExceeded", QUOTA),
    (
        "XMinioStorageFull",
        "The server's own disks are full. Delete objects there, or tell whoever runs it.",
    ),
    (
        "RequestTimeout",
        "The data came too slowly or broke off. Try again; with fewer transfers at once each gets more of the line.",
    ),
    (
        "RestoreAlreadyInProgress",
        "It is being restored already. That takes minutes to hours; look again later.",
    ),
    (
        "InvalidBucketState",
        "Versioning can't be changed while object lock or replication needs it.",
    ),
    ("OperationAborted", CHANGING),
    ("ConditionalRequestConflict", CHANGING),
];
const QUOTA: &str = "The account or bucket holds as much as it may. Delete something (old versions and unfinished uploads count, too), or ask for a larger quota.";
const CHANGING: &str = "Another change is under way there. Wait a minute, then try again.";
pub(super) const CUSTOMER_KEY: &str = "The server does not say why. Most likely it is encrypted with a customer key (SSE-C) that is not here: add that key (`dipper key add`).";
const KMS: &str = "The encryption key of this bucket or object is switched off or gone. Enable it in KMS, or choose another key.";

/// Whether a read failed as it does where the object has a key of SSE-C and none came with the request.
/// A HEAD's answer has no code.
pub(super) fn needs_customer_key(error: &Error) -> bool {
    let c = &error.context;
    let code = c.s3_code.as_deref();
    c.http_status == Some(400)
        && match c.op {
            "GetObject" => code == Some("InvalidRequest"),
            "HeadObject" => code.is_none(),
            _ => false,
        }
}

pub(super) fn of(error: &Error) -> Option<String> {
    let c = &error.context;
    if c.proxy {
        return Some("Check the proxy's address, its user name and password; it is in the connection, or in the environment (HTTPS_PROXY).".into());
    }
    if c.sign_in && error.class == Class::Unauthenticated {
        return Some(
            "No request was sent: signing in failed. Check what the connection says about it."
                .into(),
        );
    }
    if let Some(code) = c.s3_code.as_deref() {
        if let Some((_, hint)) = BY_CODE.iter().find(|(known, _)| *known == code) {
            return Some((*hint).into());
        }
        if code.starts_with("KMS.") {
            return Some(KMS.into());
        }
    }
    by_class(error).map(Into::into).or_else(|| match error.class {
        Class::WrongRegion => Some(match &c.region {
            Some(region) => format!("The server says that the region is {region}."),
            None => "Check the region of this connection.".into(),
        }),
        _ => None,
    })
}

fn by_class(error: &Error) -> Option<&'static str> {
    let c = &error.context;
    Some(match error.class {
        Class::Unauthenticated => "Check the access key id and the secret key.",
        Class::ExpiredToken => "Sign in again, or paste a new session token.",
        Class::AccessDenied => denied(error),
        Class::AclDisabled => {
            "ACLs are off in this bucket: Object Ownership is \"Bucket owner enforced\". Use the bucket policy, \
             or turn ACLs on."
        }
        Class::BucketNotFound => {
            "Check the bucket's name, and that this connection leads to where it lives."
        }
        Class::ObjectNotFound => "It may have been deleted or renamed meanwhile. Refresh the list.",
        Class::VersionNotFound => {
            "This version may have been deleted for good meanwhile. Refresh the list of versions."
        }
        Class::UploadNotFound => {
            "It was completed or aborted meanwhile, perhaps by a lifecycle rule. Start it again."
        }
        Class::ConfigNotFound => "It was never set for this bucket, or was removed. Set it first.",
        Class::NotEmpty => "Only an empty bucket can be deleted. Delete its objects first.",
        Class::PreconditionFailed | Class::NotModified => {
            "Somebody wrote it meanwhile. Refresh, look at what is there now, then decide."
        }
        Class::Conflict => CHANGING,
        Class::InvalidRange => {
            "The object is shorter than it was. Refresh the list, and try again."
        }
        Class::Unsupported => {
            "This service does not have this function. A check-up of the connection (dipper doctor) shows what it has."
        }
        Class::ObjectArchived => "Restore the object first.",
        Class::Throttled | Class::Server => "The server is busy or has a fault. Try again later.",
        Class::ChecksumMismatch => {
            "The data was not accepted. Retry; if it happens again, something on the way changes it."
        }
        Class::Tls => match &c.certificate {
            Some(certificate) if certificate.reason.contains("expired") => {
                "Whoever runs the server must renew its certificate. If it is valid by the calendar, check this machine's clock."
            }
            Some(certificate) if certificate.reason.contains("another name") => {
                "Connect by the name that stands in the certificate, not by a number or another name. If the name is right, somebody may be listening in."
            }
            Some(_) => {
                "This machine doesn't trust the server's certificate. If it is your own server, pin the certificate or \
                 give its authority to the connection; otherwise somebody may be listening in."
            }
            None => {
                "No secure connection could be made. Check the certificates of the connection, and whether the server \
                 asks for one of yours."
            }
        },
        Class::Timeout => {
            "The server did not answer in time. Check the address, and that no firewall is between."
        }
        Class::Network if c.refused => {
            "Check the endpoint's address and port: nothing listens there. If the server is yours, is it running?"
        }
        Class::Network => "Check the endpoint's address and port, and that this machine is online.",
        Class::NotS3 if c.http_status == Some(413) => {
            "Something before the server (a proxy?) refuses requests of this size. Raise its limit, or choose smaller parts."
        }
        Class::NotS3 => {
            "What answers there doesn't speak S3 (a portal, a proxy, a web page?). Check the endpoint."
        }
        Class::ClockSkew => "This machine's clock is off. Set it, and try again.",
        _ => return None,
    })
}

/// One code for many reasons: some services tell which.
fn denied(error: &Error) -> &'static str {
    let c = &error.context;
    let words = c.message.as_deref().unwrap_or("").to_ascii_lowercase();
    if words.contains("kms:") {
        "These keys may use the bucket, but not the KMS key it is encrypted with. Ask for kms:GenerateDataKey and kms:Decrypt on that key."
    } else if words.contains("public") && words.contains("block") {
        "Public access is blocked for this bucket or the whole account. Allow it under the bucket's access first, if it is meant to be public."
    } else if words.contains("object lock") {
        "Object lock keeps this version until its retention ends or its legal hold is lifted. Look at both in its details."
    } else if words.contains("explicit deny") {
        "A policy forbids it outright: allowing it elsewhere does not help. Ask whoever wrote that policy to change the Deny."
    } else if c.op == "ListBuckets" {
        // Ceph says no more to keys that are wrong.
        "Check the access key id and the secret key. Keys that may not list buckets can still open one by its name."
    } else {
        "These keys may not do this. Ask the bucket's owner to allow it."
    }
}
