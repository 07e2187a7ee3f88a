//! Changes of carts, for many callers at once: each statement serves them all. What runs here is the work of a [`Batcher`].

use std::collections::{BTreeSet, HashMap};

use domain::Currency;
use domain::cart::MAX_LINES;
use domain::id::{CartId, UserId, VariantId};
use domain::order::Channel;
use domain::view::CartItem;

use platform::db::{self, BatchError, Batcher, DbError, Tx};

use super::store::{self, ChangedCart};
use super::{Available, CartError, StoredCart, is_open_to, merged, price, usable, without};
use crate::{Shop, inventory};

/// What a caller wants of a cart.
#[derive(Clone, Debug)]
pub(crate) struct CartCommand {
    /// None for a new one.
    pub(super) id: Option<CartId>,
    pub(super) change: Change,
    pub(super) user: Option<UserId>,
    /// Through which the cart is looked at; a new one is begun for it.
    pub(super) channel: Channel,
    pub(super) currency: Currency,
}

#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// What a browser holds, which may be of an older version than the stored one. A cart that is not there, or was bought, begins anew.
    Sync { version: i64, items: Vec<CartItem>, code: Option<String> },
    /// The items of a cart that is there, whatever it holds.
    SetItems(Vec<CartItem>),
}

impl Change {
    fn items(&self) -> &[CartItem] {
        match self {
            Self::Sync { items, .. } | Self::SetItems(items) => items,
        }
    }
}

/// A cart as its caller is shown it, with the units that orders of the caller's channel can get. Its items are those that were sent, so
/// that a notice can show what was cut.
pub(crate) type Changed = (StoredCart, Available);

type Outcome = db::Outcome<Changed, CartError, CartId>;

/// What all changes of a shop's carts go through.
pub(crate) type CartBatcher = Batcher<CartCommand, Changed, CartError>;

/// Made once for each shop. At most 64 carts are changed in one transaction.
pub(crate) fn cart_batcher(shop: &Shop) -> CartBatcher {
    Batcher::new(shop.db().clone(), 64, async move |tx: &mut Tx, commands: &[CartCommand], awaited: Option<&CartId>| {
        change_carts(tx, commands, awaited).await
    })
}

/// Makes each change that can be made; the outcomes are in the commands' order. It waits for the `awaited` cart, while it holds nothing
/// else, and for no other.
async fn change_carts(tx: &mut Tx, commands: &[CartCommand], awaited: Option<&CartId>) -> Result<Vec<Outcome>, BatchError> {
    if let Some(cart) = awaited {
        store::wait_for(tx, *cart).await?;
    }
    let named: BTreeSet<CartId> = commands.iter().filter_map(|command| command.id).collect();
    let (stored, held) = store::try_lock(tx, &named.into_iter().collect::<Vec<_>>()).await?;
    let mut carts = Carts { stock: read_stock(tx, commands, &stored).await?, by_id: HashMap::new() };
    carts.by_id.extend(stored.into_iter().map(|cart| (cart.id, LockedCart { stored: cart.items.clone(), is_changed: false, cart })));
    let mut outcomes = Vec::with_capacity(commands.len());
    for command in commands {
        outcomes.push(match command.id.filter(|id| held.contains(id)) {
            Some(id) => Outcome::Blocked(id),
            None => Outcome::Answered(carts.change(tx, command).map(|cart| {
                let available = carts.available(command.channel);
                (cart, available.clone())
            })),
        });
    }
    let changed = carts.by_id.values().filter(|held| held.is_changed).map(|held| ChangedCart { cart: &held.cart, stored: &held.stored });
    store::put(tx, &changed.collect::<Vec<_>>()).await?;
    Ok(outcomes)
}

/// The stock of all items that these commands and carts name, for the channels that they name.
async fn read_stock(tx: &mut Tx, commands: &[CartCommand], stored: &[StoredCart]) -> Result<HashMap<Channel, Available>, DbError> {
    let sent = commands.iter().flat_map(|command| command.change.items());
    let variants: BTreeSet<VariantId> = sent.chain(stored.iter().flat_map(|cart| &cart.items)).map(|item| item.variant).collect();
    let begun = stored.iter().map(|cart| cart.channel);
    let channels: BTreeSet<Channel> = commands.iter().map(|command| command.channel).chain(begun).collect();
    inventory::available_by_channel(tx, &channels, &variants).await
}

/// A cart that the transaction has.
struct LockedCart {
    cart: StoredCart,
    /// The items that are in the database.
    stored: Vec<CartItem>,
    is_changed: bool,
}

/// The carts of a batch as they are after the commands so far, and the stock.
struct Carts {
    by_id: HashMap<CartId, LockedCart>,
    stock: HashMap<Channel, Available>,
}

impl Carts {
    fn available(&self, channel: Channel) -> &Available {
        static NOTHING: std::sync::LazyLock<Available> = std::sync::LazyLock::new(Available::new);
        self.stock.get(&channel).unwrap_or(&NOTHING)
    }

    /// The items, not more of anything than there is for a channel.
    fn limited_to_stock(&self, channel: Channel, items: &[CartItem]) -> Vec<CartItem> {
        price::limited_to(self.available(channel), items)
    }

    fn change(&mut self, tx: &Tx, command: &CartCommand) -> Result<StoredCart, CartError> {
        let existing = command.id.and_then(|id| self.by_id.get(&id)).map(|held| held.cart.clone());
        match &command.change {
            Change::Sync { version, items, code } => self.sync(tx, command, existing, *version, items, code),
            Change::SetItems(items) => {
                let cart = existing.filter(|cart| usable(cart, command.user)).ok_or(CartError::Unknown)?;
                let code = cart.discount_code.clone();
                self.store(command, cart, items.clone(), code)
            }
        }
    }

    fn sync(
        &mut self,
        tx: &Tx,
        command: &CartCommand,
        existing: Option<StoredCart>,
        version: i64,
        sent: &[CartItem],
        code: &Option<String>,
    ) -> Result<StoredCart, CartError> {
        if existing.as_ref().is_some_and(|cart| !is_open_to(cart, command.user)) {
            return Err(CartError::OfAccount);
        }
        // Bought on another device: what this one still shows of it is not wanted once more.
        let items = match &existing {
            Some(cart) if cart.ordered => without(sent, &cart.items),
            _ => sent.to_vec(),
        };
        match existing.filter(|cart| !cart.ordered) {
            None => Ok(self.begin(tx, command, items, code.clone())),
            Some(cart) => {
                let items = if version == cart.version { items } else { merged(&cart.items, &items) };
                self.store(command, cart, items, code.clone())
            }
        }
    }

    /// A new cart.
    fn begin(&mut self, tx: &Tx, command: &CartCommand, items: Vec<CartItem>, discount_code: Option<String>) -> StoredCart {
        let CartCommand { user, channel, currency, .. } = *command;
        let cart = StoredCart { id: CartId(tx.id()), user, channel, currency, discount_code, version: 1, ordered: false, items };
        let stocked = StoredCart { items: self.limited_to_stock(channel, &cart.items), ..cart.clone() };
        self.by_id.insert(cart.id, LockedCart { cart: stocked, stored: Vec::new(), is_changed: true });
        cart
    }

    /// A cart that is there, with other items and perhaps another code.
    fn store(
        &mut self,
        command: &CartCommand,
        mut cart: StoredCart,
        items: Vec<CartItem>,
        code: Option<String>,
    ) -> Result<StoredCart, CartError> {
        if items.len() > MAX_LINES {
            return Err(CartError::TooManyLines);
        }
        let stocked = self.limited_to_stock(cart.channel, &items);
        let owner = cart.user.or(command.user);
        if stocked != cart.items || code != cart.discount_code || owner != cart.user {
            cart = StoredCart { discount_code: code, user: owner, version: cart.version + 1, items: stocked, ..cart };
            if let Some(held) = self.by_id.get_mut(&cart.id) {
                (held.cart, held.is_changed) = (cart.clone(), true);
            }
        }
        Ok(StoredCart { items, ..cart })
    }
}
