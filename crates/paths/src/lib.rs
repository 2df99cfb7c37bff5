//! Object keys to local paths and back: total, injective, decodable.
