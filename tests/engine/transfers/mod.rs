//! What is moved arrives whole, once, and nothing else is touched.

mod control;
mod deletes;
mod jobs;
mod killed;
mod trees;

use libtest_mimic::Trial;

use crate::support::trial;

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
        jobs {
            cancelling_an_upload_leaves_nothing_open,
            cancelling_a_download_leaves_nothing_behind,
            what_failed_is_done_again,
            stopped_and_taken_up,
            only_one_takes_it_up,
            a_living_owner_keeps_its_job,
        }
    };
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
