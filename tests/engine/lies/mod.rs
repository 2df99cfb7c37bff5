//! A server, or the way to it, that lies: no wrong file may get its name, and nothing wrong may be
//! called done.

mod bodies;
mod down;
mod listed;
mod parts;
mod strangers;
mod table;
mod up;
mod writes;

use libtest_mimic::Trial;

use crate::support::trial;

macro_rules! trials {
    ($($module:ident { $($name:ident),* $(,)? })*) => {
        vec![$($(
            trial(concat!("lies::", stringify!($module), "::", stringify!($name)), $module::$name)
        ),*),*]
    };
}

pub fn trials() -> Vec<Trial> {
    trials! {
        bodies { passing_faults_are_outlived, lasting_lies_are_refused, a_fault_that_lasts_can_be_outlived_later }
        writes {
            passing_faults_are_outlived,
            a_busy_server_for_good,
            a_bit_flips_on_the_way_up,
            wrong_etags,
            no_sums_at_all,
            the_answer_to_complete_is_lost,
            what_is_refused_stays_open_no_longer_than_the_job,
        }
        strangers {
            a_portal,
            the_same_token_for_ever,
            garbage_for_xml,
            ranges_ignored,
            keys_outside_of_the_prefix,
        }
        parts { sums_of_parts_prove, hashes_of_the_whole_prove, what_is_not_told_proves_nothing }
        table { no_lie_is_believed }
    }
}
