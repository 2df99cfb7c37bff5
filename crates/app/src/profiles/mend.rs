//! A saved connection, changed in one thing.

use dipper_s3::Provider;
use dipper_types::{ProfileId, Secret};

use super::{Keep, ProfileDraft, ProfileKind};
use crate::{App, Failure, Fix, ProfileOptions, Result};

impl App {
    /// Changes a connection as a finding of the doctor offers. Kept keys stay: they go nowhere but
    /// to the same provider.
    pub async fn mend(&self, profile: &str, fix: &Fix) -> Result<()> {
        let known = self.profiles().await?.into_iter().find(|p| p.id == profile);
        let (known, keep) = match known {
            Some(known) if known.kind == ProfileKind::Vault => (known, Keep::Vault),
            Some(known) if known.kind == ProfileKind::Session => (known, Keep::Session),
            _ => {
                return Err(Failure::invalid("only a connection of your own can be changed")
                    .with_hint("Save it as a connection first."));
            }
        };
        let (region, addressing) = match fix {
            Fix::Region(to) => (to.clone(), known.addressing),
            Fix::Addressing(to) => (known.region.clone(), *to),
        };
        // Where the provider's own address names the region, it goes with it. Nothing else may move
        // the keys to another host.
        let template = &Provider::by_id(&known.provider).endpoint;
        let at = |region: &str| template.replace("{region}", region);
        let moves = known.endpoint == at(&known.region) && region != known.region;
        let mut checked = self
            .check(&ProfileDraft {
                id: Some(known.id.clone()),
                name: known.name,
                provider: known.provider.clone(),
                endpoint: known.endpoint,
                region: region.clone(),
                addressing,
                access_key: String::new(),
                secret_key: Secret::new(String::new()),
                session_token: None,
                keep,
                allow_http: known.insecure,
                options: ProfileOptions::default(),
                keep_options: true,
                client_key: None,
            })
            .await?;
        if moves {
            checked.body.endpoint = at(&checked.body.region);
            checked.secrets.endpoint = Some(checked.body.endpoint.clone());
        }
        let id = ProfileId::new(profile);
        self.store_profile(id.clone(), keep, checked).await?;
        self.capabilities.forget(&id).await?;
        Ok(())
    }
}
