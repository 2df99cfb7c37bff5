//! Lies for tests: what the server does wrong, and when.

mod mix;
mod rule;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, StatusCode};

pub use mix::Mix;
use rule::Rule;
pub use rule::When;

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Answers with this status and S3 code before the request is looked at.
    Status { status: u16, code: &'static str },
    /// Waits, then does it right.
    Delay(Duration),
    /// Closes the connection after this many bytes of the answer's body.
    Reset { after: u64 },
    /// Closes the connection after this many bytes of the request's body.
    ResetRequest { after: u64 },
    /// Sends nothing more after this many bytes of the answer's body, and keeps the connection. At
    /// zero not even the head of the answer comes.
    Stall { after: u64 },
    /// Reads nothing more after this many bytes of the request's body, and keeps the connection.
    StallRequest { after: u64 },
    /// The body ends here, and Content-Length says so, too: a short object that looks whole.
    Short { to: u64 },
    /// The body ends here, but Content-Length says what it would have been: the connection closes.
    Cut { to: u64 },
    /// So many bytes too many, and Content-Length says so, too.
    Long { by: u64 },
    /// One bit of the answer's body is wrong, in this byte.
    Flip { at: u64 },
    /// The answer has this ETag.
    ETag(&'static str),
    /// The answer has no ETag.
    NoETag,
    /// The answer has no checksum headers.
    NoChecksum,
    /// The checksum headers are those of another body.
    WrongChecksum,
    /// The answer has this header, whatever it was before.
    Header(&'static str, String),
    /// The Range header is not looked at: 200 with everything.
    IgnoreRange,
    /// If-Match and its kin are not looked at, as some servers do.
    IgnoreConditions,
    /// The bytes of the range that begins here, and as long as the one that was asked for, with the
    /// headers of the right one.
    OtherRange { at: u64 },
    /// A portal's page instead of an answer: log in to this network first.
    Portal { status: u16 },
    /// Does what is asked, then answers with this status: the client can't know.
    Lost { status: u16 },
    /// Does what is asked, and closes the connection without an answer.
    LostAnswer,
    /// 200 with this ETag, and nothing is done.
    Pretend { etag: &'static str },
    /// 200, and then an error in the body, as Complete and Copy may do. Nothing is done.
    ErrorIn200 { code: &'static str },
    /// `ExpiredToken`. With [`When::skip`]: after so many requests.
    ExpiredToken,
    /// `RequestTimeTooSkewed`, and the Date header is off by so many seconds.
    ClockSkew { seconds: i64 },
    /// The Date header only is off.
    DateOff { seconds: i64 },
    /// The bucket is elsewhere: 301 with the region and a Location.
    Redirect { region: &'static str, endpoint: &'static str },
    /// The signature is for another region: 400 `AuthorizationHeaderMalformed` with the right one.
    WrongRegion { region: &'static str },
    /// What a listing says about its pages.
    Paging(Paging),
}

/// How a listing's pages lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Paging {
    /// Never the last page, always the same token.
    SameToken,
    /// Never the last page, one token after the other and back again.
    Alternating,
    /// Truncated, but no token to go on with.
    NoToken,
    /// The first key comes last.
    OutOfOrder,
}

/// A handle to script faults with. Clones share the script.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Script>>);

#[derive(Debug, Default)]
struct Script {
    rules: Vec<Rule>,
    mix: Option<Mix>,
    mixed: u32,
}

impl Faults {
    pub fn add(&self, when: When, fault: Fault) {
        self.script().rules.push(Rule::new(when, fault));
    }

    /// From now on, faults by chance: the same seed gives the same faults to the same requests in
    /// the same order.
    pub fn mix(&self, mix: Mix) {
        self.script().mix = Some(mix);
    }

    pub fn clear(&self) {
        *self.script() = Script::default();
    }

    /// How many requests were harmed so far.
    pub fn hits(&self) -> u32 {
        let script = self.script();
        script.rules.iter().map(Rule::hits).sum::<u32>() + script.mixed
    }

    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The faults for a request, each counted.
    pub(crate) fn take<B>(&self, request: &Request<B>) -> Vec<Fault> {
        let mut script = self.script();
        let mut faults: Vec<Fault> =
            script.rules.iter_mut().filter_map(|rule| rule.take(request)).collect();
        if let Some(fault) = script.mix.as_mut().and_then(|mix| mix.take(request)) {
            script.mixed += 1;
            faults.push(fault);
        }
        faults
    }
}

/// Goes with a request whose range is not looked at. (The header itself may be signed.)
#[derive(Debug, Clone)]
pub(crate) struct NoRange;

/// Goes with a request whose conditions are not looked at.
#[derive(Debug, Clone)]
pub(crate) struct NoConditions;

/// Goes with a request whose range is answered with the bytes of another one.
#[derive(Debug, Clone)]
pub(crate) struct OtherRange(pub u64);

/// A status that a script wrote.
pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
