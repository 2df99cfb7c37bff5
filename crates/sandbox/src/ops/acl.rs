//! ACLs: headers and XML in, XML out, and what a bucket's settings let pass.

use dipper_access::{Acl, CannedAcl, Grant, Grantee, Permission, acl_is_public};
use s3s::dto::{self, *};
use s3s::{S3Request, S3Response, S3Result, s3_error};

use super::Server;
use super::versions::find;
use crate::model::BucketInfo;

/// The ACL headers of a request that makes something.
pub(super) struct Wish<'a> {
    pub canned: Option<&'a str>,
    pub grants: [(Permission, Option<&'a str>); 5],
}

/// The wish in an input with the usual fields.
macro_rules! wish {
    ($input:expr) => {
        $crate::ops::acl::wish!($input, None)
    };
    ($input:expr, $write:expr) => {{
        use dipper_access::Permission;
        $crate::ops::acl::Wish {
            canned: $input.acl.as_ref().map(|acl| acl.as_str()),
            grants: [
                (Permission::FullControl, $input.grant_full_control.as_deref()),
                (Permission::Read, $input.grant_read.as_deref()),
                (Permission::ReadAcp, $input.grant_read_acp.as_deref()),
                (Permission::Write, $write),
                (Permission::WriteAcp, $input.grant_write_acp.as_deref()),
            ],
        }
    }};
}
pub(super) use wish;

/// What the ACL is for.
#[derive(Clone, Copy)]
pub(super) enum On<'a> {
    Bucket { owner: &'a str },
    Object { owner: &'a str, bucket_owner: &'a str },
}

impl Wish<'_> {
    fn is_empty(&self) -> bool {
        self.canned.is_none() && self.grants.iter().all(|(_, header)| header.is_none())
    }

    pub(super) fn canned(&self) -> S3Result<Option<CannedAcl>> {
        let parse = |name| {
            CannedAcl::parse(name)
                .ok_or_else(|| s3_error!(InvalidArgument, "There is no canned ACL '{name}'"))
        };
        self.canned.map(parse).transpose()
    }

    /// The ACL that is wished for, if any is.
    pub(super) fn acl(&self, server: &Server, on: On<'_>) -> S3Result<Option<Acl>> {
        if self.is_empty() {
            return Ok(None);
        }
        let (On::Bucket { owner } | On::Object { owner, .. }) = on;
        if let Some(canned) = self.canned()? {
            if self.grants.iter().any(|(_, header)| header.is_some()) {
                return Err(s3_error!(
                    InvalidRequest,
                    "Specifying both Canned ACLs and Header Grants is not allowed"
                ));
            }
            return Ok(Some(match on {
                On::Bucket { owner } => canned.for_bucket(owner),
                On::Object { owner, bucket_owner } => canned.for_object(owner, bucket_owner),
            }));
        }
        let mut acl = Acl { owner: owner.to_owned(), grants: Vec::new() };
        for (permission, header) in self.grants {
            for grantee in header.map_or(Ok(Vec::new()), grantees)? {
                acl.grants.push(Grant { grantee, permission });
            }
        }
        known(server, &acl)?;
        Ok(Some(acl))
    }
}

/// `id="…", uri="…"` of a grant header.
fn grantees(header: &str) -> S3Result<Vec<Grantee>> {
    let one = |part: &str| {
        let (kind, value) = part.trim().split_once('=')?;
        let value = value.trim().trim_matches('"');
        match kind.trim() {
            "id" => Some(Grantee::Canonical { id: value.to_owned() }),
            "uri" => Grantee::from_uri(value),
            "emailAddress" => Some(Grantee::Email { address: value.to_owned() }),
            _ => None,
        }
    };
    header
        .split(',')
        .map(|part| {
            one(part).ok_or_else(|| s3_error!(InvalidArgument, "Argument format not recognized"))
        })
        .collect()
}

/// Whether the sandbox knows everyone in the list.
fn known(server: &Server, acl: &Acl) -> S3Result<()> {
    if acl.grants.len() > 100 {
        return Err(s3_error!(MalformedACLError, "An ACL has at most 100 grants."));
    }
    for grant in &acl.grants {
        match &grant.grantee {
            Grantee::Canonical { id } if !server.accounts.knows(id) => {
                return Err(s3_error!(InvalidArgument, "Invalid id"));
            }
            Grantee::Email { .. } => {
                return Err(s3_error!(
                    UnresolvableGrantByEmailAddress,
                    "The e-mail address you provided does not match any account on record."
                ));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether the bucket's settings let an ACL be put.
pub(super) fn let_pass(info: &BucketInfo, acl: &Acl) -> S3Result<()> {
    if !info.ownership().acls_enabled() {
        let harmless = |g: &Grant| {
            g.permission == Permission::FullControl
                && matches!(&g.grantee, Grantee::Canonical { id } if *id == info.owner || *id == acl.owner)
        };
        if !acl.grants.iter().all(harmless) {
            return Err(s3_error!(AccessControlListNotSupported, "The bucket does not allow ACLs"));
        }
    }
    if info.block().block_public_acls && acl_is_public(acl) {
        return Err(s3_error!(AccessDenied, "Access Denied: public ACLs are blocked"));
    }
    Ok(())
}

/// An ACL in a request's body.
fn from_xml(server: &Server, body: AccessControlPolicy, owner: &str) -> S3Result<Acl> {
    let malformed = || {
        s3_error!(
            MalformedACLError,
            "The XML you provided was not well-formed or did not validate against our schema"
        )
    };
    if body.owner.as_ref().and_then(|o| o.id.as_deref()).is_some_and(|id| id != owner) {
        return Err(s3_error!(AccessDenied, "Access Denied: an ACL's owner does not change"));
    }
    let mut acl = Acl { owner: owner.to_owned(), grants: Vec::new() };
    for grant in body.grants.unwrap_or_default() {
        let permission =
            grant.permission.and_then(|p| Permission::parse(p.as_str())).ok_or_else(malformed)?;
        let grantee = grant.grantee.ok_or_else(malformed)?;
        let grantee = match (grantee.id, grantee.uri, grantee.email_address) {
            (Some(id), None, None) => Grantee::Canonical { id },
            (None, Some(uri), None) => Grantee::from_uri(&uri)
                .ok_or_else(|| s3_error!(InvalidArgument, "Invalid group uri"))?,
            (None, None, Some(address)) => Grantee::Email { address },
            _ => return Err(malformed()),
        };
        acl.grants.push(Grant { grantee, permission });
    }
    known(server, &acl)?;
    Ok(acl)
}

/// The one ACL that a put-ACL request has, in its headers or its body.
fn asked(
    server: &Server,
    wish: &Wish<'_>,
    body: Option<AccessControlPolicy>,
    on: On<'_>,
) -> S3Result<Acl> {
    let (On::Bucket { owner } | On::Object { owner, .. }) = on;
    match (wish.acl(server, on)?, body) {
        (Some(acl), None) => Ok(acl),
        (None, Some(body)) => from_xml(server, body, owner),
        (Some(_), Some(_)) => Err(s3_error!(
            UnexpectedContent,
            "This request does not support content together with ACL headers"
        )),
        (None, None) => {
            Err(s3_error!(MissingSecurityHeader, "Your request was missing a required header"))
        }
    }
}

fn xml(server: &Server, acl: &Acl) -> (dto::Owner, Vec<dto::Grant>) {
    let grant = |g: &Grant| {
        let (id, display_name, email_address, kind) = match &g.grantee {
            Grantee::Canonical { id } => {
                let name = server.accounts.display_name(id);
                (Some(id.clone()), name, None, dto::Type::CANONICAL_USER)
            }
            Grantee::Email { address } => {
                (None, None, Some(address.clone()), dto::Type::AMAZON_CUSTOMER_BY_EMAIL)
            }
            _ => (None, None, None, dto::Type::GROUP),
        };
        let type_ = dto::Type::from_static(kind);
        let uri = g.grantee.uri();
        dto::Grant {
            grantee: Some(dto::Grantee { display_name, email_address, id, type_, uri }),
            permission: Some(dto::Permission::from_static(g.permission.name())),
        }
    };
    (server.owner(&acl.owner), acl.grants.iter().map(grant).collect())
}

/// What an ACL says where ACLs are off: the bucket's owner owns all.
fn effective(info: &BucketInfo, acl: &Acl) -> Acl {
    if info.ownership().acls_enabled() { acl.clone() } else { Acl::private(info.owner.clone()) }
}

impl Server {
    pub(super) fn bucket_acl(
        &self,
        req: S3Request<GetBucketAclInput>,
    ) -> S3Result<S3Response<GetBucketAclOutput>> {
        let state = self.bucket(&req.input.bucket)?.state();
        let (owner, grants) = xml(self, &effective(&state.info, &state.info.acl));
        Ok(S3Response::new(GetBucketAclOutput { owner: Some(owner), grants: Some(grants) }))
    }

    pub(super) async fn set_bucket_acl(
        &self,
        req: S3Request<PutBucketAclInput>,
    ) -> S3Result<S3Response<PutBucketAclOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let state = bucket.state();
        let wish = wish!(input, input.grant_write.as_deref());
        let on = On::Bucket { owner: &state.info.owner };
        let acl = asked(self, &wish, input.access_control_policy.clone(), on)?;
        let change = move |info: &mut BucketInfo| {
            let_pass(info, &acl)?;
            info.acl = acl;
            Ok(())
        };
        self.store.change_bucket(&bucket, change).await.map_err(|e: s3s::S3Error| e)?;
        Ok(S3Response::new(PutBucketAclOutput::default()))
    }

    pub(super) fn object_acl(
        &self,
        req: S3Request<GetObjectAclInput>,
    ) -> S3Result<S3Response<GetObjectAclOutput>> {
        let bucket = self.bucket(&req.input.bucket)?;
        let object = find(&bucket, &req.input.key, req.input.version_id.as_deref())?;
        let acl = effective(&bucket.state().info, &object.detail.acl);
        let (owner, grants) = xml(self, &acl);
        Ok(S3Response::new(GetObjectAclOutput {
            owner: Some(owner),
            grants: Some(grants),
            request_charged: None,
        }))
    }

    pub(super) async fn set_object_acl(
        &self,
        req: S3Request<PutObjectAclInput>,
    ) -> S3Result<S3Response<PutObjectAclOutput>> {
        let input = req.input;
        let bucket = self.bucket(&input.bucket)?;
        let state = bucket.state();
        let version = input.version_id.as_deref();
        let object = find(&bucket, &input.key, version)?;
        let wish = wish!(input, input.grant_write.as_deref());
        let on = On::Object { owner: &object.detail.owner, bucket_owner: &state.info.owner };
        let acl = asked(self, &wish, input.access_control_policy.clone(), on)?;
        let_pass(&state.info, &acl)?;
        let change = move |detail: &mut crate::model::Detail| {
            detail.acl = acl;
            Ok::<_, s3s::S3Error>(())
        };
        self.store.change_object(&bucket, &input.key, version, change).await?;
        Ok(S3Response::new(PutObjectAclOutput::default()))
    }
}
