use std::path::Path;
use std::process::{Command, Stdio};

pub type Done = Result<(), String>;

/// A command in the project's root, with the shared build cache.
pub fn command(program: &str, words: &[&str]) -> Command {
    // npm is a script on Windows, which only its own name starts.
    let name = if cfg!(windows) && program == "npm" { "npm.cmd" } else { program };
    let mut command = Command::new(name);
    command
        .args(words)
        .current_dir(crate::paths::root())
        .env("CARGO_TARGET_DIR", crate::paths::target());
    command
}

pub fn say(program: &str, words: &[&str]) {
    println!("$ {program} {}", words.join(" "));
}

pub fn run(program: &str, words: &[&str]) -> Done {
    say(program, words);
    finish(command(program, words), program)
}

pub fn run_in(folder: &Path, program: &str, words: &[&str]) -> Done {
    say(program, words);
    let mut command = command(program, words);
    command.current_dir(folder);
    finish(command, program)
}

pub fn finish(mut command: Command, name: &str) -> Done {
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name} ended with {status}")),
        Err(error) => Err(format!("{name} can't be started: {error}")),
    }
}

/// What a command prints, if it succeeds.
pub fn output(program: &str, words: &[&str]) -> Option<String> {
    let output =
        command(program, words).stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

pub fn exists(program: &str) -> bool {
    let Some(path) = std::env::var_os("PATH") else { return false };
    let name = if cfg!(windows) { format!("{program}.exe") } else { program.to_owned() };
    std::env::split_paths(&path).any(|folder| folder.join(&name).is_file())
}
