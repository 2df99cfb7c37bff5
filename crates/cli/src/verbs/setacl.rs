//! Who may do what by ACL: canned ones, and single grants.

use clap::Args;
use dipper_app::{Document, Failure, ListedAction, ObjectChange, Result, Which};
use dipper_types::{BucketName, ObjectKey, S3Uri};
use serde_json::{Value, json};

use super::Context;
use super::sifting::Sieve;
use super::targets::{Each, Targets, nothing_there, targets};
use crate::args_moving::FilterArgs;
use crate::exit::Ended;
use crate::output::{json as json_line, line, name};

#[derive(Debug, Args)]
pub struct Setacl {
    /// s3://BUCKET[/KEY]
    #[arg(required = true, value_name = "URI")]
    pub uris: Vec<String>,
    /// Everyone may read it; of a bucket: the list of names
    #[arg(short = 'P', long, conflicts_with = "acl_private")]
    pub acl_public: bool,
    /// Only the owner may
    #[arg(long)]
    pub acl_private: bool,
    /// A canned ACL: public-read-write, authenticated-read, bucket-owner-full-control …
    #[arg(long, value_name = "CANNED", conflicts_with_all = ["acl_public", "acl_private"])]
    pub acl: Option<String>,
    /// PERMISSION:WHO: read, write, read_acp, write_acp, full_control or all, to an email address, a
    /// canonical id, a group's URI, anon or authenticated
    #[arg(long, value_name = "GRANT")]
    pub acl_grant: Vec<String>,
    /// The same, taken away
    #[arg(long, value_name = "GRANT")]
    pub acl_revoke: Vec<String>,
    /// Every object below a folder
    #[arg(short, long)]
    pub recursive: bool,
    /// Say what would be changed
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub filters: FilterArgs,
}

pub async fn run(context: &Context<'_>, options: &Setacl) -> Result<Ended> {
    let canned = match (&options.acl, options.acl_public, options.acl_private) {
        (Some(canned), ..) => Some(canned.as_str()),
        (None, true, _) => Some("public-read"),
        (None, _, true) => Some("private"),
        _ => None,
    };
    let grants = (parse(&options.acl_grant)?, parse(&options.acl_revoke)?);
    match canned {
        Some(canned) => self::canned(context, options, canned).await,
        None if options.acl_grant.is_empty() && options.acl_revoke.is_empty() => {
            Err(Failure::invalid(
                "say which: --acl-public or --acl-private, or --acl, --acl-grant, --acl-revoke",
            ))
        }
        None => edited(context, options, &grants).await,
    }
}

async fn canned(context: &Context<'_>, options: &Setacl, canned: &str) -> Result<Ended> {
    let s3 = context.app.client(&context.profile).await?;
    let mut objects = Vec::new();
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) if !options.recursive => {
                if !options.dry_run {
                    s3.set_canned_acl(&bucket, Which::default(), canned).await?;
                }
                told(context, options, &format!("s3://{bucket}/"), canned, (1, 1));
            }
            S3Uri::Service => return Err(Failure::invalid("an object or a bucket is needed")),
            _ => objects.push(uri.clone()),
        }
    }
    let sieve = Sieve::of(&options.filters, &objects)?;
    let mut partly = false;
    for (bucket, objects) in targets(context, &objects, options.recursive).await? {
        if options.dry_run {
            dry_run(context, options, (&bucket, &objects, &sieve), canned).await?;
            continue;
        }
        let change = ObjectChange::Acl { canned: canned.to_owned() };
        let action = ListedAction::Change(change);
        let id = objects.begin(context, &bucket, action, Some(&sieve)).await?;
        let ended = context
            .follow(id, |job, number, item| {
                let uri = format!("s3://{bucket}/{}", item.key);
                told(context, options, &uri, canned, (number, job.files_total));
            })
            .await?;
        if context.was_empty(id)? {
            nothing_there("change", &bucket);
        }
        partly |= matches!(ended, Ended::Partly);
    }
    Ok(if partly { Ended::Partly } else { Ended::Well })
}

/// A permission and a grantee, as the document has them.
type Grant = (String, Value);

fn parse(given: &[String]) -> Result<Vec<Grant>> {
    given.iter().map(|text| grant(text)).collect::<Result<Vec<_>>>().map(|all| all.concat())
}

fn grant(text: &str) -> Result<Vec<Grant>> {
    let bad = || {
        Failure::invalid(format!("'{text}' is no grant")).with_hint(
            "Write PERMISSION:WHO, such as read:anon or full_control:somebody@example.com.",
        )
    };
    let (permission, who) = text.split_once(':').ok_or_else(bad)?;
    let permission = match permission.to_ascii_lowercase().as_str() {
        word @ ("read" | "write" | "read_acp" | "write_acp" | "full_control") => {
            word.to_ascii_uppercase()
        }
        "all" => "FULL_CONTROL".to_owned(),
        _ => return Err(bad()),
    };
    let group = |name| json!({ "type": "Group", "uri": format!("http://acs.amazonaws.com/groups/global/{name}") });
    let grantee = match who {
        "" => return Err(bad()),
        "anon" | "*anon*" => group("AllUsers"),
        "authenticated" => group("AuthenticatedUsers"),
        uri if uri.starts_with("http://") => json!({ "type": "Group", "uri": uri }),
        mail if mail.contains('@') => {
            json!({ "type": "AmazonCustomerByEmail", "emailAddress": mail })
        }
        id => json!({ "type": "CanonicalUser", "id": id }),
    };
    Ok(vec![(permission, grantee)])
}

fn same(one: &Value, other: &Value) -> bool {
    ["id", "uri", "emailAddress"]
        .iter()
        .any(|name| one[*name].is_string() && one[*name] == other[*name])
}

/// The ACL with these grants added and those taken away.
fn edit(document: &str, (given, taken): &(Vec<Grant>, Vec<Grant>)) -> Result<String> {
    let mut acl: Value = serde_json::from_str(document).map_err(|e| {
        Failure::new(dipper_app::Code::Internal, format!("an ACL that is no JSON: {e}"))
    })?;
    let mut grants = acl["accessControlList"].as_array().cloned().unwrap_or_default();
    grants.retain(|grant| {
        !taken.iter().any(|(permission, who)| {
            same(&grant["grantee"], who)
                && (grant["permission"] == permission.as_str() || permission == "FULL_CONTROL")
        })
    });
    for (permission, who) in given {
        let there = grants
            .iter()
            .any(|g| same(&g["grantee"], who) && g["permission"] == permission.as_str());
        if !there {
            grants.push(json!({ "grantee": who, "permission": permission }));
        }
    }
    acl["accessControlList"] = grants.into();
    Ok(acl.to_string())
}

async fn edited(
    context: &Context<'_>,
    options: &Setacl,
    grants: &(Vec<Grant>, Vec<Grant>),
) -> Result<Ended> {
    let mut objects = Vec::new();
    for uri in &options.uris {
        match S3Uri::parse(uri)? {
            S3Uri::Bucket(bucket) if !options.recursive => {
                if !options.dry_run {
                    edit_one(context, &bucket, None, grants).await?;
                }
                told(context, options, &format!("s3://{bucket}/"), "edited", (1, 1));
            }
            S3Uri::Service => return Err(Failure::invalid("an object or a bucket is needed")),
            _ => objects.push(uri.clone()),
        }
    }
    let sieve = Sieve::of(&options.filters, &objects)?;
    for (bucket, objects) in targets(context, &objects, options.recursive).await? {
        if options.dry_run {
            dry_run(context, options, (&bucket, &objects, &sieve), "edited").await?;
            continue;
        }
        let mut meant = Listed::of(context, (&bucket, &objects, &sieve)).await?;
        while let Some((key, of)) = meant.next().await? {
            edit_one(context, &bucket, Some(&key), grants).await?;
            told(context, options, &format!("s3://{bucket}/{key}"), "edited", of);
        }
    }
    Ok(Ended::Well)
}

async fn dry_run(
    context: &Context<'_>,
    options: &Setacl,
    what: (&BucketName, &Targets, &Sieve),
    acl: &str,
) -> Result<()> {
    let mut meant = Listed::of(context, what).await?;
    while let Some((key, of)) = meant.next().await? {
        told(context, options, &format!("s3://{}/{key}", what.0), acl, of);
    }
    Ok(())
}

/// So many keys are held, so that they need not be listed again to say how many there are.
const HELD: usize = 10_000;

/// The keys that are meant, each with its number and how many there are.
struct Listed<'a> {
    held: std::vec::IntoIter<ObjectKey>,
    rest: Each<'a>,
    number: u64,
    total: u64,
}

impl<'a> Listed<'a> {
    async fn of(
        context: &'a Context<'_>,
        (bucket, objects, sieve): (&'a BucketName, &'a Targets, &'a Sieve),
    ) -> Result<Self> {
        let mut rest = objects.each(context, bucket, Some(sieve));
        let mut held = Vec::new();
        while held.len() < HELD {
            let Some((key, _)) = rest.next().await? else { break };
            held.push(key);
        }
        let mut total = held.len() as u64;
        if total == 0 {
            nothing_there("change", bucket);
        }
        // Listed once more for their number: to keep them all would take memory without end.
        if held.len() == HELD && !context.args.json && !context.args.quiet {
            let mut again = objects.each(context, bucket, Some(sieve));
            total = 0;
            while again.next().await?.is_some() {
                total += 1;
            }
        }
        Ok(Self { held: held.into_iter(), rest, number: 0, total })
    }

    async fn next(&mut self) -> Result<Option<(ObjectKey, (u64, u64))>> {
        let key = match self.held.next() {
            Some(key) => Some(key),
            None => self.rest.next().await?.map(|(key, _)| key),
        };
        self.number += 1;
        Ok(key.map(|key| (key, (self.number, self.total.max(self.number)))))
    }
}

async fn edit_one(
    context: &Context<'_>,
    bucket: &BucketName,
    key: Option<&ObjectKey>,
    grants: &(Vec<Grant>, Vec<Grant>),
) -> Result<()> {
    let which = Which { key, ..Which::default() };
    let (app, profile) = (context.app, &context.profile);
    let known = app.document(profile, bucket, Document::Acl, which).await?.unwrap_or_default();
    let text = edit(&known, grants)?;
    app.set_document(profile, bucket, Document::Acl, which, &text).await
}

fn told(
    context: &Context<'_>,
    options: &Setacl,
    uri: &str,
    acl: &str,
    (number, total): (u64, u64),
) {
    if context.args.json {
        let mut event = json!({ "type": "acl", "uri": uri, "acl": acl });
        if options.dry_run {
            event["dryRun"] = true.into();
        }
        json_line(&event);
        return;
    }
    if acl == "edited" {
        context.say(&format!("{}: ACL updated", name(uri)));
        return;
    }
    let word = match acl {
        "public-read" => "Public",
        "private" => "Private",
        other => other,
    };
    let text = format!("{}: ACL set to {word}  [{number} of {total}]", name(uri));
    if options.dry_run { line(&text) } else { context.say(&text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_added_once_and_taken_away() {
        let acl = r#"{"owner":{"id":"me"},"accessControlList":[{"grantee":{"id":"me","type":"CanonicalUser"},"permission":"FULL_CONTROL"}]}"#;
        let read = (parse(&["read:anon".into()]).unwrap(), vec![]);
        let once = edit(acl, &read).unwrap();
        assert!(once.contains("AllUsers"));
        assert_eq!(edit(&once, &read).unwrap(), once);
        let back = (vec![], parse(&["all:anon".into()]).unwrap());
        let back: Value = serde_json::from_str(&edit(&once, &back).unwrap()).unwrap();
        assert_eq!(back, serde_json::from_str::<Value>(acl).unwrap());
        for bad in ["read", "see:me", "read:"] {
            assert!(grant(bad).is_err(), "{bad}");
        }
    }
}
