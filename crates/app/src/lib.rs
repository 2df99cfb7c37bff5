//! The composition root: one function a use case. What both doors call.
