//! An S3 server in-process: durable in a folder, or in memory.
