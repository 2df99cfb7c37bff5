//! Questions that only the user can answer, in the middle of something else.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use dipper_s3::{Prompt, Question};
use dipper_types::Secret;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

use crate::events::{Changed, Events};

/// Nobody is asked for longer: a code of a device lives half a minute, a person at lunch does not.
const LONGEST: Duration = Duration::from_secs(600);

/// A question that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenPrompt {
    pub id: u32,
    pub question: Question,
}

struct Waiting {
    question: Question,
    answer: oneshot::Sender<Option<Secret<String>>>,
}

/// Where questions wait until a door answers them.
pub(crate) struct Prompts {
    events: Arc<Events>,
    next: AtomicU32,
    waiting: Mutex<BTreeMap<u32, Waiting>>,
    /// A door that asks by itself (a terminal).
    asker: Mutex<Option<Arc<dyn Prompt>>>,
    own: Weak<Self>,
}

impl Prompts {
    pub fn new(events: Arc<Events>) -> Arc<Self> {
        Arc::new_cyclic(|own| Self {
            events,
            next: AtomicU32::new(1),
            waiting: Mutex::default(),
            asker: Mutex::default(),
            own: Weak::clone(own),
        })
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, id: u32) {
        self.waiting().remove(&id);
        self.events.changed(Changed::SignIn, None, None);
    }
}

impl Prompt for Prompts {
    fn ask(&self, question: Question) -> BoxFuture<'static, Option<Secret<String>>> {
        let asker = self.asker.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(asker) = asker {
            return asker.ask(question);
        }
        let (answer, answered) = oneshot::channel();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.waiting().insert(id, Waiting { question, answer });
        self.events.changed(Changed::SignIn, None, None);
        let own = Weak::clone(&self.own);
        Box::pin(async move {
            let said = tokio::time::timeout(LONGEST, answered).await;
            if let Some(own) = own.upgrade() {
                own.end(id);
            }
            said.ok().and_then(Result::ok).flatten()
        })
    }
}

impl crate::App {
    /// Questions that wait, the oldest first. `Changed::SignIn` tells when they change.
    pub fn prompts(&self) -> Vec<OpenPrompt> {
        let waiting = self.prompts.waiting();
        waiting
            .iter()
            .map(|(id, waiting)| OpenPrompt { id: *id, question: waiting.question.clone() })
            .collect()
    }

    /// `None`: the user will not say.
    pub fn answer_prompt(&self, id: u32, answer: Option<Secret<String>>) {
        let waiting = self.prompts.waiting().remove(&id);
        if let Some(waiting) = waiting {
            // Whoever asked may have gone.
            let _ = waiting.answer.send(answer);
        }
    }

    /// A door that asks by itself, instead of leaving questions to wait.
    pub fn ask_with(&self, asker: Arc<dyn Prompt>) {
        *self.prompts.asker.lock().unwrap_or_else(PoisonError::into_inner) = Some(asker);
    }
}
