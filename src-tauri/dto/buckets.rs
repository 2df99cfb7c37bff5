use dipper_app as app;
use serde::{Deserialize, Serialize};
use specta::Type;

#[derive(Debug, Clone, Serialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Bucket {
    pub name: String,
    pub created_at: Option<String>,
    pub region: Option<String>,
}

impl From<app::BucketSummary> for Bucket {
    fn from(b: app::BucketSummary) -> Self {
        Self { name: b.name, created_at: b.created_at.map(|at| at.rfc3339()), region: b.region }
    }
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct BucketRef {
    pub profile: String,
    pub bucket: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct NewBucket {
    pub profile: String,
    pub name: String,
    pub region: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct NewFolder {
    pub profile: String,
    pub bucket: String,
    pub prefix: String,
    pub name: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct PolicyText {
    pub bucket: String,
    pub text: String,
}

#[derive(Debug, Clone, Deserialize, Type)]
pub struct PolicyPut {
    pub profile: String,
    pub bucket: String,
    pub text: String,
}
