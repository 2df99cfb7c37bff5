//! The S3 client: connections, listings, object, ACL and policy calls, error classes, providers.
