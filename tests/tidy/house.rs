//! The real tree, rule by rule.

use crate::tree::{File, files};
use crate::{crates, docs, messages, sizes, ui, words};

#[track_caller]
fn holds(rule: impl Fn(&[File]) -> Vec<String>) {
    let broken = rule(&files());
    assert!(broken.is_empty(), "{} broken:\n  {}", broken.len(), broken.join("\n  "));
}

#[test]
fn crates_import_only_whom_they_may() {
    holds(crates::imports);
}

#[test]
fn foreign_packages_stay_in_their_room() {
    holds(crates::rooms);
}

#[test]
fn the_root_names_what_the_project_is_built_on() {
    holds(crates::named_in_the_root);
}

#[test]
fn every_crate_takes_the_lints() {
    holds(crates::lints);
}

#[test]
fn no_test_file_is_forgotten() {
    holds(crates::forgotten);
}

#[test]
fn files_are_small() {
    for warning in sizes::warnings(&files()) {
        println!("{warning}");
    }
    holds(sizes::too_long);
}

#[test]
fn only_the_backend_knows_tauri() {
    holds(ui::tauri_imports);
}

#[test]
fn the_window_s_rooms_are_apart() {
    holds(ui::layers);
}

#[test]
fn the_window_s_tests_are_where_they_are_run() {
    holds(ui::forgotten);
}

#[test]
fn catalogues_have_the_same_words_and_every_word_used() {
    holds(messages::parity);
}

#[test]
fn nothing_is_left_lying_about() {
    holds(words::left_behind);
}

#[test]
fn no_path_of_somebody_s_machine() {
    holds(words::machine_paths);
}

#[test]
fn links_lead_somewhere() {
    holds(docs::dead_links);
}
