//! The S3 client: connections, listings, object, ACL and policy calls, error classes, providers.
//!
//! Every foreign type stays in this crate: what comes in and goes out are Dipper's own words. Each
//! call is made through [`S3::run`], which classifies failures in one table and follows a bucket to
//! its region.

mod acl;
mod body;
mod bucket;
mod cdn;
mod checksum;
mod client;
mod connection;
mod copy;
mod credentials;
mod document;
mod encryption;
mod error;
mod list;
mod multipart;
mod object;
mod policy;
mod presign;
mod provider;
mod raw;
mod restore;
mod sigv2;
mod transport;
mod types;
mod xml;

pub use acl::{AclDocument, GrantDocument, GranteeDocument};
pub use body::{Download, Pace, Payload, Reader, Sent};
pub use bucket::NewBucket;
pub use cdn::{Cdn, Distribution, DistributionEdit, Invalidation, PATHS_AT_ONCE};
pub use checksum::ChecksumWish;
pub use client::S3;
pub use connection::{Addressing, Connection, EndpointError, Options, is_loopback};
pub use copy::{Copied, CopyRequest, CopySource};
pub use credentials::{
    Account, AssumeRole, AwsConfig, AwsProfileEntry, Credentials, DeviceCode, DeviceLogin, Prompt,
    Question, SignIn, SignInError, Sso, SsoSessionEntry, SsoStanding, WebIdentity,
};
pub use document::{Document, DocumentError, Which, has_grants, tags_header, tags_json, tags_of};
pub use encryption::{CustomerKey, CustomerKeys, KeyRing, ServerSide};
pub use error::{Class, Context, Error};
pub use list::{
    ListPage, ListRequest, ListedObject, ListedPart, Listing, UploadEntry, VersionEntry,
    VersionRequest, VersionsPage,
};
pub use multipart::{FinishedUpload, PartRef};
pub use object::{Deleted, GetRequest, Guard, HeadRequest, PutRequest, Stored};
pub use policy::{OwnershipSetting, PublicAccessBlockSetting};
pub use presign::{FormField, PostForm, Presign, Presigned};
pub use provider::{
    AclSupport, BucketNames, Integrity, Provider, ProviderError, add_provider,
    provider_of_endpoint, providers,
};
pub use transport::{
    BadProxy, Certificate, Fingerprint, Identity, Patience, Proxy, ProxyRules, Transport,
    TransportError, Verify,
};
pub use types::{
    BucketEntry, Checksum, ChecksumAlgorithm, DeleteFailure, ObjectHead, ObjectHeaders, ObjectId,
    Retention, Visibility,
};
