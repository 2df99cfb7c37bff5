//! Keys to local names and back: no name leaves its folder, no two keys share one, and each leads back.

#![no_main]

use dipper_paths::{Names, key_of, local_segments};

libfuzzer_sys::fuzz_target!(|keys: (String, String)| {
    let (one, other) = keys;
    for names in [Names::Native, Names::Portable] {
        let Ok(segments) = local_segments(&one, names) else { continue };
        for name in &segments {
            assert!(!name.is_empty() && name != "." && name != "..", "{name:?}");
            assert!(!name.contains(['/', '\\', '\0']) && name.len() <= 255, "{name:?}");
        }
        assert_eq!(key_of(&segments), one);
        // What was downloaded and uploaded again comes down under the same names.
        assert_eq!(local_segments(&key_of(&segments), names).as_ref(), Ok(&segments));
        if one != other {
            assert_ne!(local_segments(&other, names).as_ref(), Ok(&segments));
        }
    }
    // Names that somebody else chose are read without falling over.
    let _key = key_of(&[one, other]);
});
