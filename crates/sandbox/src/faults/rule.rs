use http::Request;

use super::Fault;

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

impl When {
    pub(super) fn fits<B>(&self, request: &Request<B>) -> bool {
        let target = request.uri().path_and_query().map_or("", |p| p.as_str());
        self.method.is_none_or(|m| request.method() == m)
            && self.contains.as_ref().is_none_or(|text| target.contains(text))
    }
}

#[derive(Debug)]
pub(super) struct Rule {
    when: When,
    fault: Fault,
    seen: u32,
}

impl Rule {
    pub(super) fn new(when: When, fault: Fault) -> Self {
        Self { when, fault, seen: 0 }
    }

    pub(super) fn hits(&self) -> u32 {
        self.seen.saturating_sub(self.when.skip)
    }

    pub(super) fn take<B>(&mut self, request: &Request<B>) -> Option<Fault> {
        let last = self.when.times.map(|times| times.saturating_add(self.when.skip));
        if !self.when.fits(request) || last.is_some_and(|last| self.seen >= last) {
            return None;
        }
        self.seen += 1;
        (self.seen > self.when.skip).then(|| self.fault.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Faults;

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
