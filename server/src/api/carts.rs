//! `/api/v1/carts`: fill a cart, read its totals and delivery options, and order it.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use backend::checkout::CheckoutError;
use backend::platform::Context;
use backend::{Shop, cart, checkout};
use domain::Locale;
use domain::id::CartId;
use domain::order::Channel;
use domain::permission::Permission;
use domain::view::{CartItem, CartView, CheckoutForm, ContactDetails, CounterForm, FieldErrors, MAX_GIFT_NOTE_CHARS};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::caller::Caller;
use super::read::{self, Language, Params};
use super::schema::{self, Address, Cart, DeliveryOptions, NewCart, NewDiscount, NewLines, NewOrder, OrderPlaced, too_long};
use super::{Problem, errors};

const IDEMPOTENCY_KEY: &str = "idempotency-key";

pub fn routes() -> OpenApiRouter<Shop> {
    OpenApiRouter::default()
        .routes(routes!(create))
        .routes(routes!(one))
        .routes(routes!(set_lines))
        .routes(routes!(set_discount, clear_discount))
        .routes(routes!(delivery_options))
        .routes(routes!(check_out))
}

/// Makes a cart
///
/// Its id is its secret: with it the cart can be read, changed and ordered. One of the channel `till` is made and ordered with a key that
/// has the scope `create_orders`.
#[utoipa::path(post, path = "/carts", operation_id = "create_cart", tag = "carts", security((), ("key" = ["create_orders"])),
    request_body = NewCart,
    responses((status = 201, description = "The new cart", body = Cart, headers(("location" = String, description = "Where it is")))))]
pub async fn create(
    State(shop): State<Shop>,
    caller: Caller,
    Language(locale): Language,
    params: Params,
    read::Body(new): read::Body<NewCart>,
) -> Result<Response, Problem> {
    params.end()?;
    let channel = new.channel.into();
    let ctx = seller(&shop, caller, channel).await?;
    let code = new.discount_code.filter(|code| !code.trim().is_empty());
    if let Some(wrong) = code.as_ref().and_then(|code| too_long("discount_code", code, 64)) {
        return Err(Problem::invalid(vec![wrong]));
    }
    let items = schema::items(new.lines).map_err(Problem::invalid)?;
    let cart = sync(&shop, &ctx, locale, channel, None, 0, items, code).await?;
    let cart = Cart::new(None, cart);
    let location = HeaderValue::try_from(format!("/api/v1/carts/{}", cart.id)).map_err(|_| Problem::unexpected(ctx.request))?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(cart)).into_response())
}

/// Reads a cart
///
/// With the prices of now, and notices of what changed.
#[utoipa::path(get, path = "/carts/{cart}", operation_id = "read_cart", tag = "carts",
    params(("cart" = String, Path, description = "The cart", pattern = "^cart_[0-9a-f]{32}$")),
    responses((status = 200, description = "The cart", body = Cart)))]
pub async fn one(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(cart): Path<String>,
    params: Params,
) -> Result<Json<Cart>, Problem> {
    params.end()?;
    let id = id_of(&cart)?;
    let channel = channel_of(&shop, &ctx, id).await?;
    Ok(Json(Cart::new(Some(id), view(&shop, &ctx, locale, channel, id).await?)))
}

/// Sets the lines of a cart
///
/// They replace those it holds; sent twice, the second changes nothing.
#[utoipa::path(put, path = "/carts/{cart}/lines", operation_id = "set_cart_lines", tag = "carts",
    params(("cart" = String, Path, description = "The cart", pattern = "^cart_[0-9a-f]{32}$")),
    request_body = NewLines,
    responses((status = 200, description = "The cart", body = Cart)))]
pub async fn set_lines(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(cart): Path<String>,
    params: Params,
    read::Body(new): read::Body<NewLines>,
) -> Result<Json<Cart>, Problem> {
    params.end()?;
    let id = id_of(&cart)?;
    let items = schema::items(new.lines).map_err(Problem::invalid)?;
    let channel = channel_of(&shop, &ctx, id).await?;
    let cart = cart::set_items(&shop, &ctx, locale, channel, id, items).await.map_err(|error| errors::cart(error, ctx.request))?;
    Ok(Json(Cart::new(Some(id), cart)))
}

/// Sets the discount code of a cart
///
/// A code that does not apply is refused with a notice in the answer; the cart then has none. Whoever tries too many codes that do not
/// exist is refused with a notice as well; the cart then keeps the code that it had.
#[utoipa::path(put, path = "/carts/{cart}/discount", operation_id = "set_cart_discount", tag = "carts",
    params(("cart" = String, Path, description = "The cart", pattern = "^cart_[0-9a-f]{32}$")),
    request_body = NewDiscount,
    responses((status = 200, description = "The cart", body = Cart)))]
pub async fn set_discount(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(cart): Path<String>,
    params: Params,
    read::Body(new): read::Body<NewDiscount>,
) -> Result<Json<Cart>, Problem> {
    params.end()?;
    let id = id_of(&cart)?;
    if new.code.trim().is_empty() {
        return Err(Problem::field("code", "Enter a code, or delete the discount."));
    }
    if let Some(wrong) = too_long("code", &new.code, 64) {
        return Err(Problem::invalid(vec![wrong]));
    }
    change_code(&shop, &ctx, locale, id, Some(new.code)).await
}

/// Takes the discount code off a cart
#[utoipa::path(delete, path = "/carts/{cart}/discount", operation_id = "clear_cart_discount", tag = "carts",
    params(("cart" = String, Path, description = "The cart", pattern = "^cart_[0-9a-f]{32}$")),
    responses((status = 200, description = "The cart", body = Cart)))]
pub async fn clear_discount(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(cart): Path<String>,
    params: Params,
) -> Result<Json<Cart>, Problem> {
    params.end()?;
    change_code(&shop, &ctx, locale, id_of(&cart)?, None).await
}

async fn change_code(shop: &Shop, ctx: &Context, locale: Locale, id: CartId, code: Option<String>) -> Result<Json<Cart>, Problem> {
    let channel = channel_of(shop, ctx, id).await?;
    let now = view(shop, ctx, locale, channel, id).await?;
    let items = now
        .lines
        .iter()
        .map(|line| CartItem { variant: line.variant, quantity: line.quantity, seen_price: line.unit_price.minor })
        .collect();
    Ok(Json(Cart::new(Some(id), sync(shop, ctx, locale, channel, Some(id), now.version, items, code).await?)))
}

/// Lists the ways to deliver a cart
///
/// To this address, cheapest first, with fee and promised time.
#[utoipa::path(post, path = "/carts/{cart}/delivery-options", operation_id = "list_delivery_options", tag = "carts",
    params(("cart" = String, Path, description = "The cart", pattern = "^cart_[0-9a-f]{32}$")),
    request_body = Address,
    responses((status = 200, description = "The ways to deliver", body = DeliveryOptions)))]
pub async fn delivery_options(
    State(shop): State<Shop>,
    Caller(ctx): Caller,
    Language(locale): Language,
    Path(cart): Path<String>,
    params: Params,
    read::Body(address): read::Body<Address>,
) -> Result<Json<DeliveryOptions>, Problem> {
    params.end()?;
    let id = id_of(&cart)?;
    let wrong = address.too_long("");
    if !wrong.is_empty() {
        return Err(Problem::invalid(wrong));
    }
    if !is_country(&address.country) {
        return Err(Problem::field("country", "A country's code of two capital letters, such as PH."));
    }
    let channel = channel_of(&shop, &ctx, id).await?;
    let options = checkout::delivery_options(&shop, &ctx, locale, channel, id, &address.into())
        .await
        .map_err(|error| errors::checkout(error, ctx.request))?;
    Ok(Json(options.into()))
}

/// Makes an order of a cart
///
/// Send a new `Idempotency-Key` for each wish to order, and the same one again whenever an answer is lost: one key makes one
/// order, whatever is repeated. An order that was there already is answered with 200 instead of 201. A cart of the channel `till` needs the
/// scope `create_orders`, and may be ordered without contact, delivery_address and delivery: its items are handed over at the counter.
#[utoipa::path(post, path = "/carts/{cart}/checkout", operation_id = "check_out", tag = "carts", security((), ("key" = ["create_orders"])),
    params(
        ("cart" = String, Path, description = "The cart", pattern = "^cart_[0-9a-f]{32}$"),
        ("Idempotency-Key" = String, Header, description = "Names this wish to order", min_length = 8, max_length = 100, pattern = "^[A-Za-z0-9_-]{8,100}$"),
    ),
    request_body = NewOrder,
    responses(
        (status = 201, description = "The new order", body = OrderPlaced),
        (status = 200, description = "The order that this key, or this cart, made before of the same contents", body = OrderPlaced),
        (status = 409, description = "The cart cannot be ordered as it is: `cart_empty`, `out_of_stock`, `no_longer_sold`, `total_changed`, `discount_refused` or `already_ordered`", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn check_out(
    State(shop): State<Shop>,
    caller: Caller,
    Language(locale): Language,
    Path(cart): Path<String>,
    params: Params,
    headers: HeaderMap,
    read::Body(new): read::Body<NewOrder>,
) -> Result<Response, Problem> {
    params.end()?;
    let key = headers.get(IDEMPOTENCY_KEY).and_then(|key| key.to_str().ok()).map(str::to_owned);
    let key = key.ok_or_else(errors::key_missing)?;
    let id = id_of(&cart)?;
    let channel = channel_of(&shop, &caller.0, id).await?;
    let ctx = seller(&shop, caller, channel).await?;
    check_lengths(&new)?;
    let handed_over = channel == Channel::Till && new.is_without_delivery();
    let (placed, contact_phone_wrong) = if handed_over {
        let form = CounterForm { cart: id, payment: new.payment.into(), seen_total: new.expected_total };
        (checkout::place_counter_order(&shop, &ctx, locale, &key, form).await, false)
    } else {
        let form = form_of(id, new)?;
        let contact_phone_wrong = domain::phone::phone(&form.contact.phone).is_none() && !form.contact.phone.trim().is_empty();
        (checkout::place_order(&shop, &ctx, locale, channel, &key, form).await, contact_phone_wrong)
    };
    let placed = placed.map_err(|error| match error {
        CheckoutError::Invalid(wrong) => Problem::invalid(api_fields(wrong, contact_phone_wrong)),
        other => errors::checkout(other, ctx.request),
    })?;
    let status = if placed.replay { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(OrderPlaced::from(placed))).into_response())
}

/// The fields of the shop's form, named as in the API's body.
fn api_fields(wrong: FieldErrors, mut contact_phone_wrong: bool) -> FieldErrors {
    let mut api_field = |field: String| match field.as_str() {
        "delivery" | "gift_note" | "payment" => field,
        "name" | "email" => format!("contact.{field}"),
        "phone" if std::mem::take(&mut contact_phone_wrong) => format!("contact.{field}"),
        _ => match field.strip_prefix("billing_") {
            Some(field) => format!("billing_address.{field}"),
            None => format!("delivery_address.{field}"),
        },
    };
    wrong.into_iter().map(|(field, message)| (api_field(field), message)).collect()
}

/// The fields that are too long, or out of range.
fn check_lengths(new: &NewOrder) -> Result<(), Problem> {
    let mut wrong: FieldErrors =
        new.delivery_address.iter().flat_map(|delivery_address| delivery_address.too_long("delivery_address.")).collect();
    wrong.extend(new.billing_address.iter().flat_map(|billing| billing.too_long("billing_address.")));
    if let Some(contact) = &new.contact {
        wrong.extend(too_long("contact.name", &contact.name, 200));
        wrong.extend(too_long("contact.email", &contact.email, 254));
        wrong.extend(too_long("contact.phone", &contact.phone, 40));
    }
    wrong.extend(new.delivery.as_ref().and_then(|delivery| too_long("delivery", delivery, 64)));
    wrong.extend(too_long("gift_note", &new.gift_note, MAX_GIFT_NOTE_CHARS));
    if new.expected_total.is_some_and(|total| !(0..=read::MAX_SAFE_INTEGER).contains(&total)) {
        wrong.push(("expected_total".to_owned(), format!("A whole number from 0 to {}.", read::MAX_SAFE_INTEGER)));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Problem::invalid(wrong)) }
}

/// The form of an order that is delivered.
fn form_of(cart: CartId, new: NewOrder) -> Result<CheckoutForm, Problem> {
    let NewOrder { contact, delivery_address, billing_address, delivery, gift_note, payment, expected_total } = new;
    let missing = [("contact", contact.is_none()), ("delivery_address", delivery_address.is_none()), ("delivery", delivery.is_none())];
    let (Some(contact), Some(delivery_address), Some(delivery)) = (contact, delivery_address, delivery) else {
        let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
        let wrong = missing.map(|(field, _)| (field.to_owned(), "An order that is delivered needs it.".to_owned()));
        return Err(Problem::invalid(wrong.collect()));
    };
    Ok(CheckoutForm {
        cart,
        contact: ContactDetails { name: contact.name, email: contact.email, phone: contact.phone },
        delivery_address: delivery_address.into(),
        billing_address: billing_address.map(Into::into),
        delivery,
        gift_note,
        payment: payment.into(),
        seen_total: expected_total,
    })
}

/// The caller, who needs the scope `create_orders` for the channel `till`.
async fn seller(shop: &Shop, caller: Caller, channel: Channel) -> Result<Context, Problem> {
    match channel {
        Channel::Till => caller.with_scope(shop, Permission::CreateOrders).await,
        Channel::Web | Channel::Api | Channel::Marketplace => Ok(caller.0),
    }
}

/// The channel that a cart is priced for and ordered through: the till's, if it was made for that.
async fn channel_of(shop: &Shop, ctx: &Context, id: CartId) -> Result<Channel, Problem> {
    let begun = cart::channel_of(shop, id).await.map_err(|error| errors::db(&error, ctx.request))?;
    Ok(begun.filter(|channel| *channel == Channel::Till).unwrap_or(Channel::Api))
}

fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn id_of(cart: &str) -> Result<CartId, Problem> {
    cart.parse().map_err(|_| Problem::not_found("cart"))
}

async fn view(shop: &Shop, ctx: &Context, locale: Locale, channel: Channel, id: CartId) -> Result<CartView, Problem> {
    cart::view(shop, ctx, locale, channel, id).await.map_err(|error| errors::cart(error, ctx.request))
}

#[expect(clippy::too_many_arguments, reason = "those of the backend's")]
async fn sync(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    channel: Channel,
    id: Option<CartId>,
    version: i64,
    items: Vec<CartItem>,
    code: Option<String>,
) -> Result<CartView, Problem> {
    cart::sync(shop, ctx, locale, channel, id, version, items, code).await.map_err(|error| errors::cart(error, ctx.request))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_path_in_the_body() {
        let fields = ["email", "phone", "phone", "city", "billing_city", "delivery"];
        let wrong = fields.iter().map(|field| ((*field).to_owned(), String::new())).collect();
        let named: Vec<_> = api_fields(wrong, true).into_iter().map(|(field, _)| field).collect();
        assert_eq!(
            named,
            ["contact.email", "contact.phone", "delivery_address.phone", "delivery_address.city", "billing_address.city", "delivery"]
        );
    }
}
