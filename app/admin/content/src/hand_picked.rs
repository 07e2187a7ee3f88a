//! The products of a section that were picked by hand: found, put in, moved, taken out.

use admin_layout::{StaffForm, on_done};
use domain::id::{HomeSectionId, ProductId};
use domain::permission::Permission;
use domain::view::{Move, PickedProductView};
use leptos::prelude::*;
use ui::{Button, Look, Panel, Size, icon, tr};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, access, access_of, problem};

use crate::find::{ProductSearch, found_list};
use crate::home::LIST;
use crate::rows::{MoveButtons, RemoveButton, target_badge};

/// Puts a product behind those of a section.
#[server(endpoint = "admin/content/home/section/pick", output = Answer)]
pub async fn pick_product(section: HomeSectionId, product: ProductId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::pick_product(&request::shop()?, &ctx, request::locale(), section, product).await.map_err(crate::content_error)
}
access!(PickProduct, Access::Staff(Permission::WriteContent));

#[server(endpoint = "admin/content/home/section/take-out", output = Answer)]
pub async fn take_out_picked(section: HomeSectionId, product: ProductId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::take_out_picked(&request::shop()?, &ctx, section, product).await.map_err(crate::content_error)
}
access!(TakeOutPicked, Access::Staff(Permission::WriteContent));

#[server(endpoint = "admin/content/home/section/move-picked", output = Answer)]
pub async fn move_picked(section: HomeSectionId, product: ProductId, way: Move) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::move_picked(&request::shop()?, &ctx, section, product, way).await.map_err(crate::content_error)
}
access!(MovePicked, Access::Staff(Permission::WriteContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<PickProduct>(), access_of::<TakeOutPicked>(), access_of::<MovePicked>()];

/// What can be done with the products of a section.
#[derive(Clone, Copy)]
pub(crate) struct Picked {
    pick: ServerAction<PickProduct>,
    take_out: ServerAction<TakeOutPicked>,
    shift: ServerAction<MovePicked>,
    problems: [Signal<Option<AppError>>; 3],
}

impl Picked {
    /// `again` reads the page again after a change.
    pub(crate) fn new(again: Callback<()>, fallback: &FormFallback) -> Self {
        let (pick, take_out, shift) =
            (ServerAction::<PickProduct>::new(), ServerAction::<TakeOutPicked>::new(), ServerAction::<MovePicked>::new());
        on_done(pick, tr!(COMMON_SAVED), move |()| again.run(()));
        on_done(take_out, tr!(COMMON_SAVED), move |()| again.run(()));
        on_done(shift, "", move |()| again.run(()));
        let problems = [problem(pick, fallback), problem(take_out, fallback), problem(shift, fallback)];
        Self { pick, take_out, shift, problems }
    }

    pub(crate) fn panel(
        self,
        section: HomeSectionId,
        products: Vec<PickedProductView>,
        (found, words): (Vec<PickedProductView>, String),
        may_write: bool,
    ) -> AnyView {
        let last = products.len().saturating_sub(1);
        let is_empty = products.is_empty();
        let rows = products.into_iter().enumerate().map(|(at, product)| self.row(section, product, (at, last), may_write));
        let rows = rows.collect_view();
        let pick = self.pick;
        let add = move |product: ProductId, name: String| {
            let label = tr!(ADMIN_CONTENT_PICK, name = name);
            view! {
                <StaffForm action=pick>
                    <input type="hidden" name="section" value=section.to_string() autocomplete="off"/>
                    <input type="hidden" name="product" value=product.to_string() autocomplete="off"/>
                    <Button kind="submit" look=Look::Outline size=Size::Small icon=icon::PLUS attr:aria-label=label>{tr!(ADMIN_CONTENT_PICK_SHORT)}</Button>
                </StaffForm>
            }
            .into_any()
        };
        let found = found_list(&words, found, add);
        let page = format!("{LIST}/{section}");
        let finding = may_write.then(|| view! { <ProductSearch page words/> {found} });
        view! {
            <div id="picked">
                <Panel title=tr!(ADMIN_PRODUCTS)>
                    <div class="flex flex-col gap-4">
                        {self.problems.map(|problem| view! { <ProblemSummary problem/> }).into_iter().collect_view()}
                        {is_empty.then(|| view! { <p class="text-quiet">{tr!(ADMIN_CONTENT_PICKED_NONE)}</p> })}
                        <ol class="divide-y divide-hairline">{rows}</ol>
                        {finding}
                    </div>
                </Panel>
            </div>
        }
        .into_any()
    }

    fn row(self, section: HomeSectionId, product: PickedProductView, (at, last): (usize, usize), may_write: bool) -> AnyView {
        let PickedProductView { id, name, state } = product;
        let name = if name.is_empty() { tr!(ADMIN_CONTENT_TARGET_IS_DELETED).to_owned() } else { name };
        let ways = [(at > 0, Move::Up), (at < last, Move::Down)];
        let ways: Vec<Move> = ways.into_iter().filter_map(|(can, way)| can.then_some(way)).collect();
        let fields = move || {
            view! {
                <input type="hidden" name="section" value=section.to_string() autocomplete="off"/>
                <input type="hidden" name="product" value=id.to_string() autocomplete="off"/>
            }
            .into_any()
        };
        let label = tr!(ADMIN_CONTENT_ENTRY_REMOVE, name = name);
        let shown = name.clone();
        let buttons = may_write.then(|| {
            view! {
                <div class="flex gap-1">
                    <StaffForm action=self.shift class="flex gap-1">
                        {fields()}
                        <MoveButtons ways of=id.to_string() name/>
                    </StaffForm>
                    <StaffForm action=self.take_out>
                        {fields()}
                        <RemoveButton label/>
                    </StaffForm>
                </div>
            }
        });
        view! {
            <li id=format!("picked-{id}") class="py-2 flex flex-wrap items-center gap-x-4 gap-y-1">
                <h3 class="grow min-w-0 font-sans text-base font-normal tracking-normal wrap-anywhere">{shown}</h3>
                {target_badge(state)}
                {buttons}
            </li>
        }
        .into_any()
    }
}
