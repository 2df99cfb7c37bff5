//! Two ordered streams of names become one of pairs: in constant memory, and in order.

use std::cmp::Ordering;

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

type Side<'a, T, E> = BoxStream<'a, Result<T, MergeError<E>>>;

/// The join of two streams, of which it holds one item each.
pub struct Merge<'a, A, B, E> {
    source: Side<'a, A, E>,
    target: Side<'a, B, E>,
    left: Option<A>,
    right: Option<B>,
}

impl<'a, A, B, E> Merge<'a, A, B, E>
where
    A: Keyed + Send + 'a,
    B: Keyed + Send + 'a,
    E: Send + 'a,
{
    pub fn new(
        source: impl Stream<Item = Result<A, E>> + Send + 'a,
        target: impl Stream<Item = Result<B, E>> + Send + 'a,
    ) -> Self {
        let (source, target) =
            (ordered(source, "source").fuse().boxed(), ordered(target, "target").fuse().boxed());
        Self { source, target, left: None, right: None }
    }

    /// The next name, in order; `None` after the last.
    ///
    /// # Errors
    /// Those of the streams; `Unordered`, where one repeats a key or goes back. Then it is over.
    pub async fn next(&mut self) -> Result<Option<Pair<A, B>>, MergeError<E>> {
        if self.left.is_none() {
            self.left = self.source.next().await.transpose()?;
        }
        if self.right.is_none() {
            self.right = self.target.next().await.transpose()?;
        }
        let order = match (&self.left, &self.right) {
            (Some(a), Some(b)) => a.key().as_bytes().cmp(b.key().as_bytes()),
            (Some(_), None) => Ordering::Less,
            _ => Ordering::Greater,
        };
        Ok(match order {
            Ordering::Less => self.left.take().map(Pair::Source),
            Ordering::Greater => self.right.take().map(Pair::Target),
            Ordering::Equal => {
                self.left.take().zip(self.right.take()).map(|(a, b)| Pair::Both(a, b))
            }
        })
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
pub fn union<'a, T: Keyed + Send + 'a, E: Send + 'a>(
    streams: Vec<BoxStream<'a, Result<T, E>>>,
) -> impl Stream<Item = Result<T, E>> + Send + 'a {
    let heads: Vec<_> = streams.into_iter().map(|stream| (stream.fuse(), None)).collect();
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
