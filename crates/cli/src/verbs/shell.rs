//! What shells and `man` know of the program: made from the same words that it parses.

use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory};
use clap_complete::Shell;
use dipper_app::{Code, Failure, Result};

use crate::args::Args;
use crate::exit::Ended;
use crate::output::{line, print};

#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:
  dipper completions bash > ~/.local/share/bash-completion/completions/dipper
  dipper completions zsh > ~/.zfunc/_dipper
  dipper completions fish > ~/.config/fish/completions/dipper.fish
  dipper completions powershell >> $PROFILE")]
pub struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:
  dipper man ~/.local/share/man/man1 && man dipper-sync")]
pub struct Man {
    /// Write a page for each verb into this folder; without it, the first page to standard output
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
}

fn failed(error: std::io::Error) -> Failure {
    Failure::new(Code::LocalIo, format!("standard output: {error}"))
}

pub fn completions(options: &Completions) -> Result<Ended> {
    let mut text = Vec::new();
    clap_complete::generate(options.shell, &mut Args::command(), "dipper", &mut text);
    print(&String::from_utf8_lossy(&text));
    Ok(Ended::Well)
}

pub fn man(options: &Man, quiet: bool) -> Result<Ended> {
    let Some(folder) = &options.folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(Args::command()).render(&mut text).map_err(failed)?;
        print(&String::from_utf8_lossy(&text));
        return Ok(Ended::Well);
    };
    let failed = |error: std::io::Error| {
        Failure::new(Code::LocalIo, format!("{}: {error}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(failed)?;
    if !quiet {
        line(&format!("Manual pages are in {}", folder.display()));
    }
    Ok(Ended::Well)
}
