//! Two ordered streams of names become one of pairs: in constant memory, and in order.

use std::pin::pin;

use futures::stream::BoxStream;
use futures::{Stream, StreamExt};

/// What has a place in the order of keys: that of their bytes.
pub trait Keyed {
    fn key(&self) -> &str;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pair<A, B> {
    /// Only the source has it.
    Source(A),
    /// Only the target has it.
    Target(B),
    Both(A, B),
}

#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError<E> {
    #[error(transparent)]
    Stream(E),
    /// Of one that went back, no join could be trusted.
    #[error("the {side} lists '{key}' after '{before}'")]
    Unordered { side: &'static str, key: String, before: String },
}

/// Calls back for each name, in order. The first error ends it.
///
/// # Errors
/// Those of the streams and of `each`; `Unordered`, where a stream repeats a key or goes back.
pub async fn merge<A, B, E>(
    source: impl Stream<Item = Result<A, E>>,
    target: impl Stream<Item = Result<B, E>>,
    mut each: impl AsyncFnMut(Pair<A, B>) -> Result<(), E>,
) -> Result<(), MergeError<E>>
where
    A: Keyed,
    B: Keyed,
{
    let mut source = pin!(ordered(source, "source"));
    let mut target = pin!(ordered(target, "target"));
    let mut left = source.next().await.transpose()?;
    let mut right = target.next().await.transpose()?;
    loop {
        let order = match (&left, &right) {
            (None, None) => return Ok(()),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(a), Some(b)) => a.key().as_bytes().cmp(b.key().as_bytes()),
        };
        let mut pair = None;
        if order.is_eq() {
            if let (Some(a), Some(b)) = (left.take(), right.take()) {
                pair = Some(Pair::Both(a, b));
            }
            left = source.next().await.transpose()?;
            right = target.next().await.transpose()?;
        } else if order.is_lt() {
            pair = left.take().map(Pair::Source);
            left = source.next().await.transpose()?;
        } else {
            pair = right.take().map(Pair::Target);
            right = target.next().await.transpose()?;
        }
        if let Some(pair) = pair {
            each(pair).await.map_err(MergeError::Stream)?;
        }
    }
}

fn ordered<T: Keyed, E>(
    stream: impl Stream<Item = Result<T, E>>,
    side: &'static str,
) -> impl Stream<Item = Result<T, MergeError<E>>> {
    let mut before: Option<String> = None;
    stream.map(move |item| {
        let item = item.map_err(MergeError::Stream)?;
        if let Some(before) = before.take().filter(|before| before.as_str() >= item.key()) {
            return Err(MergeError::Unordered { side, key: item.key().to_owned(), before });
        }
        before = Some(item.key().to_owned());
        Ok(item)
    })
}

/// Several ordered streams as one. Of those that have the same name, the last counts.
pub fn union<'a, T: Keyed + 'a, E: 'a>(
    streams: Vec<BoxStream<'a, Result<T, E>>>,
) -> impl Stream<Item = Result<T, E>> + 'a {
    let heads: Vec<_> = streams.into_iter().map(|stream| (stream, None)).collect();
    futures::stream::try_unfold(heads, |mut heads| async move {
        for (stream, head) in &mut heads {
            if head.is_none() {
                *head = stream.next().await.transpose()?;
            }
        }
        let first = heads.iter().filter_map(|(_, head)| head.as_ref().map(T::key)).min();
        let Some(first) = first.map(str::to_owned) else { return Ok(None) };
        let mut found = None;
        for (_, head) in &mut heads {
            if let Some(item) = head.take_if(|item| item.key() == first) {
                found = Some(item);
            }
        }
        Ok(found.map(|found| (found, heads)))
    })
}
