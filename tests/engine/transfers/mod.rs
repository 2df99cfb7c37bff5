//! What is moved arrives whole, once, and nothing else is touched.

mod aborted;
mod below;
mod broken;
mod control;
mod deletes;
mod dying;
mod jobs;
mod killed;
mod lanes;
mod lost;
mod mixed;
mod nasty;
mod odd;
mod sent;
mod syncs;
mod trees;

use libtest_mimic::Trial;

use crate::support::{trial, unless};

macro_rules! trials {
    ($($module:ident { $($name:ident),* $(,)? })*) => {
        vec![$($(
            trial(concat!("transfers::", stringify!($module), "::", stringify!($name)), $module::$name)
        ),*),*]
    };
}

pub fn trials() -> Vec<Trial> {
    let mut all = trials! {
        trees { a_tree_goes_up_and_comes_back, a_large_file_in_parts, an_object_from_elsewhere, one_file_keeps_both }
        below {
            deleted_is_exactly_what_is_below,
            files_come_while_the_rest_is_listed,
            a_listing_that_breaks_off_is_gone_on_with,
            cut_off_while_listing,
            copied_under_other_names,
        }
        deletes { exactly_the_set, more_than_a_batch }
        control {
            asked_of_another,
            paused_and_gone_on_with,
            uploads_where_something_is,
            downloads_where_something_is,
            a_speed_limit_holds,
            the_line,
            one_of_many_again_and_all_once_more,
            a_server_that_has_too_much_to_do,
            a_range_that_hangs_is_overtaken,
        }
        broken { no_more_descriptors, a_folder_that_goes_meanwhile }
        lanes { as_many_as_help, half_as_many_when_told_to }
        lost {
            the_one_that_was_asked_for_goes,
            one_of_another_time_stays,
            one_with_parts_stays,
            another_users_stays,
            several_stay,
            a_lost_answer_leaves_nothing,
        }
        sent { what_was_sent_is_no_conflict, what_another_sent_is_one, paused_in_the_middle_of_a_put }
        syncs {
            the_second_time_costs_one_listing,
            a_copy_of_what_is_not_there_any_more,
            a_listing_that_fails,
        }
        odd { what_is_no_file_is_told, a_folder_swapped_for_a_link }
        jobs {
            cancelling_an_upload_leaves_nothing_open,
            cancelling_a_download_leaves_nothing_behind,
            what_failed_is_done_again,
            no_bucket_for_all_is_said_once,
            stopped_and_taken_up,
            only_one_takes_it_up,
            a_living_owner_keeps_its_job,
        }
    };
    all.push(trial(
        "transfers::mixed::one_of_twenty_requests_fails",
        mixed::one_of_twenty_requests_fails,
    ));
    use dipper_transfer::OnExisting::{KeepBoth, Newer, Overwrite, Refuse, Skip};
    for (name, up, after) in [
        ("up_before", Some(Overwrite), false),
        ("up_after", Some(Overwrite), true),
        ("up_refused_before", Some(Refuse), false),
        ("up_refused_after", Some(Refuse), true),
        ("up_both_kept_before", Some(KeepBoth), false),
        ("up_skipped_before", Some(Skip), false),
        ("up_newer_before", Some(Newer), false),
        ("down_before", None, false),
        ("down_after", None, true),
    ] {
        let name = format!("transfers::aborted::at_every_write_{name}");
        all.push(trial(name, move || aborted::at_every_write(up, after)));
    }
    let root = rustix::process::geteuid().is_root();
    let needs_root = || (!root).then(|| "only root mounts, and gives up its rights".to_owned());
    macro_rules! as_root {
        ($($name:ident),* $(,)?) => {$(
            let one = trial(concat!("transfers::broken::", stringify!($name)), broken::$name);
            all.push(unless(needs_root(), one));
        )*};
    }
    as_root! {
        a_folder_that_may_not_be_written,
        what_may_not_be_read,
        a_mount_that_may_only_be_read,
        no_room_for_the_journal,
        the_journal_s_disk_fills_up,
    }
    macro_rules! dying {
        ($($name:ident),* $(,)?) => {$(
            let one = trial(concat!("transfers::dying::", stringify!($name)), dying::$name);
            all.push(unless(dying::lacks(), one));
        )*};
    }
    dying! {
        a_source_that_fails,
        a_destination_that_fails,
        a_destination_that_can_not_be_read_back,
    }
    all.push(trial("transfers::nasty::to_this_disk", || nasty::to_this_disk(false)));
    all.push(trial("transfers::nasty::to_this_disk_portable", || nasty::to_this_disk(true)));
    let ntfs = crate::support::has("lowntfs-3g") && crate::support::has("mkntfs") && root;
    let lacks = (!ntfs).then(|| "root, lowntfs-3g and mkntfs (apt: ntfs-3g) are needed".to_owned());
    all.push(unless(lacks, trial("transfers::nasty::to_ntfs", nasty::to_ntfs)));
    for point in 0..4 {
        for (name, up) in [("up", true), ("down", false)] {
            let name = format!("transfers::mixed::a_black_hole_{name}_{point}");
            all.push(trial(name, move || mixed::a_black_hole(point, up)));
        }
    }
    for point in 0..killed::points() {
        all.push(trial(format!("transfers::killed::upload_{point:02}"), move || {
            killed::upload(point)
        }));
        all.push(trial(format!("transfers::killed::download_{point:02}"), move || {
            killed::download(point)
        }));
        all.push(trial(format!("transfers::killed::many_{point:02}"), move || killed::many(point)));
    }
    all
}
