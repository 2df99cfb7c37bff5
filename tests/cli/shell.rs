//! Completions and manual pages.

use crate::support::World;

#[test]
fn completions_know_the_verbs() {
    let world = World::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = world.run(["completions", shell]).ok();
        for word in ["restore-version", "max-delete", "sandbox"] {
            assert!(ran.out.contains(word), "{shell} has no {word}");
        }
    }
    world.run(["completions", "tcsh"]).exits(64);
    assert_eq!(std::fs::read_dir(world.data()).unwrap().count(), 0, "nothing was opened");
}

#[test]
fn a_page_for_each_verb() {
    let world = World::new();
    world.run(["man", "pages/man1"]).ok();
    for name in ["dipper.1", "dipper-sync.1", "dipper-find.1", "dipper-jobs-resume.1"] {
        let text = String::from_utf8(world.read(&format!("pages/man1/{name}"))).unwrap();
        assert!(text.contains(".TH"), "{name}");
    }
    assert!(!world.path("pages/man1/dipper-getcors.1").exists());
    world.run(["man"]).ok().prints(".TH dipper 1");
}
