//! What people see: shell, router and session.
