//! What a server has no word for, and what it says instead.

use std::sync::Arc;

use super::{CASES, Kind};

/// A case and the server's answer: status and code, or what is wrong with its 200. The rest of what
/// differs is in `docs/contract.md`, the whole as a table in `docs/contract-table.md`.
type Unsupported = (&'static str, &'static str);

const SANDBOX: &[Unsupported] = &[(
    "links::a_domain_of_its_own",
    "400 InvalidHost: only local names are answered (a web page must not reach it by a name of its own)",
)];

const RGW: &[Unsupported] = &[
    ("multipart::some_parts_are_enough", "400 InvalidPart: every part that was sent is wanted"),
    ("access::a_policy_without_sense", "200: any JSON object is taken"),
    ("access::blocks_and_ownership", "400 InvalidArgument: no ownership controls"),
    ("documents::logging", "405 MethodNotAllowed"),
    ("documents::inventory", "200 with `<ListBucketResult>`"),
    ("documents::intelligent_tiering", "200 with `<ListBucketResult>`"),
    ("documents::inventories_listed", "200 with `<ListBucketResult>`"),
    ("documents::tierings_listed", "200 with `<ListBucketResult>`"),
    ("documents::replication", "405 MethodNotAllowed"),
    ("documents::owned_from_the_start", "200 with `<ListBucketResult>`"),
    ("documents::encryption", "200 with `<ListBucketResult>`"),
    ("documents::notification", "200 with `<ListBucketResult>`"),
    ("documents::notification_to_queues", "200 with `<ListBucketResult>`"),
    ("documents::accelerate", "200 with `<ListBucketResult>`"),
    ("documents::ownership", "200 with `<ListBucketResult>`"),
    ("encryption::by_the_server", "200: SSE-S3 is not looked at"),
    ("encryption::by_the_buckets_default", "400 InvalidArgument"),
    ("encryption::copied_to_another_key", "501 NotImplemented"),
    ("encryption::parts_copied_to_another_key", "400 InvalidArgument"),
    ("copies::only_if_absent", "200: the condition on the target is not looked at"),
    ("copies::tags_replaced", "200: the old tags are kept"),
    ("copies::parts_only_of_what_was_meant", "200: a part's condition is not looked at"),
    ("copies::a_part_by_its_number", "200: the whole object"),
    ("copies::attributes", "200 with the object's bytes"),
    ("copies::attributes_of_parts", "200 with the object's bytes"),
    ("copies::an_archived_object", "200: GLACIER is a name like any other"),
    ("copies::restored", "501 NotImplemented"),
];

const SEAWEED: &[Unsupported] = &[
    (
        "buckets::nothing_goes_into_a_missing_bucket",
        "200: an administrator's write makes the bucket",
    ),
    ("buckets::a_name_that_is_taken", "403 AccessDenied: only an administrator makes buckets"),
    ("objects::the_longest_key", "400 KeyTooLongError"),
    (
        "listing::a_folder_without_a_name",
        "200: slashes at the beginning and double ones are dropped",
    ),
    ("listing::keys_that_xml_cannot_say", "200: a page's token loses control characters"),
    ("access::an_object_made_public", "200: an object's ACL is kept and not enforced"),
    ("access::public_from_the_start", "200: an object's ACL is kept and not enforced"),
    ("access::a_public_bucket_opens_its_names_only", "200: its objects are opened, too"),
    ("access::a_policy_for_one_account", "403 AccessDenied: only an administrator makes buckets"),
    ("access::a_denial_wins", "200: an object's ACL is kept and not enforced"),
    ("access::no_block_is_no_error", "501 NotImplemented"),
    ("access::blocks_and_ownership", "200: ACLs stay on"),
    ("documents::logging", "409 BucketAlreadyOwnedByYou"),
    ("documents::inventory", "409 BucketAlreadyOwnedByYou"),
    ("documents::intelligent_tiering", "409 BucketAlreadyOwnedByYou"),
    ("documents::inventories_listed", "409 BucketAlreadyOwnedByYou"),
    ("documents::tierings_listed", "409 BucketAlreadyOwnedByYou"),
    ("documents::replication", "409 BucketAlreadyOwnedByYou"),
    ("documents::owned_from_the_start", "200: the header is not looked at"),
    ("documents::website", "409 BucketAlreadyOwnedByYou"),
    ("documents::notification", "409 BucketAlreadyOwnedByYou"),
    ("documents::notification_to_queues", "409 BucketAlreadyOwnedByYou"),
    ("documents::request_payment", "400 MalformedXML"),
    ("documents::accelerate", "409 BucketAlreadyOwnedByYou"),
    ("documents::public_access_block", "501 NotImplemented"),
    ("encryption::by_a_key_of_kms", "500 InternalError: no key service"),
    ("encryption::by_a_customers_key", "400 Bad Request: a HEAD takes no key"),
    ("encryption::by_a_customers_key_in_parts", "400 InvalidArgument"),
    ("encryption::copied_to_another_key", "400 InvalidArgument"),
    ("encryption::parts_copied_to_another_key", "501 NotImplemented"),
    ("copies::an_archived_object", "200: GLACIER is a name like any other"),
    ("copies::restored", "405 MethodNotAllowed"),
    ("links::a_domain_of_its_own", "403 AccessDenied: the host is not looked at"),
];

const MOTO: &[Unsupported] = &[
    ("buckets::listed_to_its_owner_only", "200: one account for all keys"),
    ("buckets::a_name_that_is_taken", "200: one account for all keys"),
    ("objects::wrong_sums_are_refused", "200: Content-MD5 is not compared"),
    ("listing::the_first_version", "200: + in a common prefix is not encoded"),
    ("multipart::parts_are_listed", "200 with `<ListPartsResponse>`"),
    ("multipart::the_last_of_a_number_counts", "200 with `<ListPartsResponse>`"),
    ("access::private_is_private", "200: nobody is refused"),
    ("access::an_object_made_public", "200: nobody with keys is refused"),
    ("access::a_public_bucket_opens_its_names_only", "200: its objects are opened, too"),
    ("access::a_policy_opens_and_closes", "200: nobody with keys is refused"),
    ("access::a_policy_for_one_account", "200: opened for everybody"),
    ("access::what_is_no_policy", "200: any text is taken"),
    ("access::a_policy_without_sense", "200: any text is taken"),
    ("access::blocks_and_ownership", "200: ACLs stay on"),
    ("versions::on_and_suspended", "200: suspending loses the versions"),
    ("versions::deleted_and_brought_back", "200: delete markers come last"),
    ("versions::deleted_together", "200: delete markers come last"),
    ("versions::listed_in_pages", "200: delete markers come last"),
    ("versions::listed_by_folder", "200: a folder of delete markers is listed"),
    ("documents::inventory", "404 NoSuchBucket after the last one was deleted"),
    ("documents::intelligent_tiering", "200 with `<ListBucketResult>`"),
    ("documents::tierings_listed", "200 with `<ListBucketResult>`"),
    ("documents::retention", "200 with nothing"),
    ("documents::notification", "200: EventBridge is forgotten"),
    ("documents::request_payment", "200 with `<ListBucketResult>`"),
    ("copies::only_the_source_that_was_meant", "200: conditions are not looked at"),
    ("copies::only_if_absent", "200: conditions are not looked at"),
    ("copies::parts_only_of_what_was_meant", "200: conditions are not looked at"),
    ("copies::a_part_by_its_number", "200: the whole object"),
    ("copies::attributes_of_parts", "200 without parts"),
    ("encryption::by_a_customers_key", "200: no key is asked for"),
    ("links::another_content_type_is_refused", "200: signatures are not checked"),
    ("links::an_ended_link_is_refused", "404 NoSuchKey: signatures are not checked"),
    ("links::a_public_url_with_dots_by_host", "404 NoSuchBucket: a bucket ends at the first dot"),
    ("links::a_domain_of_its_own", "404 NoSuchBucket"),
    ("links::a_form_uploads", "204: the form's conditions are not looked at"),
    ("errors::a_wrong_secret", "200: keys are not checked"),
    ("errors::an_unknown_key", "200: keys are not checked"),
    ("errors::not_yours", "200: nobody is refused"),
    ("errors::a_large_body_that_is_refused", "200: nobody is refused"),
];

fn of(kind: Kind) -> &'static [Unsupported] {
    match kind {
        Kind::Memory | Kind::Folder => SANDBOX,
        Kind::Rgw => RGW,
        Kind::Seaweed => SEAWEED,
        Kind::Moto => MOTO,
    }
}

pub fn answer(kind: Kind, case: &str) -> Option<&'static str> {
    of(kind).iter().find(|(name, _)| *name == case).map(|(_, answer)| *answer)
}

/// What a newer server has learnt is no longer unsupported; and what it answers is what is said here.
pub async fn is_still_so(kind: Kind) {
    let mut wrong = Vec::new();
    for (name, answer) in of(kind) {
        let Some((_, run)) = CASES.iter().find(|(case, _)| case == name) else {
            wrong.push(format!("{name}: there is no such case"));
            continue;
        };
        let server = Arc::new(kind.start().await);
        let Err(failed) = tokio::spawn(run(server)).await else {
            wrong.push(format!("{name}: it passes"));
            continue;
        };
        let failed = failed.into_panic();
        let told = failed.downcast_ref::<String>().map_or("", String::as_str);
        let mut words = answer.split(&[' ', ':']);
        let (status, code) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        // Of a 200 only the case knows what is wrong with it.
        if status != "200" && !(told.contains(status) && told.contains(code)) {
            wrong.push(format!("{name}: not {answer}, but {told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
