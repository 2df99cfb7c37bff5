//! Lies for tests: what the server does wrong, and when.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, StatusCode};

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status and S3 code before the request is looked at.
    Status { status: u16, code: &'static str },
    /// Waits, then does it right.
    Delay(Duration),
    /// Closes the connection after this many bytes of the answer's body.
    Reset { after: u64 },
    /// The body ends here, and Content-Length says so, too: a short object that looks whole.
    Short { to: u64 },
    /// One bit of the answer's body is wrong, in this byte.
    Flip { at: u64 },
    /// The answer has this ETag.
    ETag(&'static str),
    /// The answer has no checksum headers.
    NoChecksum,
    /// Does what is asked, then answers with this status: the client can't know.
    Lost { status: u16 },
}

/// Which requests a fault is for.
#[derive(Debug, Clone, Default)]
pub struct When {
    /// `GET`, `PUT` …; all, if none.
    pub method: Option<&'static str>,
    /// A part of the path and query: a key, `partNumber=2`, `uploads`.
    pub contains: Option<String>,
    /// Matching requests that pass unharmed before.
    pub skip: u32,
    /// How many are harmed; all from then on, if none.
    pub times: Option<u32>,
}

#[derive(Debug)]
struct Rule {
    when: When,
    fault: Fault,
    hits: u32,
}

/// A handle to script faults with. Clones share the script.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Vec<Rule>>>);

impl Faults {
    pub fn add(&self, when: When, fault: Fault) {
        self.rules().push(Rule { when, fault, hits: 0 });
    }

    pub fn clear(&self) {
        self.rules().clear();
    }

    /// How many requests were harmed so far.
    pub fn hits(&self) -> u32 {
        self.rules().iter().map(|r| r.hits.saturating_sub(r.when.skip)).sum()
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The faults for a request, each counted.
    pub(crate) fn take<B>(&self, request: &Request<B>) -> Vec<Fault> {
        let mut faults = Vec::new();
        for rule in self.rules().iter_mut() {
            let method = rule.when.method.is_none_or(|m| request.method() == m);
            let target = request.uri().path_and_query().map_or("", |p| p.as_str());
            let path = rule.when.contains.as_ref().is_none_or(|text| target.contains(text));
            let last = rule.when.times.map(|times| times.saturating_add(rule.when.skip));
            if !method || !path || last.is_some_and(|last| rule.hits >= last) {
                continue;
            }
            rule.hits += 1;
            if rule.hits > rule.when.skip {
                faults.push(rule.fault.clone());
            }
        }
        faults
    }
}

/// A status that a script wrote.
pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_and_counts() {
        let faults = Faults::default();
        let when =
            When { method: Some("GET"), contains: Some("/b/k".into()), skip: 1, times: Some(2) };
        faults.add(when, Fault::NoChecksum);
        let ask = |method: &str, path: &str| {
            faults.take(&Request::builder().method(method).uri(path).body(()).unwrap()).len()
        };
        assert_eq!(ask("PUT", "/b/k"), 0);
        assert_eq!(ask("GET", "/b/other"), 0);
        let harmed: Vec<_> = (0..5).map(|_| ask("GET", "/b/k?x")).collect();
        assert_eq!(harmed, [0, 1, 1, 0, 0]);
        assert_eq!(faults.hits(), 2);
    }
}
