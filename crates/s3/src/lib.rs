//! The S3 client: connections, listings, object, ACL and policy calls, error classes, providers.
//!
//! Every foreign type stays in this crate: what comes in and goes out are Dipper's own words. Each
//! call is made through [`S3::run`], which classifies failures in one table and follows a bucket to
//! its region.

mod acl;
mod body;
mod bucket;
mod client;
mod connection;
mod credentials;
mod error;
mod list;
mod multipart;
mod object;
mod policy;
mod provider;
mod transport;
mod types;

pub use acl::{AclDocument, GrantDocument, GranteeDocument};
pub use body::{Download, Sent};
pub use client::S3;
pub use connection::{Addressing, Connection, EndpointError, Options, is_loopback};
pub use credentials::{
    Account, AssumeRole, AwsConfig, AwsProfileEntry, Credentials, DeviceCode, DeviceLogin, Prompt,
    Question, SignIn, SignInError, Sso, SsoSessionEntry, SsoStanding, WebIdentity,
};
pub use error::{Class, Context, Error};
pub use list::{ListPage, ListRequest, ListedObject, UploadEntry};
pub use multipart::{FinishedUpload, ListedPart, PartRef};
pub use object::{GetRequest, PutRequest, Stored};
pub use policy::{OwnershipSetting, PublicAccessBlockSetting};
pub use provider::{Integrity, Provider, providers};
pub use transport::{
    BadProxy, Certificate, Fingerprint, Identity, Patience, Proxy, ProxyRules, Transport,
    TransportError, Verify,
};
pub use types::{
    BucketEntry, Checksum, ChecksumAlgorithm, DeleteFailure, ObjectHead, ObjectHeaders, Visibility,
};
