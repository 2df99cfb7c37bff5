//! Closing the window while jobs run: the page asks. A page that does not answer can't keep the window open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dipper_app::{App, JobState};
use tauri::ipc::Channel;
use tauri::{Manager, Window, WindowEvent};

use super::tray;

/// Who asks, and since when a question is open.
#[derive(Default)]
pub struct Leaving(Mutex<(Option<Channel<bool>>, Option<Instant>)>);

/// A second try after this long is meant: the page may hang.
const MEANT: Duration = Duration::from_secs(2);

impl Leaving {
    /// The channel tells whether there is a tray to go to.
    pub fn watch(&self, channel: Channel<bool>) {
        tray::look();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Some(channel), None);
    }

    /// The page has the question in hand, or the person said no.
    pub fn answered(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 = None;
    }

    /// True where the window has to stay until the page has asked.
    fn ask(&self) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (channel, since) = &mut *inner;
        if since.is_some_and(|at| at.elapsed() > MEANT) {
            return false;
        }
        since.get_or_insert_with(Instant::now);
        channel.as_ref().is_some_and(|channel| channel.send(tray::is_there()).is_ok())
    }
}

/// Work that would stop here.
fn works(app: &App) -> bool {
    let at_work = |state| matches!(state, JobState::Queued | JobState::Running | JobState::Waiting);
    app.jobs().is_ok_and(|jobs| jobs.iter().any(|job| at_work(job.state) && !job.elsewhere))
}

pub fn on_event(window: &Window, event: &WindowEvent) {
    if let WindowEvent::CloseRequested { api, .. } = event
        && works(&window.state::<Arc<App>>())
        && window.state::<Leaving>().ask()
    {
        api.prevent_close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_is_silent_can_not_keep_the_window() {
        let leaving = Leaving::default();
        assert!(!leaving.ask(), "nobody watches");
        leaving.watch(Channel::new(|_| Ok(())));
        assert!(leaving.ask());
        assert!(leaving.ask(), "two quick clicks are one");
        let long_ago = Instant::now().checked_sub(MEANT * 2);
        leaving.0.lock().unwrap().1 = long_ago;
        assert!(!leaving.ask(), "it was asked and did not answer");
        leaving.answered();
        assert!(leaving.ask(), "it lives");
    }
}
