use crate::acl::{Acl, Grant, Grantee, Permission};

/// S3's ready-made ACLs, as `x-amz-acl` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CannedAcl {
    Private,
    PublicRead,
    PublicReadWrite,
    AuthenticatedRead,
    AwsExecRead,
    BucketOwnerRead,
    BucketOwnerFullControl,
    LogDeliveryWrite,
}

impl CannedAcl {
    pub const ALL: [Self; 8] = [
        Self::Private,
        Self::PublicRead,
        Self::PublicReadWrite,
        Self::AuthenticatedRead,
        Self::AwsExecRead,
        Self::BucketOwnerRead,
        Self::BucketOwnerFullControl,
        Self::LogDeliveryWrite,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::PublicRead => "public-read",
            Self::PublicReadWrite => "public-read-write",
            Self::AuthenticatedRead => "authenticated-read",
            Self::AwsExecRead => "aws-exec-read",
            Self::BucketOwnerRead => "bucket-owner-read",
            Self::BucketOwnerFullControl => "bucket-owner-full-control",
            Self::LogDeliveryWrite => "log-delivery-write",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.name() == name)
    }

    /// What the name means on a bucket. The names about the bucket's owner mean nothing more than
    /// `private` there.
    pub fn for_bucket(self, owner: &str) -> Acl {
        self.expand(owner, owner)
    }

    /// What the name means on an object of `owner` in a bucket of `bucket_owner`.
    pub fn for_object(self, owner: &str, bucket_owner: &str) -> Acl {
        match self {
            Self::LogDeliveryWrite => Acl::private(owner),
            _ => self.expand(owner, bucket_owner),
        }
    }

    fn expand(self, owner: &str, bucket_owner: &str) -> Acl {
        let more: &[(Grantee, Permission)] = match self {
            Self::Private | Self::AwsExecRead => &[],
            Self::PublicRead => &[(Grantee::Everyone, Permission::Read)],
            Self::PublicReadWrite => {
                &[(Grantee::Everyone, Permission::Read), (Grantee::Everyone, Permission::Write)]
            }
            Self::AuthenticatedRead => &[(Grantee::Authenticated, Permission::Read)],
            Self::LogDeliveryWrite => &[
                (Grantee::LogDelivery, Permission::Write),
                (Grantee::LogDelivery, Permission::ReadAcp),
            ],
            Self::BucketOwnerRead | Self::BucketOwnerFullControl => {
                let mut acl = Acl::private(owner);
                if owner != bucket_owner {
                    let permission = if self == Self::BucketOwnerRead {
                        Permission::Read
                    } else {
                        Permission::FullControl
                    };
                    let grantee = Grantee::Canonical { id: bucket_owner.to_owned() };
                    acl.grants.push(Grant { grantee, permission });
                }
                return acl;
            }
        };
        let mut acl = Acl::private(owner);
        acl.grants.extend(more.iter().map(|(grantee, permission)| Grant {
            grantee: grantee.clone(),
            permission: *permission,
        }));
        acl
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(acl: &Acl) -> Vec<String> {
        acl.grants.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn on_a_bucket() {
        for (canned, grants) in [
            (CannedAcl::Private, vec!["me FULL_CONTROL"]),
            (CannedAcl::PublicRead, vec!["me FULL_CONTROL", "AllUsers READ"]),
            (
                CannedAcl::PublicReadWrite,
                vec!["me FULL_CONTROL", "AllUsers READ", "AllUsers WRITE"],
            ),
            (
                CannedAcl::LogDeliveryWrite,
                vec!["me FULL_CONTROL", "LogDelivery WRITE", "LogDelivery READ_ACP"],
            ),
            (CannedAcl::BucketOwnerFullControl, vec!["me FULL_CONTROL"]),
        ] {
            assert_eq!(said(&canned.for_bucket("me")), grants, "{}", canned.name());
        }
    }

    #[test]
    fn on_an_object_in_the_bucket_of_another() {
        let of = |c: CannedAcl| said(&c.for_object("me", "you"));
        assert_eq!(of(CannedAcl::BucketOwnerRead), ["me FULL_CONTROL", "you READ"]);
        assert_eq!(of(CannedAcl::BucketOwnerFullControl), ["me FULL_CONTROL", "you FULL_CONTROL"]);
        assert_eq!(of(CannedAcl::LogDeliveryWrite), ["me FULL_CONTROL"]);
    }

    #[test]
    fn names_read_back() {
        for canned in CannedAcl::ALL {
            assert_eq!(CannedAcl::parse(canned.name()), Some(canned));
        }
    }
}
