//! Every word that s3cmd's own help lists, with Dipper.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use crate::support::World;

/// Commands of s3cmd's that Dipper has not.
const NO_COMMANDS: &[&str] = &[];
/// Options that `ls` heeds in s3cmd, and that are refused here.
const NO_OPTIONS: &[&str] = &[];

fn help(world: &World, tool: &PathBuf) -> String {
    let mut command = Command::new(tool);
    world.surround(&mut command);
    // One option a line, however long.
    command.env("COLUMNS", "1000").arg("--help");
    world.finish(command).ok().out
}

pub fn commands(tool: &PathBuf) {
    let world = World::new();
    let text = help(&world, tool);
    let all: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("s3cmd "))
        .filter_map(|rest| rest.split(' ').next())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .collect();
    assert!(all.len() >= 50, "{all:?}");
    let missing: Vec<&str> =
        all.into_iter().filter(|command| is_unknown(&world, command)).collect();
    assert_eq!(missing, NO_COMMANDS);
}

fn is_unknown(world: &World, command: &str) -> bool {
    world.run([command, "x://nothing"]).err.contains("unrecognized subcommand")
}

pub fn options(tool: &PathBuf) {
    let world = World::new();
    let text = help(&world, tool);
    let (mut count, mut refused) = (0, Vec::new());
    for line in text.lines().filter(|line| line.trim_start().starts_with('-')) {
        let names = line.trim_start().split("  ").next().unwrap();
        let takes_value = names.contains('=');
        for name in names.split(", ") {
            let name = name.split(['=', ' ']).next().unwrap();
            count += 1;
            let mut words = vec![name.to_owned()];
            if takes_value {
                words.push("1".to_owned());
            }
            // Everything before is read first, and nobody is asked.
            words.extend(["ls", "--help"].map(str::to_owned));
            let ran = world.run(&words);
            match ran.err.contains(" yet\n") {
                true => refused.push(name.to_owned()),
                false => assert_eq!(ran.code, 0, "{words:?}: {}", ran.err),
            }
        }
    }
    assert!(count >= 120, "{count}");
    refused.sort();
    let mut wanted: Vec<&str> = NO_OPTIONS.to_vec();
    wanted.sort_unstable();
    assert_eq!(refused, wanted);
}
