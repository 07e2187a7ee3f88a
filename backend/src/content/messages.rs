//! What visitors write through the contact page: kept sealed, mailed to the shop's address, listed until it is handled, and deleted a
//! while later.

use std::collections::{BTreeMap, BTreeSet};

use domain::email::email;
use domain::id::ContactMessageId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{ContactForm, ContactMessageView, ContactMessagesView, FieldErrors, PageAt};
use domain::{Locale, Timestamp, order_number};
use platform::Context;
use platform::db::{DbError, FromRow};
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use platform::throttle::{self, Counter, Throttled};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ContentError;
use super::events::{ContactMessageHandled, ContactMessageReceived, ContactMessageReopened};
use super::published::has_contact_form;
use crate::catalog::Checker;
use crate::mails::MailContent;
use crate::order_management::actor_names;
use crate::paging::{self, Rows};
use crate::{Shop, contacts, mails, settings};

/// What the sealed message is bound to.
const KIND: &str = "contact_message";
/// Characters of a message.
pub const MAX_MESSAGE: usize = 5_000;
const MAX_NAME: usize = 120;
/// Messages of one client before it has to wait. Many visitors may share a network address.
const MAX_PER_CLIENT: i64 = 20;
/// A message that was handled is kept so long.
const KEPT_MS: i64 = 180 * Timestamp::DAY;
/// Messages on a page of the list.
const PAGE: i64 = 30;

/// What is sealed of a message.
#[derive(Serialize, Deserialize)]
struct Message {
    form: ContactForm,
    /// The code of the language that it was written in.
    locale: String,
}

/// Mails a message to the shop's address.
#[derive(Debug, Serialize, Deserialize)]
struct SendContactMail {
    message: ContactMessageId,
}

impl Job for SendContactMail {
    const KIND: &'static str = "contact_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, self.message).await).await
    }
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendContactMail>();
}

/// Takes a message in, and has it mailed to the shop's contact address where there is one and a mail server. The same message again on the
/// same day (UTC), as after a second press or a step back, is taken for the first one, which waits again where staff have handled it.
///
/// # Errors
/// [`ContentError::Invalid`] by field (`name`, `email`, `order_number`, `message`); [`ContentError::Throttled`] when its client wrote too
/// many; [`ContentError::Unknown`] when no published page has the contact form; the database's.
pub async fn receive(shop: &Shop, ctx: &Context, locale: Locale, form: &ContactForm) -> Result<(), ContentError> {
    if !has_contact_form(shop).await? {
        return Err(ContentError::Unknown);
    }
    let form = check(locale, form).map_err(ContentError::Invalid)?;
    let client = ctx.client.map_or_else(|| "none".to_owned(), |client| client.to_string());
    let counter = Counter::new(shop.keyring(), &format!("contact {client}"), MAX_PER_CLIENT);
    throttle::attempt(shop.db(), &[counter]).await.map_err(|error| match error {
        Throttled::Wait => ContentError::Throttled,
        Throttled::Db(error) => error.into(),
    })?;
    let id = ContactMessageId(shop.id());
    let content = [&form.email, &form.name, &form.order_number, &form.message].map(String::as_str).join("\u{1f}");
    let content = format!("{content}\u{1f}{}", shop.now().millis() / Timestamp::DAY);
    let content_hash = contacts::blind_index(shop, KIND, &content);
    let sealed = contacts::seal(shop, KIND, id.as_ref(), &Message { form, locale: locale.code().to_owned() });
    let is_mailed = shop.mailer().is_configured() && !settings::load(shop).await?.contact_email.is_empty();
    shop.write(ctx, async move |tx| {
        let now = tx.now();
        let sql = "insert into contact_messages (id, sealed, at, content_hash) values ($1, $2, $3, $4) on conflict (content_hash)
             where content_hash is not null do nothing";
        let mut id = id;
        if tx.execute(sql, &[&id, &sealed, &now, &content_hash]).await? == 0 {
            // One that staff have handled waits again.
            let reopen = "update contact_messages set handled_at = null, actor = null
                 where content_hash = $1 and handled_at is not null returning id";
            let Some(handled) = tx.fetch_optional_scalar::<ContactMessageId>(reopen, &[&content_hash]).await? else { return Ok(()) };
            id = handled;
        }
        tx.record(id, ContactMessageReceived {});
        if is_mailed {
            jobs::enqueue(tx, &SendContactMail { message: id }, now, None).await?;
        }
        Ok(())
    })
    .await
}

/// The form as it is kept, or what is wrong with it.
fn check(locale: Locale, form: &ContactForm) -> Result<ContactForm, FieldErrors> {
    let mut c = Checker { locale, errors: Vec::new() };
    let plain = |c: &char| !c.is_control();
    let name = c.required("name", &form.name, MAX_NAME);
    let address = c.required("email", &form.email, 254);
    if !address.is_empty() && email(&address).is_none() {
        c.wrong("email", t::FIELD_EMAIL_INVALID.text(locale));
    }
    let number = order_number::parse(&form.order_number);
    if number.is_none() && !form.order_number.trim().is_empty() {
        c.wrong("order_number", t::CONTACT_ORDER_NUMBER_INVALID.text(locale));
    }
    let message = c.required("message", &form.message.replace("\r\n", "\n"), MAX_MESSAGE);
    if !c.errors.is_empty() {
        return Err(c.errors);
    }
    Ok(ContactForm {
        name: name.chars().filter(plain).collect(),
        email: email(&address).unwrap_or_default(),
        order_number: number.unwrap_or_default(),
        message: message.chars().filter(|c| plain(c) || matches!(c, '\n' | '\t')).collect(),
    })
}

fn open(shop: &Shop, id: ContactMessageId, sealed: &[u8]) -> Result<Message, ContentError> {
    Ok(contacts::unseal(shop, KIND, id.as_ref(), sealed)?)
}

/// The mail about a message; none when it was deleted meanwhile.
async fn compose(shop: &Shop, id: ContactMessageId) -> Result<Option<Mail>, ContentError> {
    let sql = "select sealed from contact_messages where id = $1";
    let Some(sealed) = shop.db().fetch_optional_scalar::<Vec<u8>>(sql, &[&id]).await? else { return Ok(None) };
    let Message { form, locale: written_in } = open(shop, id, &sealed)?;
    let (locale, settings) = (Locale::default(), settings::load(shop).await?);
    let label = |message: domain::messages::Msg| message.text(locale).to_owned();
    let mut facts = vec![
        (label(t::CONTACT_NAME), form.name.clone()),
        (label(t::CONTACT_EMAIL), form.email.clone()),
        (label(t::SHELL_LANGUAGE), Locale::parse(&written_in).unwrap_or_default().name().to_owned()),
    ];
    if !form.order_number.is_empty() {
        facts.push((label(t::CONTACT_ORDER_NUMBER), form.order_number));
    }
    let content = MailContent {
        locale,
        shop: settings.name.clone(),
        subject: t::MAIL_CONTACT_SUBJECT.with(locale, &[("name", &form.name)]),
        greeting: label(t::MAIL_GREETING),
        body: form.message,
        title: label(t::MAIL_CONTACT_TITLE),
        facts,
        rows: Vec::new(),
        sums: Vec::new(),
        note: label(t::MAIL_CONTACT_NOTE),
        action: (label(t::MAIL_CONTACT_ACTION), format!("{}/admin/content/messages", shop.config().public_url)),
        footer: t::MAIL_CONTACT_FOOTER.with(locale, &[("shop", &settings.name)]),
    };
    let mut mail = mails::mail(shop, (settings.name, settings.contact_email), &format!("contact-{}", id.0.simple()), content);
    mail.reply_to = Some(form.email);
    Ok(Some(mail))
}

#[derive(FromRow)]
struct Row {
    id: ContactMessageId,
    sealed: Vec<u8>,
    at: Timestamp,
    handled_at: Option<Timestamp>,
    actor: Option<String>,
}

/// Messages behind one, the newest first, and before one, the oldest first.
macro_rules! listed {
    ($which:literal) => {
        [
            concat!(
                "select id, sealed, at, handled_at, actor from contact_messages where ",
                $which,
                " and id < $1 order by id desc limit $2"
            ),
            concat!("select id, sealed, at, handled_at, actor from contact_messages where ", $which, " and id > $1 order by id limit $2"),
        ]
    };
}

/// A page of the messages that wait, or of those that were handled, the newest first.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn messages(shop: &Shop, ctx: &Context, locale: Locale, handled: bool, at: &PageAt) -> Result<ContactMessagesView, ContentError> {
    ctx.require(Permission::HandleMessages)?;
    let sql = if handled { listed!("handled_at is not null") } else { listed!("handled_at is null") };
    let page = paging::read(usize::try_from(PAGE).unwrap_or(usize::MAX), at, |rows| async move {
        let newest = ContactMessageId(Uuid::max());
        let (key, back) = match rows {
            Rows::First => (newest, 0),
            Rows::After(key) => (key.parse().unwrap_or(newest), 0),
            Rows::Before(key) => (key.parse().unwrap_or(newest), 1),
        };
        shop.db().fetch_all::<Row>(sql[back], &[&key, &(PAGE + 1)]).await
    })
    .await?;
    let (previous, next) = page.keys(|row| row.id.to_string());
    let rows = page.rows;
    let actors: BTreeSet<String> = rows.iter().filter_map(|row| row.actor.clone()).collect();
    let names = if actors.is_empty() { BTreeMap::new() } else { actor_names(shop, locale, &actors).await? };
    let view = |row: Row| {
        let name = row.actor.as_ref().and_then(|actor| names.get(actor)).cloned().unwrap_or_default();
        let handled = row.handled_at.map(|at| (at, name));
        Ok(ContactMessageView { id: row.id, form: open(shop, row.id, &row.sealed)?.form, at: row.at, handled })
    };
    let messages = rows.into_iter().map(view).collect::<Result<_, ContentError>>()?;
    let open = shop.db().fetch_scalar("select count(*) from contact_messages where handled_at is null", &[]).await?;
    Ok(ContactMessagesView { messages, previous, next, open })
}

/// Marks a message as handled, or as waiting again. Without effect when it is so already.
///
/// # Errors
/// [`ContentError::Unknown`] for one that is not there, not allowed, or the database's.
pub async fn set_handled(shop: &Shop, ctx: &Context, id: ContactMessageId, handled: bool) -> Result<(), ContentError> {
    ctx.require(Permission::HandleMessages)?;
    shop.write(ctx, async move |tx| {
        tx.lock("select 1 from contact_messages where id = $1 for update", &[&id]).await?;
        let sql =
            "select case when handled_at is null then cast(0 as bigint) else cast(1 as bigint) end from contact_messages where id = $1";
        let before: Option<i64> = tx.fetch_optional_scalar(sql, &[&id]).await?;
        if (before.ok_or(ContentError::Unknown)? == 1) == handled {
            return Ok(());
        }
        let (at, actor) = (handled.then(|| tx.now()), handled.then(|| tx.ctx().actor.to_string()));
        tx.execute("update contact_messages set handled_at = $2, actor = $3 where id = $1", &[&id, &at, &actor]).await?;
        if handled {
            tx.record(id, ContactMessageHandled {});
        } else {
            tx.record(id, ContactMessageReopened {});
        }
        Ok(())
    })
    .await
}

/// Deletes the messages that were handled more than 180 days ago; returns how many.
///
/// # Errors
/// The database's.
pub async fn delete_handled(shop: &Shop) -> Result<u64, DbError> {
    shop.db()
        .write(async |tx| {
            let before = tx.now().plus_millis(-KEPT_MS);
            tx.execute("delete from contact_messages where handled_at <= $1", &[&before]).await
        })
        .await
}
