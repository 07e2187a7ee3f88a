//! Managers' pages: settings.
