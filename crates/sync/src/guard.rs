//! Whether anything may be deleted. What is deleted in error is gone; what stays can go next time.

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deletion {
    /// What the source does not have is deleted from the target.
    pub removed: bool,
    /// All, or none if there are more.
    pub max: Option<u64>,
    /// Even if the source has nothing at all.
    pub force: bool,
}

/// What a plan found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Found {
    /// Of the source, after filters.
    pub source: u64,
    pub target: u64,
    /// Of the target, which the source does not have.
    pub extra: u64,
    /// What could not be listed or read.
    pub troubles: u64,
}

/// Why nothing is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Held {
    #[error("the source is empty: nothing is deleted")]
    EmptySource,
    #[error("{extra} deletions, but at most {max} are allowed: none is done")]
    TooMany { extra: u64, max: u64 },
    #[error("not everything could be read: nothing is deleted")]
    Troubles,
    #[error("not everything arrived: nothing is deleted")]
    Failed,
}

/// # Errors
/// Why not, as far as the plan can tell.
pub fn may_delete(asked: Deletion, found: Found) -> Result<(), Held> {
    if !asked.removed || found.extra == 0 {
        return Ok(());
    }
    if found.troubles > 0 {
        return Err(Held::Troubles);
    }
    if found.source == 0 && !asked.force {
        return Err(Held::EmptySource);
    }
    match asked.max {
        Some(max) if found.extra > max => Err(Held::TooMany { extra: found.extra, max }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards() {
        let found = Found { source: 3, target: 5, extra: 2, troubles: 0 };
        let asked = Deletion { removed: true, max: None, force: false };
        assert_eq!(may_delete(asked, found), Ok(()));
        for (asked, found, held) in [
            (asked, Found { source: 0, ..found }, Held::EmptySource),
            (asked, Found { troubles: 1, ..found }, Held::Troubles),
            (
                Deletion { force: true, ..asked },
                Found { source: 0, troubles: 1, ..found },
                Held::Troubles,
            ),
            (Deletion { max: Some(1), ..asked }, found, Held::TooMany { extra: 2, max: 1 }),
            (
                Deletion { max: Some(0), force: true, ..asked },
                found,
                Held::TooMany { extra: 2, max: 0 },
            ),
        ] {
            assert_eq!(may_delete(asked, found), Err(held));
        }
        assert_eq!(may_delete(Deletion { max: Some(2), ..asked }, found), Ok(()));
        assert_eq!(
            may_delete(Deletion { force: true, ..asked }, Found { source: 0, ..found }),
            Ok(())
        );
        assert_eq!(may_delete(asked, Found { source: 0, extra: 0, ..found }), Ok(()));
        let no = Deletion { removed: false, ..asked };
        assert_eq!(may_delete(no, Found { source: 0, ..found }), Ok(()));
    }
}
