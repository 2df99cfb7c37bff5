//! The real gpg, age and rclone read what Dipper wrote, and the reverse. A program that is not here
//! shows its cases as ignored.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

mod age;
mod gpg;
mod rclone;
#[path = "../crypt/support.rs"]
#[expect(dead_code, reason = "the other suite uses the rest")]
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use dipper_crypt::{DecryptKeys, Decryptor, Recipe};
use libtest_mimic::{Arguments, Failed, Trial};

type Case = (&'static str, fn(&Path));

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let suites: [(&str, &[&str], &str, &[Case]); 3] = [
        ("gpg", &["--version"], "GnuPG", gpg::CASES),
        ("age", &["--version"], "", age::CASES),
        ("rclone", &["version"], "rclone", rclone::CASES),
    ];
    for (tool, version, want, cases) in suites {
        let found = find(tool, version, want);
        for (name, case) in cases {
            let name = format!("{tool}::{name}");
            trials.push(match found.clone() {
                Ok(path) => Trial::test(name, move || {
                    case(&path);
                    Ok::<(), Failed>(())
                })
                .with_kind(tool),
                // The reason stands in the name's kind, so that a list shows it.
                Err(why) => Trial::test(name, || Ok(())).with_kind(why).with_ignored_flag(true),
            });
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `$DIPPER_TEST_RCLONE` and the like, else xtask's tools in the cache folder, else the path.
fn find(name: &str, version: &[&str], want: &str) -> Result<PathBuf, String> {
    let variable = |name: &str| std::env::var_os(name).map(PathBuf::from);
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let named = variable(&format!("DIPPER_TEST_{}", name.to_uppercase()));
    let cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
    let mut places: Vec<PathBuf> = cache.map(|c| c.join("dipper/tools/bin")).into_iter().collect();
    places.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut places: Vec<PathBuf> = places.iter().map(|place| place.join(&file)).collect();
    places.splice(0..0, named);
    let found = places.into_iter().find(|path| path.is_file());
    let Some(path) = found else { return Err(format!("there is no {name}")) };
    let said = Command::new(&path).args(version).output().map_err(|e| format!("{name}: {e}"))?;
    match String::from_utf8_lossy(&said.stdout).contains(want) {
        true => Ok(path),
        false => Err(format!("{name} is not {want}")),
    }
}

/// Runs a program to its end; what it printed.
#[track_caller]
fn run(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let (ok, out, said) = attempt(command, input);
    assert!(ok, "{command:?}: {said}");
    out
}

fn attempt(command: &mut Command, input: &[u8]) -> (bool, Vec<u8>, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program that fails early reads no further.
    let feeder = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), output.stdout, said)
}

/// Sizes around nothing, around a chunk, and around s3cmd's smallest part.
const SIZES: [usize; 8] = [0, 1, 65_535, 65_536, 65_537, (5 << 20) - 1, 5 << 20, (5 << 20) + 1];

fn encrypt_to(path: &Path, recipe: &Recipe, plain: &[u8]) {
    std::fs::write(path, support::encrypt(recipe, plain)).unwrap();
}

fn decrypt_from(path: &Path, keys: &DecryptKeys) -> Vec<u8> {
    let mut file = std::fs::File::open(path).unwrap();
    let mut plain = Vec::new();
    let done = Decryptor::new(None, keys).decrypt(&mut file, &mut plain).unwrap();
    assert_eq!(done.plain, plain.len() as u64);
    plain
}
