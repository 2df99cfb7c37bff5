//! What this machine remembers: profiles, jobs, journal, settings (SQLite), and the vault.
