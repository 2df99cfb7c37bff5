//! Passwords as they stand in rclone's configuration: AES-256-CTR under a key that everybody knows. It
//! keeps them from being read over somebody's shoulder, and nothing more.

use aes::Aes256;
use ctr::cipher::{KeyIvInit, StreamCipher};
use data_encoding::BASE64URL_NOPAD;
use dipper_types::Secret;
use zeroize::Zeroizing;

use crate::error::random;
use crate::{Error, Result};

const KEY: [u8; 32] = [
    0x9c, 0x93, 0x5b, 0x48, 0x73, 0x0a, 0x55, 0x4d, 0x6b, 0xfd, 0x7c, 0x63, 0xc8, 0x86, 0xa9, 0x2b,
    0xd3, 0x90, 0x19, 0x8e, 0xb8, 0x12, 0x8a, 0xfb, 0xf4, 0xde, 0x16, 0x2b, 0x8b, 0x95, 0xf6, 0x38,
];
const IV: usize = 16;

fn apply(iv: &[u8], data: &mut [u8]) {
    ctr::Ctr128BE::<Aes256>::new(&KEY.into(), iv.into()).apply_keystream(data);
}

/// As `rclone obscure` writes a password.
pub fn obscure(password: &Secret<String>) -> Result<Secret<String>> {
    let mut data = Zeroizing::new(vec![0; IV]);
    random(&mut data)?;
    data.extend_from_slice(password.expose().as_bytes());
    let (iv, text) = data.split_at_mut(IV);
    apply(iv, text);
    Ok(Secret::new(BASE64URL_NOPAD.encode(&data)))
}

/// The password within what `rclone obscure` wrote.
pub fn reveal(obscured: &Secret<String>) -> Result<Secret<String>> {
    let none = || Error::InvalidKey("this is no password as 'rclone obscure' writes it");
    let data = BASE64URL_NOPAD.decode(obscured.expose().trim().as_bytes()).map_err(|_| none())?;
    let mut data = Zeroizing::new(data);
    let (iv, text) = data.split_at_mut_checked(IV).ok_or_else(none)?;
    apply(iv, text);
    let text = std::str::from_utf8(text).map_err(|_| none())?;
    Ok(Secret::new(text.to_owned()))
}
