//! Documents of which a bucket has many, by id: inventory, intelligent tiering, analytics, metrics.

use s3s::dto::*;
use s3s::{S3Error, S3Request, S3Response, S3Result, s3_error};

use super::{Status, kept, missing, written};
use crate::model::BucketInfo;
use crate::ops::Server;

/// As many as S3 keeps of a kind.
const MOST: usize = 1000;
/// On a page.
const PAGE: usize = 100;

macro_rules! named {
    ($(
        $kind:literal, $ty:ty, $field:ident {
            $get:ident($get_in:ident) -> $get_out:ident;
            $put:ident($put_in:ident) -> $put_out:ident;
            $drop:ident($drop_in:ident) -> $drop_out:ident;
            $list:ident($list_in:ident) -> $list_out:ident, $list_field:ident;
        }
    )*) => {
        impl Server {
            $(
                pub(in crate::ops) fn $get(
                    &self,
                    req: S3Request<$get_in>,
                ) -> S3Result<S3Response<$get_out>> {
                    let state = self.bucket(&req.input.bucket)?.state();
                    let name = format!("{}/{}", $kind, req.input.id);
                    let document = kept::<$ty>(&state.info, &name).ok_or_else(none)?;
                    Ok(S3Response::new($get_out { $field: Some(document) }))
                }

                pub(in crate::ops) async fn $put(
                    &self,
                    req: S3Request<$put_in>,
                ) -> S3Result<S3Response<$put_out>> {
                    let document = req.input.$field;
                    same_id(&req.input.id, &document.id)?;
                    let text = written(&document)?;
                    self.keep_named(&req.input.bucket, $kind, &req.input.id, Some(text)).await?;
                    Ok(S3Response::new($put_out {}))
                }

                pub(in crate::ops) async fn $drop(
                    &self,
                    req: S3Request<$drop_in>,
                ) -> S3Result<S3Response<$drop_out>> {
                    self.keep_named(&req.input.bucket, $kind, &req.input.id, None).await?;
                    Ok(S3Response::with_status($drop_out {}, Status::NO_CONTENT))
                }

                pub(in crate::ops) fn $list(
                    &self,
                    req: S3Request<$list_in>,
                ) -> S3Result<S3Response<$list_out>> {
                    let state = self.bucket(&req.input.bucket)?.state();
                    let after = req.input.continuation_token.clone().unwrap_or_default();
                    let prefix = concat!($kind, "/");
                    let mut ids = state
                        .info
                        .documents
                        .keys()
                        .filter_map(|name| name.strip_prefix(prefix))
                        .filter(|id| *id > after.as_str());
                    let page: Vec<&str> = ids.by_ref().take(PAGE).collect();
                    let more = ids.next().is_some();
                    let next = page.last().filter(|_| more).map(|id| (*id).to_owned());
                    let documents = page
                        .iter()
                        .filter_map(|id| kept::<$ty>(&state.info, &format!("{prefix}{id}")))
                        .collect();
                    Ok(S3Response::new($list_out {
                        continuation_token: req.input.continuation_token,
                        $list_field: Some(documents),
                        is_truncated: Some(more),
                        next_continuation_token: next,
                    }))
                }
            )*
        }
    };
}

named! {
    "inventory", InventoryConfiguration, inventory_configuration {
        inventory(GetBucketInventoryConfigurationInput) -> GetBucketInventoryConfigurationOutput;
        set_inventory(PutBucketInventoryConfigurationInput) -> PutBucketInventoryConfigurationOutput;
        drop_inventory(DeleteBucketInventoryConfigurationInput)
            -> DeleteBucketInventoryConfigurationOutput;
        inventories(ListBucketInventoryConfigurationsInput)
            -> ListBucketInventoryConfigurationsOutput, inventory_configuration_list;
    }
    "tiering", IntelligentTieringConfiguration, intelligent_tiering_configuration {
        tiering(GetBucketIntelligentTieringConfigurationInput)
            -> GetBucketIntelligentTieringConfigurationOutput;
        set_tiering(PutBucketIntelligentTieringConfigurationInput)
            -> PutBucketIntelligentTieringConfigurationOutput;
        drop_tiering(DeleteBucketIntelligentTieringConfigurationInput)
            -> DeleteBucketIntelligentTieringConfigurationOutput;
        tierings(ListBucketIntelligentTieringConfigurationsInput)
            -> ListBucketIntelligentTieringConfigurationsOutput,
            intelligent_tiering_configuration_list;
    }
    "analytics", AnalyticsConfiguration, analytics_configuration {
        analytics(GetBucketAnalyticsConfigurationInput) -> GetBucketAnalyticsConfigurationOutput;
        set_analytics(PutBucketAnalyticsConfigurationInput) -> PutBucketAnalyticsConfigurationOutput;
        drop_analytics(DeleteBucketAnalyticsConfigurationInput)
            -> DeleteBucketAnalyticsConfigurationOutput;
        all_analytics(ListBucketAnalyticsConfigurationsInput)
            -> ListBucketAnalyticsConfigurationsOutput, analytics_configuration_list;
    }
    "metrics", MetricsConfiguration, metrics_configuration {
        metrics(GetBucketMetricsConfigurationInput) -> GetBucketMetricsConfigurationOutput;
        set_metrics(PutBucketMetricsConfigurationInput) -> PutBucketMetricsConfigurationOutput;
        drop_metrics(DeleteBucketMetricsConfigurationInput)
            -> DeleteBucketMetricsConfigurationOutput;
        all_metrics(ListBucketMetricsConfigurationsInput)
            -> ListBucketMetricsConfigurationsOutput, metrics_configuration_list;
    }
}

fn none() -> S3Error {
    missing("NoSuchConfiguration", "The specified configuration does not exist.")
}

fn same_id(asked: &str, inside: &str) -> S3Result<()> {
    let fits = (1..=64).contains(&asked.len())
        && asked.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if !fits || asked != inside {
        return Err(s3_error!(
            InvalidArgument,
            "The specified configuration ID is not valid, or not the one in the document."
        ));
    }
    Ok(())
}

impl Server {
    async fn keep_named(
        &self,
        bucket: &str,
        kind: &str,
        id: &str,
        text: Option<String>,
    ) -> S3Result<()> {
        let bucket = self.bucket(bucket)?;
        let (prefix, name) = (format!("{kind}/"), format!("{kind}/{id}"));
        let change = move |info: &mut BucketInfo| {
            let Some(text) = text else {
                return info.documents.remove(&name).map(|_| ()).ok_or_else(none);
            };
            let count = info.documents.keys().filter(|n| n.starts_with(&prefix)).count();
            if count >= MOST && !info.documents.contains_key(&name) {
                return Err(s3_error!(
                    InvalidRequest,
                    "You are attempting to create a new configuration but have already reached \
                     the 1,000-configuration limit."
                ));
            }
            info.documents.insert(name, text);
            Ok(())
        };
        self.store.change_bucket(&bucket, change).await
    }
}
