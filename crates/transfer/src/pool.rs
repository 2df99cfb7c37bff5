//! Buffers that are used again: parts come and go by the thousand, and each would be zeroed anew.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Smaller ones are not worth keeping.
const SMALLEST: usize = 256 * 1024;

#[derive(Debug)]
pub(crate) struct Pool {
    /// Bytes that may lie idle.
    most: usize,
    idle: Mutex<(usize, Vec<Vec<u8>>)>,
}

/// Goes back to its pool when the last who reads it is done.
pub(crate) struct Buffer {
    bytes: Vec<u8>,
    len: usize,
    pool: Arc<Pool>,
}

impl Pool {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, idle: Mutex::default() })
    }

    /// A buffer of that length. What is in it is left from before: fill it wholly.
    pub fn take(self: &Arc<Self>, len: usize) -> Buffer {
        let found = {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            // The last that came back is still in the cache.
            let at =
                idle.1.iter().rposition(|buffer| buffer.len() >= len && buffer.len() / 2 <= len);
            at.map(|at| {
                let buffer = idle.1.swap_remove(at);
                idle.0 -= buffer.len();
                buffer
            })
        };
        let bytes = found.unwrap_or_else(|| vec![0; len]);
        Buffer { bytes, len, pool: Arc::clone(self) }
    }
}

impl Buffer {
    pub fn as_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }

    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if bytes.len() < SMALLEST {
            return;
        }
        let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.0 + bytes.len() <= self.pool.most {
            idle.0 += bytes.len();
            idle.1.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_used_again() {
        let pool = Pool::new(1 << 20);
        let mut one = pool.take(512 * 1024);
        one.as_mut()[0] = 7;
        let bytes = one.freeze();
        let at = bytes.as_ptr();
        let slice = bytes.slice(1..3);
        drop(bytes);
        assert_ne!(pool.take(512 * 1024).as_ref().as_ptr(), at, "somebody still reads it");
        drop(slice);
        assert_eq!(pool.take(400 * 1024).as_ref().as_ptr(), at);
        drop(pool.take(4 << 20));
        assert!(pool.idle.lock().unwrap().0 <= 1 << 20, "no more than may lie idle");
    }
}
