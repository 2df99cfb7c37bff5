//! `dipper`, the command line: s3cmd's verbs and options on Dipper's engine.

// A verb's future holds those of all that it calls.
#![recursion_limit = "256"]

mod args;
mod args_encryption;
mod args_moving;
mod args_profile;
mod ask;
mod bwlimit;
mod connection;
mod defaults;
mod drop_in;
mod exit;
mod glob;
mod output;
mod passphrase;
mod progress;
mod s3cfg;
mod verbs;
mod wanted;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use crate::args::{Args, Verb};
use crate::exit::Ended;

fn main() -> ExitCode {
    // Not built: that would be for all verbs what is needed for one.
    let command = Args::command();
    let words = match drop_in::arrange(std::env::args_os().collect(), &command) {
        Ok(words) => words,
        Err(failure) => {
            let json = std::env::args_os().any(|word| word == "--json");
            output::failure(&failure, json);
            return ExitCode::from(exit::USAGE);
        }
    };
    let parsed = command
        .try_get_matches_from(words)
        .and_then(|mut found| Args::from_arg_matches_mut(&mut found));
    let mut args = match parsed {
        Ok(args) => args,
        Err(error) => {
            let _ = error.print();
            // Help and version are no errors; anything else is a usage error as s3cmd has it.
            return if error.use_stderr() {
                ExitCode::from(exit::USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let json = args.json;
    if let Err(failure) = defaults::apply(&mut args) {
        output::failure(&failure, json);
        return ExitCode::from(exit::CONFIG);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::note(&format!("ERROR: this system gives no threads: {error}"));
            return ExitCode::from(exit::OS);
        }
    };
    let ended = runtime.block_on(run(args));
    // A request that still hangs must not hold the exit.
    runtime.shutdown_background();
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::Different) => ExitCode::from(exit::DIFFERENT),
        Ok(Ended::Partly) => ExitCode::from(exit::PARTIAL),
        Ok(Ended::Unconfigured(failure)) => {
            output::failure(&failure, json);
            ExitCode::from(exit::CONFIG)
        }
        Err(failure) => {
            output::failure(&failure, json);
            ExitCode::from(exit::code(&failure))
        }
    }
}

async fn run(args: Args) -> dipper_app::Result<Ended> {
    match &args.verb {
        Verb::Sandbox(options) => return verbs::sandbox::run(options, args.json).await,
        Verb::Completions(options) => return verbs::shell::completions(options),
        Verb::Man(options) => return verbs::shell::man(options, args.quiet),
        _ => {}
    }
    let home = dipper_app::data_folder().ok_or_else(|| {
        dipper_app::Failure::invalid("this system has no folder for an app's data")
            .with_hint("Set DIPPER_HOME to a folder.")
    })?;
    let app = dipper_app::App::open(&home)?;
    ask::on_terminal(&app);
    connection::override_network(&app, &args)?;
    if let Some(text) = &args.bwlimit {
        app.limit_speed(bwlimit::parse(text)?)?;
    }
    let ended = match &args.verb {
        Verb::Run(options) => verbs::batch::run(&app, &args, options).await,
        _ => verbs::run(&app, &args).await,
    };
    // Whatever went wrong was told; that old jobs stay is no matter.
    let _ = app.forget_old_jobs().await;
    app.close().await;
    ended
}
