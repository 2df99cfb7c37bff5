//! Many commands from a file, in one process: `run`.

use std::io::BufRead;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args as ClapArgs, Command, CommandFactory, FromArgMatches};
use dipper_app::{App, Code, Failure, Result};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::args::{Args, Verb};
use crate::exit::Ended;
use crate::{drop_in, output};

#[derive(Debug, ClapArgs)]
#[command(
    after_help = "A line is a command as it is typed, without `dipper`. Empty lines and what follows a \
                  # are left out. The connection and --json, --quiet, --raw of this call hold for all \
                  lines; a line may name a connection of its own. With --jobs 1 a line begins when the \
                  one before has ended, else their order is open. Exit code 2: some failed."
)]
pub struct Run {
    /// Commands, a line each; `-` reads standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub file: PathBuf,
    /// So many at once
    #[arg(short, long, value_name = "NUM", default_value_t = 8)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: u16,
    /// Stop with the first line that fails; what runs by then goes on
    #[arg(long)]
    pub stop_on_error: bool,
    /// Every line as a dry run
    #[arg(short = 'n', long)]
    pub dry_run: bool,
}

/// A line, by its number.
type Line = (u64, std::io::Result<String>);

struct Done {
    number: u64,
    verb: String,
    ended: Result<Ended>,
}

pub async fn run(app: &Arc<App>, args: &Args, options: &Run) -> Result<Ended> {
    let mut lines = lines(&options.file)?;
    let outer = Shared { dry_run: options.dry_run, ..Shared::of(args, options.jobs == 1) };
    let mut running: JoinSet<Done> = JoinSet::new();
    let (mut failed, mut all, mut over) = (0_u64, 0_u64, false);
    loop {
        let room = running.len() < usize::from(options.jobs);
        tokio::select! {
            line = lines.recv(), if !over && room => match line {
                None => over = true,
                Some((number, text)) => {
                    let text = text.map_err(|error| {
                        Failure::new(Code::LocalIo, format!("line {number}: {error}"))
                    })?;
                    match outer.read(&text) {
                        Ok(None) => {}
                        Ok(Some((inner, verb))) => {
                            all += 1;
                            let app = Arc::clone(app);
                            // On a thread of its own: not all that a verb holds may change threads.
                            let runtime = tokio::runtime::Handle::current();
                            running.spawn_blocking(move || {
                                let ended = runtime.block_on(super::run(&app, &inner));
                                Done { number, verb, ended }
                            });
                        }
                        Err(failure) => {
                            all += 1;
                            failed += 1;
                            tell(args, number, "", &failure);
                            over |= options.stop_on_error;
                        }
                    }
                }
            },
            done = running.join_next(), if !running.is_empty() => {
                let Some(done) = done else { continue };
                let Done { number, verb, ended } =
                    done.map_err(|_| Failure::new(Code::Internal, "a command ended early"))?;
                let failure = match ended {
                    Ok(Ended::Well) => continue,
                    Ok(Ended::Partly) => Failure::new(Code::Internal, "some of it failed"),
                    Ok(Ended::Different) => Failure::new(Code::Internal, "they differ"),
                    Ok(Ended::Unconfigured(failure)) | Err(failure) => failure,
                };
                failed += 1;
                tell(args, number, &verb, &failure);
                over |= options.stop_on_error;
                if failure.code == Code::Cancelled {
                    running.detach_all();
                    return Err(failure);
                }
            }
            else => break,
        }
        if over && running.is_empty() {
            break;
        }
    }
    if failed == 0 {
        return Ok(Ended::Well);
    }
    if !args.quiet && !args.json {
        output::note(&format!("{failed} of {all} commands failed"));
    }
    Ok(Ended::Partly)
}

/// Read a little ahead, on a thread of its own.
fn lines(file: &PathBuf) -> Result<mpsc::Receiver<Line>> {
    let input: Box<dyn BufRead + Send> = match file.as_os_str() == "-" {
        true => Box::new(std::io::BufReader::new(std::io::stdin())),
        false => {
            let open = std::fs::File::open(file).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => {
                    Failure::invalid(format!("{}: there is no such file", file.display()))
                }
                _ => Failure::new(Code::LocalIo, format!("{}: {error}", file.display())),
            })?;
            Box::new(std::io::BufReader::new(open))
        }
    };
    let (tell, told) = mpsc::channel(64);
    std::thread::spawn(move || {
        for (at, line) in input.lines().enumerate() {
            let broken = line.is_err();
            if tell.blocking_send((at as u64 + 1, line)).is_err() || broken {
                return;
            }
        }
    });
    Ok(told)
}

fn tell(args: &Args, number: u64, verb: &str, failure: &Failure) {
    let mut told = failure.clone();
    // Never the whole line: it may have a secret.
    let verb = if verb.is_empty() { String::new() } else { format!(" ({verb})") };
    told.message = format!("line {number}{verb}: {}", failure.message);
    output::failure(&told, args.json);
}

/// What the outer call says for all lines.
struct Shared {
    config: Option<PathBuf>,
    profile: Option<String>,
    sandbox: bool,
    provider: Option<String>,
    keys: crate::args_profile::KeyArgs,
    json: bool,
    quiet: bool,
    raw: bool,
    password_command: Option<String>,
    progress: bool,
    /// Bars of several would paint over each other.
    no_progress: bool,
    dry_run: bool,
    command: Command,
}

impl Shared {
    fn of(args: &Args, alone: bool) -> Self {
        let mut command = Args::command();
        command.build();
        Self {
            command,
            dry_run: false,
            config: args.config.clone(),
            profile: args.profile.clone(),
            sandbox: args.sandbox,
            provider: args.provider.clone(),
            keys: args.keys.clone(),
            json: args.json,
            quiet: args.quiet,
            raw: args.raw,
            password_command: args.password_command.clone(),
            progress: args.progress,
            no_progress: args.no_progress || !alone,
        }
    }

    /// A command and its verb; `None`: nothing to do.
    fn read(&self, line: &str) -> Result<Option<(Args, String)>> {
        let words = shell_words::split(line)
            .map_err(|error| Failure::invalid(format!("it can't be read: {error}")))?;
        if words.is_empty() {
            return Ok(None);
        }
        let all = std::iter::once("dipper".into()).chain(words.into_iter().map(Into::into));
        let mut words = drop_in::arrange(all.collect(), &self.command)?;
        if self.dry_run {
            dry(&mut words, &self.command);
        }
        let parsed = self.command.clone().try_get_matches_from(words);
        let read = parsed.and_then(|parsed| {
            let verb = parsed.subcommand_name().unwrap_or_default().to_owned();
            Ok((Args::from_arg_matches(&parsed)?, verb))
        });
        let (mut args, verb) = match read {
            Ok(read) => read,
            Err(error) if !error.use_stderr() => {
                let _ = error.print();
                return Ok(None);
            }
            Err(error) => {
                let text = error.to_string();
                let first = text.lines().next().unwrap_or_default();
                return Err(Failure::invalid(first.trim_start_matches("error: ").to_owned()));
            }
        };
        if matches!(args.verb, Verb::Run(_) | Verb::Sandbox(_) | Verb::Watch(_)) {
            return Err(Failure::invalid("this can't be run by `run`"));
        }
        let network = &args.network;
        if network.ca_certs.is_some() || network.no_check_certificate || network.no_check_hostname {
            return Err(Failure::invalid("the way to the server is the same for all lines")
                .with_hint("Give --ca-certs and its kin to `dipper run` itself."));
        }
        let keys = &args.keys;
        let own = args.config.is_some()
            || args.profile.is_some()
            || args.sandbox
            || keys.no_sign_request
            || !keys.settings().is_empty();
        if !own {
            args.config = self.config.clone();
            args.profile = self.profile.clone();
            args.sandbox = self.sandbox;
            args.provider = args.provider.or_else(|| self.provider.clone());
            args.keys = self.keys.clone();
        }
        args.json |= self.json;
        args.quiet |= self.quiet;
        args.raw |= self.raw;
        args.progress |= self.progress;
        args.no_progress |= self.no_progress;
        args.password_command = args.password_command.or_else(|| self.password_command.clone());
        crate::defaults::apply(&mut args)?;
        Ok(Some((args, verb)))
    }
}

/// Adds `--dry-run`, where the verb takes it; one that does not writes nothing.
fn dry(words: &mut Vec<std::ffi::OsString>, command: &Command) {
    let mut leaf = command;
    for word in words.iter().skip(1).take_while(|word| *word != "--") {
        leaf = leaf.find_subcommand(word).unwrap_or(leaf);
    }
    if leaf.get_arguments().any(|arg| arg.get_id() == "dry_run") {
        words.retain(|word| word != "-n" && word != "--dry-run");
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.insert(end, "--dry-run".into());
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn shared() -> Shared {
        Shared::of(
            &Args::try_parse_from(["dipper", "--profile", "p", "--json", "ls"]).unwrap(),
            true,
        )
    }

    #[test]
    fn lines_become_commands() {
        let shared = shared();
        for empty in ["", "   ", "# nothing", "  # put a s3://b"] {
            assert!(shared.read(empty).unwrap().is_none(), "{empty:?}");
        }
        let (args, verb) = shared.read("put -r 'my photos' s3://b/x/ # all").unwrap().unwrap();
        assert_eq!(verb, "put");
        assert_eq!(args.profile.as_deref(), Some("p"));
        assert!(args.json);
        let Verb::Put(put) = args.verb else { panic!("{args:?}") };
        assert_eq!(put.paths, ["my photos", "s3://b/x/"]);
        let (own, _) = shared.read("-c other ls").unwrap().unwrap();
        assert_eq!((own.profile, own.config), (None, Some("other".into())));
        for bad in ["put 'open", "lss", "run x", "ls --nonsense", "--no-check-certificate ls"] {
            assert!(shared.read(bad).is_err(), "{bad}");
        }
    }
}
