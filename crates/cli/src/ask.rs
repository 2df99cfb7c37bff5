//! What only the user knows, asked on the terminal.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use dipper_app::{App, Prompt, Question};
use dipper_types::Secret;

use crate::output::note;

/// Asks on the terminal; without one there is nobody to ask.
pub struct Terminal;

impl Prompt for Terminal {
    fn ask(
        &self,
        question: Question,
    ) -> std::pin::Pin<Box<dyn Future<Output = Option<Secret<String>>> + Send>> {
        let Question::Mfa { serial, role_arn } = question else {
            return Box::pin(std::future::ready(None));
        };
        Box::pin(async move {
            if !std::io::stdin().is_terminal() {
                return None;
            }
            note(&format!("Code of {serial}, for {role_arn}:"));
            tokio::task::spawn_blocking(line).await.ok().flatten()
        })
    }
}

pub fn line() -> Option<Secret<String>> {
    let mut text = String::new();
    std::io::stdin().lock().read_line(&mut text).ok()?;
    let text = text.trim().to_owned();
    (!text.is_empty()).then(|| Secret::new(text))
}

pub fn on_terminal(app: &Arc<App>) {
    app.ask_with(Arc::new(Terminal));
}
