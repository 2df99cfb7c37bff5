//! EME (Halevi and Rogaway, "A Parallelizable Enciphering Mode", 2003) over AES-256: a whole name is
//! one block, so that names with the same beginning have nothing in common.

use aes::Aes256;
use aes::cipher::{BlockDecrypt, BlockEncrypt, KeyInit};

const BLOCK: usize = 16;
/// As many as EME is defined for.
pub(super) const MAX_BLOCKS: usize = 128;

type Block = [u8; BLOCK];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Encrypt,
    Decrypt,
}

pub(super) struct Eme {
    cipher: Aes256,
    tweak: Block,
}

impl Eme {
    /// `key` has 32 bytes, `tweak` 16.
    pub fn new(key: &[u8], tweak: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        block.copy_from_slice(tweak);
        Self { cipher: Aes256::new(key.into()), tweak: block }
    }

    fn run(&self, way: Way, block: &mut Block) {
        match way {
            Way::Encrypt => self.cipher.encrypt_block(block.into()),
            Way::Decrypt => self.cipher.decrypt_block(block.into()),
        }
    }

    /// `None` unless `data` is 1 to 128 whole blocks.
    pub fn transform(&self, way: Way, data: &[u8]) -> Option<Vec<u8>> {
        let (blocks, rest) = data.as_chunks::<BLOCK>();
        if !rest.is_empty() || blocks.is_empty() || blocks.len() > MAX_BLOCKS {
            return None;
        }
        let mut first = [0; BLOCK];
        self.run(Way::Encrypt, &mut first);
        let masks: Vec<Block> =
            std::iter::successors(Some(double(first)), |mask| Some(double(*mask)))
                .take(blocks.len())
                .collect();
        let mut middle: Vec<Block> = blocks.iter().zip(&masks).map(|(p, l)| xor(*p, *l)).collect();
        for block in &mut middle {
            self.run(way, block);
        }
        let sum = middle.iter().fold(self.tweak, |sum, block| xor(sum, *block));
        let mut mixed = sum;
        self.run(way, &mut mixed);
        let mut mask = xor(sum, mixed);
        let mut front = xor(mixed, self.tweak);
        for block in &mut middle[1..] {
            mask = double(mask);
            *block = xor(*block, mask);
            front = xor(front, *block);
        }
        middle[0] = front;
        for (block, mask) in middle.iter_mut().zip(&masks) {
            self.run(way, block);
            *block = xor(*block, *mask);
        }
        Some(middle.concat())
    }
}

fn xor(one: Block, two: Block) -> Block {
    std::array::from_fn(|at| one[at] ^ two[at])
}

/// Times two in the field of 2^128 elements, lowest byte first.
fn double(block: Block) -> Block {
    let number = u128::from_le_bytes(block);
    let carry = if number >> 127 == 1 { 0x87 } else { 0 };
    ((number << 1) ^ carry).to_le_bytes()
}
