use http::Request;

use super::{Fault, When};

/// Faults by chance, from a seed.
#[derive(Debug, Clone)]
pub struct Mix {
    /// Which requests may be harmed; `skip` and `times` are not looked at.
    pub when: When,
    /// How many of a thousand.
    pub per_mille: u32,
    /// One of these, each as likely as the others.
    pub faults: Vec<Fault>,
    state: u64,
}

impl Mix {
    pub fn new(seed: u64, per_mille: u32, faults: Vec<Fault>) -> Self {
        Self { when: When::default(), per_mille, faults, state: seed }
    }

    /// The faults that a client must live with: it asks again, and all ends well.
    pub fn passing(seed: u64, per_mille: u32) -> Self {
        let faults = vec![
            Fault::Status { status: 503, code: "SlowDown" },
            Fault::Status { status: 500, code: "InternalError" },
            Fault::Reset { after: 0 },
            Fault::Reset { after: 1000 },
            Fault::Cut { to: 500 },
            Fault::Lost { status: 500 },
            Fault::LostAnswer,
            Fault::Delay(std::time::Duration::from_millis(20)),
        ];
        Self::new(seed, per_mille, faults)
    }

    /// SplitMix64: small, and good enough for chance.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(super) fn take<B>(&mut self, request: &Request<B>) -> Option<Fault> {
        if self.faults.is_empty() || !self.when.fits(request) {
            return None;
        }
        let (chance, which) = (self.next() % 1000, self.next());
        let which = usize::try_from(which % self.faults.len() as u64).unwrap_or(0);
        (chance < u64::from(self.per_mille)).then(|| self.faults[which].clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_script() {
        let run = |seed| {
            let mut mix = Mix::passing(seed, 200);
            let request = Request::builder().uri("/b/k").body(()).unwrap();
            (0..1000).map(|_| mix.take(&request)).collect::<Vec<_>>()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
        let harmed = run(3).iter().filter(|f| f.is_some()).count();
        assert!((150..250).contains(&harmed), "{harmed}");
    }
}
