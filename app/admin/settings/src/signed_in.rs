//! Where somebody ends who signed in again in a second tab, because what they typed waits in the first.

use leptos::prelude::*;
use ui::{EmptyState, LinkButton, Look, tr};
use web::{Title, lazy_page};

/// `/admin/signed-in`
#[derive(Debug)]
pub struct SignedIn;

lazy_page!(SignedIn, settings, signed_in_page);

fn signed_in_page() -> AnyView {
    view! {
        <Title text=tr!(ADMIN_SIGNED_IN_TITLE)/>
        <EmptyState title=tr!(ADMIN_SIGNED_IN_TITLE) body=tr!(ADMIN_SIGNED_IN_BODY) level=1>
            <LinkButton href="/admin" look=Look::Outline>{tr!(ADMIN_TITLE)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}
