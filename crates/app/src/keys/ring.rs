//! The keys that a connection's requests may carry.

use std::sync::{Arc, PoisonError};

use dipper_s3::{CustomerKey, CustomerKeys, ServerSide};
use dipper_transfer::{Protection, protection_of};
use dipper_types::ProfileId;
use futures::future::BoxFuture;

use super::{Chest, customer_bytes};

pub(crate) struct Ring {
    pub chest: Arc<Chest>,
    pub profile: ProfileId,
}

impl CustomerKeys for Ring {
    fn named<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<CustomerKey, String>> {
        Box::pin(async move {
            let text = self.chest.secret(name).await.map_err(|failure| failure.message)?;
            let bytes = customer_bytes(text.expose().as_bytes());
            let bytes = bytes.ok_or_else(|| format!("'{name}' is no key for SSE-C"))?;
            Ok(CustomerKey::new(name, bytes))
        })
    }

    fn likely(&self, bucket: &str, key: &str) -> Vec<Option<String>> {
        let known = self.chest.known.read().unwrap_or_else(PoisonError::into_inner);
        if known.customer.is_empty() {
            return Vec::new();
        }
        let places = known.protected_in(self.profile.as_str(), bucket);
        let by_place = protection_of(&places, key).and_then(|protection| match protection {
            Protection::Server { with: ServerSide::Customer { key } } => Some(key.clone()),
            Protection::Server { .. } | Protection::Client { .. } => None,
        });
        // A file that this run was given is meant more than what lies in the vault.
        let given = known.customer.iter().rev().find(|name| name.starts_with(super::FILE)).cloned();
        let mut order: Vec<Option<String>> = given.or(by_place).map(Some).into_iter().collect();
        for name in std::iter::once(None).chain(known.customer.iter().cloned().map(Some)) {
            if !order.contains(&name) {
                order.push(name);
            }
        }
        order
    }
}
