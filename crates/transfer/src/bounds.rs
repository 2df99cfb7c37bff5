//! How large and how old a source may be to take part.

use std::time::Duration;

use dipper_types::Timestamp;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Bounds {
    pub min_size: Option<u64>,
    pub max_size: Option<u64>,
    pub min_age: Option<Duration>,
    pub max_age: Option<Duration>,
}

impl Bounds {
    pub fn is_none(&self) -> bool {
        !self.is_any()
    }

    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }

    /// What has no time has no age that anything could be said of.
    pub fn hold(&self, size: u64, modified: Option<Timestamp>, now: Timestamp) -> bool {
        let sized = self.min_size.is_none_or(|least| size >= least)
            && self.max_size.is_none_or(|most| size <= most);
        if !sized || (self.min_age.is_none() && self.max_age.is_none()) {
            return sized;
        }
        let Some(modified) = modified else { return false };
        let age = u64::try_from(now.millis().saturating_sub(modified.millis())).unwrap_or(0);
        let age = Duration::from_millis(age);
        self.min_age.is_none_or(|least| age >= least) && self.max_age.is_none_or(|most| age <= most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_are_in() {
        let day = 24 * 60 * 60;
        let now = Timestamp::from_secs(1000 * day);
        let ago = |days: i64| Some(Timestamp::from_secs((1000 - days) * day));
        let days = |n: i64| Some(Duration::from_secs((n * day).unsigned_abs()));
        let sizes = Bounds { min_size: Some(5), max_size: Some(9), ..Bounds::default() };
        let held = [4, 5, 9, 10].map(|size| sizes.hold(size, None, now));
        assert_eq!(held, [false, true, true, false]);
        let ages = Bounds { min_age: days(2), max_age: days(4), ..Bounds::default() };
        let held = [1, 2, 4, 5].map(|age| ages.hold(1, ago(age), now));
        assert_eq!(held, [false, true, true, false]);
        assert!(!ages.hold(1, None, now) && !Bounds::default().is_any());
        let future = Bounds { max_age: days(1), ..Bounds::default() };
        assert!(future.hold(1, ago(-1), now));
    }
}
