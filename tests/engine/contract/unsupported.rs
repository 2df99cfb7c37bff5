//! What a server has no word for, and what it says instead.

use super::Kind;

pub const UNSUPPORTED: &[(Kind, &str, &str)] = &[
    (Kind::Rgw, "access::blocks_and_ownership", "Ceph 16 has no ownership controls"),
    (Kind::Rgw, "access::a_policy_without_sense", "Ceph 16 takes any JSON object for a policy"),
    (Kind::Rgw, "multipart::some_parts_are_enough", "Ceph 16 wants every part that was sent"),
];
