use dipper_access::Principal;
use dipper_types::Secret;
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};
use serde::{Deserialize, Serialize};

use crate::error::SandboxError;

/// One of the sandbox's two accounts.
#[derive(Debug, Clone)]
pub struct Account {
    /// `main` or `alt`.
    pub name: &'static str,
    /// 64 hex digits, as in ACLs.
    pub canonical_id: String,
    /// Twelve digits, as in a policy's ARNs.
    pub number: String,
    pub access_key: String,
    pub secret_key: Secret<String>,
}

/// AWS's canonical id of whoever sends no signature; owner of what they put.
pub(crate) const ANONYMOUS: &str = "65a011a29cdf8ec533ec3d1ccaae921c";

/// How an account is written to the folder.
#[derive(Serialize, Deserialize)]
pub(crate) struct Kept {
    canonical_id: String,
    number: String,
    access_key: String,
    secret_key: String,
}

impl Account {
    pub(crate) fn random(name: &'static str) -> Result<Self, SandboxError> {
        const UPPER: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        const ANY: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        Ok(Self {
            name,
            canonical_id: letters(b"0123456789abcdef", 64)?,
            number: format!("1{}", letters(b"0123456789", 11)?),
            access_key: format!("AKIA{}", letters(UPPER, 16)?),
            secret_key: Secret::new(letters(ANY, 40)?),
        })
    }

    pub(crate) fn principal(&self) -> Principal {
        Principal::Account { id: self.canonical_id.clone(), number: Some(self.number.clone()) }
    }

    pub(crate) fn keep(&self) -> Kept {
        Kept {
            canonical_id: self.canonical_id.clone(),
            number: self.number.clone(),
            access_key: self.access_key.clone(),
            secret_key: self.secret_key.expose().clone(),
        }
    }

    pub(crate) fn from_kept(name: &'static str, kept: Kept) -> Self {
        Self {
            name,
            canonical_id: kept.canonical_id,
            number: kept.number,
            access_key: kept.access_key,
            secret_key: Secret::new(kept.secret_key),
        }
    }
}

/// `n` letters of the alphabet, each as likely as the others.
pub(crate) fn letters(alphabet: &[u8], n: usize) -> Result<String, SandboxError> {
    let fair = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(n);
    let mut random = [0_u8; 64];
    while text.len() < n {
        getrandom::fill(&mut random).map_err(|e| SandboxError::Random { source: e.into() })?;
        let good = random.iter().map(|b| usize::from(*b)).filter(|b| *b < fair);
        text.extend(good.take(n - text.len()).map(|b| char::from(alphabet[b % alphabet.len()])));
    }
    Ok(text)
}

/// Both accounts, as the server looks them up.
#[derive(Debug, Clone)]
pub(crate) struct Accounts {
    pub main: Account,
    pub alt: Account,
}

impl Accounts {
    pub(crate) fn random() -> Result<Self, SandboxError> {
        Ok(Self { main: Account::random("main")?, alt: Account::random("alt")? })
    }

    fn all(&self) -> [&Account; 2] {
        [&self.main, &self.alt]
    }

    pub(crate) fn by_access_key(&self, access_key: &str) -> Option<&Account> {
        self.all().into_iter().find(|a| a.access_key == access_key)
    }

    /// The name to show for a canonical id.
    pub(crate) fn display_name(&self, id: &str) -> Option<String> {
        self.all().into_iter().find(|a| a.canonical_id == id).map(|a| a.name.to_owned())
    }

    pub(crate) fn knows(&self, id: &str) -> bool {
        id == ANONYMOUS || self.all().into_iter().any(|a| a.canonical_id == id)
    }
}

#[async_trait::async_trait]
impl S3Auth for Accounts {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        let account = self.by_access_key(access_key).ok_or_else(|| {
            s3_error!(InvalidAccessKeyId, "The access key id is not one of this sandbox's.")
        })?;
        Ok(SecretKey::from(account.secret_key.expose().as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_like_aws_keys() {
        let account = Account::random("main").unwrap();
        assert_eq!(account.access_key.len(), 20);
        assert_eq!(account.secret_key.expose().len(), 40);
        assert_eq!(account.canonical_id.len(), 64);
        assert_eq!(account.number.len(), 12);
        assert_ne!(Account::random("main").unwrap().access_key, account.access_key);
    }
}
