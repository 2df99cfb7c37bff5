//! What S3 is to us: behaviours as functions over a server, run on every server there is.
//! Where the sandbox and a real server differ on purpose is in `docs/contract.md`.

mod access;
mod asked;
mod buckets;
mod copies;
mod documents;
mod encryption;
mod errors;
mod links;
mod listing;
mod multipart;
mod objects;
mod server;
mod table;
mod unsupported;
mod versions;

pub use server::{Kind, Server};

use std::sync::Arc;

use futures::future::BoxFuture;
use libtest_mimic::Trial;

use crate::support::{trial, unless};

type Run = fn(Arc<Server>) -> BoxFuture<'static, ()>;

macro_rules! cases {
    ($($module:ident { $($name:ident),* $(,)? })*) => {
        &[$($((
            concat!(stringify!($module), "::", stringify!($name)),
            |server| Box::pin(async move { $module::$name(&server).await }),
        )),*),*]
    };
}

const CASES: &[(&str, Run)] = cases! {
    buckets {
        made_listed_found_deleted,
        listed_to_its_owner_only,
        a_missing_bucket_is_named,
        nothing_goes_into_a_missing_bucket,
        a_full_bucket_stays,
        a_name_that_is_taken,
        no_versions_unless_asked_for,
    }
    objects {
        what_is_put_is_got,
        nothing_is_something,
        ranges,
        only_the_object_that_was_meant,
        headers_and_metadata_stay,
        a_second_put_replaces,
        only_if_absent,
        odd_keys,
        the_longest_key,
        deleting_what_is_not_there,
        a_thousand_at_once,
        wrong_sums_are_refused,
    }
    listing {
        pages,
        by_folder,
        a_folder_without_a_name,
        starting_after,
        nothing_there,
        keys_that_xml_cannot_say,
        folders_and_pages,
        many_at_once,
        the_first_version,
    }
    multipart {
        parts_become_one,
        aborted_leaves_nothing,
        an_upload_that_is_not_there,
        wrong_parts_are_refused,
        parts_are_listed,
        the_last_of_a_number_counts,
        some_parts_are_enough,
        odd_keys_in_uploads,
    }
    access {
        private_is_private,
        an_object_made_public,
        public_from_the_start,
        a_public_bucket_opens_its_names_only,
        acls_say_who_owns,
        a_policy_opens_and_closes,
        a_policy_for_a_folder,
        a_policy_for_one_account,
        a_denial_wins,
        what_is_no_policy,
        a_policy_without_sense,
        no_policy_is_no_error,
        no_block_is_no_error,
        blocks_and_ownership,
    }
    versions {
        on_and_suspended,
        got_and_headed,
        a_version_that_is_not_there,
        deleted_and_brought_back,
        deleted_for_ever,
        deleted_together,
        listed_in_pages,
        listed_by_folder,
    }
    documents {
        logging,
        object_tags,
        inventory,
        inventories_listed,
        intelligent_tiering,
        tierings_listed,
        replication,
        policy_status,
        acl,
        object_lock,
        retention,
        legal_hold,
        owned_from_the_start,
        cors,
        lifecycle,
        encryption,
        website,
        notification,
        notification_to_queues,
        bucket_tags,
        request_payment,
        accelerate,
        ownership,
        public_access_block,
    }
    copies {
        headers_kept,
        headers_replaced,
        onto_itself_unchanged,
        across_buckets,
        only_the_source_that_was_meant,
        only_if_absent,
        a_source_that_is_not_there,
        of_a_version,
        tags_kept,
        tags_replaced,
        in_parts,
        parts_only_of_what_was_meant,
        a_part_by_its_number,
        attributes,
        attributes_of_parts,
        an_archived_object,
        restored,
    }
    encryption {
        by_the_server,
        by_a_key_of_kms,
        by_a_customers_key,
        by_a_customers_key_in_parts,
        copied_to_another_key,
        parts_copied_to_another_key,
        by_the_buckets_default,
    }
    links {
        put_got_headed_deleted,
        of_a_version_by_another_name,
        put_with_its_content_type,
        another_content_type_is_refused,
        an_ended_link_is_refused,
        a_public_url_by_path,
        a_public_url_by_host,
        a_public_url_with_dots_by_host,
        a_domain_of_its_own,
        a_form_uploads,
    }
    errors {
        a_wrong_secret,
        an_unknown_key,
        missing_things_by_name,
        not_yours,
        a_range_beyond_the_end,
        a_large_body_that_is_refused,
    }
};

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![
        trial("contract::sandbox::access::as_aws_makes_buckets", access::as_aws_makes_buckets),
        trial("contract::no_key_over_an_open_line", encryption::no_key_over_an_open_line),
        trial("contract::table_is_up_to_date", table::is_up_to_date),
    ];
    for kind in Kind::ALL {
        for (name, run) in CASES {
            let unsupported =
                unsupported::answer(kind, name).map(|answer| format!("unsupported: {answer}"));
            let case = trial(format!("contract::{}::{name}", kind.name()), move || async move {
                run(Arc::new(kind.start().await)).await;
            });
            trials.push(unless(unsupported.or_else(|| kind.missing()), case));
        }
        let name = format!("contract::{}::what_is_unsupported", kind.name());
        let still = trial(name, move || unsupported::is_still_so(kind));
        trials.push(unless(kind.missing(), still));
    }
    trials
}
