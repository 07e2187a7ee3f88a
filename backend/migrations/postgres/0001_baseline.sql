-- The tables of a shop.
--
-- Units, where a column's comment names no other:
--   *_at, at, *_from and *_to of a validity, since, expires…  moments, milliseconds since 1970-01-01T00:00:00Z
--   amounts, prices, fees, costs, taxes                       minor units of the row's or its order's currency (centavos)
--   *_bp                                                      basis points: 1200 are 12 %
--   *_g                                                       grams
--   quantity, on_hand, reserved, available                    units of a variant
--   position                                                  order in which rows are shown, lowest first
--   yes and no                                                1 and 0
-- What a status, kind, method, role or currency may be is a rule of the program and no check here, so that a new word needs no migration.
-- Ids are UUIDs of version 7: rows in the order of their ids are in the order in which they were made.
-- One SQL text for both databases: SQLite has these two functions, Postgres gets them here. As `jsonb` a row is read once; as `json` it
-- would be read anew for each of its values.
create function json_each(text) returns table (value jsonb) language sql stable rows 64
    as 'select jsonb_array_elements($1::jsonb)';
create function unhex(text) returns uuid language sql immutable as 'select $1::uuid';
-- Bytes and no id: `unhex(value->>0, '')`, on SQLite the same function with no letters to skip.
create function unhex(text, text) returns bytea language sql immutable as 'select decode($1, ''hex'')';

-- == Platform: events, jobs, settings ==

-- What happened, written in the transaction of the change, never edited. `data` is JSON without personal data.
create table events (
    -- The order of the commits on SQLite; on Postgres only the order within one subject.
    seq bigint generated always as identity primary key,
    id uuid not null unique,
    kind text not null,
    subject uuid not null,
    actor text not null,
    on_behalf_of text,
    request uuid not null,
    data text not null,
    at bigint not null,
    -- The transaction's number on Postgres, which orders the feed there; 0 on SQLite.
    tx bigint not null default (pg_current_xact_id()::text::bigint)
);
-- The timeline of one order or product.
create index events_subject on events (subject, seq);
-- Counting and finding events of a kind: exports, the day's figures.
create index events_kind on events (kind, seq);
-- The order of the feed.
create index events_feed on events (tx, seq);

-- How far each subscriber has read: the `seq` of the last event that it handled.
create table event_cursors (
    name text primary key,
    seq bigint not null
);

-- Written to find out whether writing works; holds nothing.
create table trials (
    id uuid primary key,
    filling text not null
);

-- Timed work. `payload` is the job's JSON; `key` makes a job unique.
create table jobs (
    id uuid primary key,
    kind text not null,
    payload text not null,
    key text unique,
    run_at bigint not null,
    attempts bigint not null default 0,
    -- waiting, running, done or dead
    state text not null default 'waiting',
    -- Until when a worker has it.
    lease_until bigint,
    last_error text,
    created_at bigint not null
);
-- The next job that is due.
create index jobs_due on jobs (state, run_at);

-- What managers set of the shop, as JSON by name; also what the program notes for itself, such as the fingerprint of its key.
create table settings (
    key text primary key,
    value text not null,
    updated_at bigint not null
);

-- The key that a form or a call carries: what was done under it is done once, and answered again.
create table request_keys (
    -- Who sent it, an API key, a user or nobody, then a space and the key itself.
    key text not null,
    action text not null,
    -- What was asked for, so that the same key is not used for something else.
    asked text not null,
    answer text not null,
    at bigint not null,
    primary key (key, action)
);
-- Old ones are removed.
create index request_keys_at on request_keys (at);

-- == People: contacts, accounts, sessions ==
-- All personal data of the shop is in `contacts` and `addresses`, sealed; the rest refers to them.

-- How to reach a person. `sealed` has name, e-mail and telephone number; the hashes are keyed and find a contact by them.
create table contacts (
    id uuid primary key,
    sealed bytea not null,
    email_hash bytea,
    phone_hash bytea,
    locale text not null,
    created_at bigint not null,
    updated_at bigint not null
);
-- Staff search by e-mail and by telephone number: the newest of those that have it.
create index contacts_email on contacts (email_hash, id);
create index contacts_phone on contacts (phone_hash, id);

-- Words of the name, by keyed hash, so that a name can be looked up.
create table contact_words (
    word_hash bytea not null,
    contact_id uuid not null references contacts (id),
    primary key (word_hash, contact_id)
);
-- A changed name's words are removed.
create index contact_words_contact on contact_words (contact_id);

-- An address that an order refers to is never edited: a change makes a new row.
create table addresses (
    id uuid primary key,
    contact_id uuid not null references contacts (id),
    sealed bytea not null,
    -- ISO 3166 alpha-2
    country text not null,
    in_book bigint not null default 0,
    is_default bigint not null default 0,
    created_at bigint not null
);
-- The address book.
create index addresses_contact on addresses (contact_id, in_book);

-- Accounts of shoppers and staff.
create table users (
    id uuid primary key,
    contact_id uuid not null references contacts (id),
    email_hash bytea not null unique,
    password_hash text not null,
    -- A member of staff's: owner, manager or clerk.
    role text,
    -- JSON
    preferences text not null default '{}',
    active bigint not null default 1,
    -- Of the demonstration, with a password that is printed in its file.
    demo bigint not null default 0,
    created_at bigint not null
);
-- The account of a contact.
create index users_contact on users (contact_id);
-- The list of staff, who are few among many shoppers.
create index users_staff on users (id) where role is not null;

-- Signed-in browsers, by a hash of what their cookie holds.
create table sessions (
    token_hash bytea primary key,
    id uuid not null unique,
    user_id uuid not null references users (id),
    created_at bigint not null,
    seen_at bigint not null,
    expires_at bigint not null
);
-- All sessions of an account end together.
create index sessions_user on sessions (user_id);
-- Expired ones are removed.
create index sessions_expiry on sessions (expires_at);

-- Tries to sign in, to change an account or to use a discount code, counted in slots by a keyed hash of who tries on what: as many
-- rows as slots, at most.
create table throttle_counters (
    slot bigint primary key,
    count bigint not null,
    last bigint not null
);
-- Old ones are removed.
create index throttle_counters_last on throttle_counters (last);

-- What was refused, counted by the hour (`hour` is its beginning), account and client. The client's address is sealed.
create table denials (
    kind text not null,
    hour bigint not null,
    -- A keyed hash of account and client.
    fingerprint bytea not null,
    account uuid,
    client bytea,
    count bigint not null,
    first_at bigint not null,
    last_at bigint not null,
    primary key (kind, hour, fingerprint)
);
-- The latest are shown; old ones are removed.
create index denials_last on denials (last_at desc, kind, fingerprint);
-- How many rows an hour has.
create index denials_hour on denials (hour);

-- What programs sign in to the API with. `scopes` are permissions, separated by spaces.
create table api_keys (
    id uuid primary key,
    name text not null,
    secret_hash bytea not null unique,
    scopes text not null,
    created_at bigint not null,
    revoked_at bigint
);

-- Searches that staff saved. What they search for may be a shopper's name, so it is sealed like one.
create table saved_filters (
    id uuid primary key,
    user_id uuid not null references users (id),
    list text not null,
    name_hash bytea not null,
    -- Name and query.
    sealed bytea not null,
    created_at bigint not null,
    unique (user_id, list, name_hash)
);

-- What members of staff chose to be told by mail, or not to be.
create table staff_notices (
    user_id uuid not null references users (id),
    -- order, refused or low_stock
    kind text not null,
    wanted bigint not null,
    primary key (user_id, kind)
);

-- == Catalogue: what is sold, in words and pictures ==

-- Photographs. `hash` is that of the uploaded file, which is kept under this name; width and height are pixels.
create table pictures (
    id uuid primary key,
    hash text not null,
    width bigint not null,
    height bigint not null,
    created_at bigint not null
);
-- The same file is kept once.
create index pictures_hash on pictures (hash);

-- What a picture shows, by language.
create table picture_texts (
    picture_id uuid not null references pictures (id),
    locale text not null,
    alt text not null,
    primary key (picture_id, locale)
);

-- Groups of products with a page of their own.
create table categories (
    id uuid primary key,
    handle text not null unique,
    position bigint not null,
    picture_id uuid references pictures (id),
    published bigint not null default 1,
    created_at bigint not null,
    updated_at bigint not null
);

create table category_texts (
    category_id uuid not null references categories (id),
    locale text not null,
    name text not null,
    slug text not null,
    blurb text not null,
    primary key (category_id, locale),
    unique (locale, slug)
);

-- What has a page; it has one variant or more.
create table products (
    id uuid primary key,
    handle text not null unique,
    category_id uuid references categories (id),
    vendor text not null,
    -- standard, zero, exempt or none
    tax_class text not null,
    -- draft, published or archived
    status text not null,
    -- Its place among those on the first page; null for none.
    featured bigint,
    -- Counts changes: a form that was opened before the last one is refused.
    version bigint not null default 1,
    created_at bigint not null,
    updated_at bigint not null
);
-- Managers list products of one status, newest first.
create index products_status on products (status, id);
-- Managers list the products of a category, in any status, newest first.
create index products_category on products (category_id, id);

create table product_texts (
    product_id uuid not null references products (id),
    locale text not null,
    name text not null,
    slug text not null,
    summary text not null,
    description text not null,
    seo_title text not null default '',
    seo_description text not null default '',
    primary key (product_id, locale),
    unique (locale, slug)
);

create table product_tags (
    product_id uuid not null references products (id),
    tag text not null,
    primary key (product_id, tag)
);
-- The products of a tag.
create index product_tags_tag on product_tags (tag, product_id);

create table product_pictures (
    product_id uuid not null references products (id),
    picture_id uuid not null references pictures (id),
    position bigint not null,
    primary key (product_id, picture_id)
);

-- What the variants of a product differ in, such as size.
create table product_options (
    id uuid primary key,
    product_id uuid not null references products (id),
    position bigint not null,
    key text not null,
    unique (product_id, position)
);

create table product_option_texts (
    option_id uuid not null references product_options (id),
    locale text not null,
    name text not null,
    primary key (option_id, locale)
);

create table option_values (
    id uuid primary key,
    option_id uuid not null references product_options (id),
    position bigint not null,
    key text not null,
    unique (option_id, key)
);

create table option_value_texts (
    value_id uuid not null references option_values (id),
    locale text not null,
    name text not null,
    primary key (value_id, locale)
);

-- What is bought and stocked: a product in one size and colour.
create table variants (
    id uuid primary key,
    product_id uuid not null references products (id),
    sku text not null unique,
    position bigint not null,
    weight_g bigint not null,
    -- Of one unit.
    cost bigint not null default 0,
    cost_currency text not null,
    -- GTIN
    barcode text,
    picture_id uuid references pictures (id),
    archived bigint not null default 0,
    version bigint not null default 1,
    created_at bigint not null
);
-- The variants of a product, as its page shows them.
create index variants_product on variants (product_id, position);

-- The value of each option that a variant has.
create table variant_values (
    variant_id uuid not null references variants (id),
    option_id uuid not null references product_options (id),
    value_id uuid not null references option_values (id),
    primary key (variant_id, option_id)
);
-- Whether a value is still in use.
create index variant_values_value on variant_values (value_id);

-- What lists and filters need of each published product, kept with every change of the product.
create table product_cards (
    product_id uuid primary key references products (id),
    category_id uuid,
    currency text not null,
    price_from bigint not null,
    price_to bigint not null,
    compare_at bigint,
    in_stock bigint not null,
    featured bigint,
    created_at bigint not null
);
-- A page of all products or of a category, in each order that shoppers may choose.
create index product_cards_new on product_cards (created_at, product_id);
create index product_cards_price on product_cards (price_from, product_id);
create index product_cards_category_new on product_cards (category_id, created_at, product_id);
create index product_cards_category_price on product_cards (category_id, price_from, product_id);
create index product_cards_featured on product_cards (featured);

-- The option values that published products have, by category: what a listing is filtered by.
create table product_facets (
    category_id uuid not null,
    option_key text not null,
    value_key text not null,
    product_id uuid not null references products (id),
    primary key (category_id, option_key, value_key, product_id)
);
-- A changed product's are replaced.
create index product_facets_product on product_facets (product_id);

-- What an import last read, so that a second run changes nothing and fetches no picture twice.
create table product_imports (
    product_id uuid primary key references products (id),
    hash text not null,
    -- What is left to do: 1 pictures that could not be had, 2 rows that were refused.
    unfinished bigint not null default 0,
    at bigint not null
);

create table imported_pictures (
    source text primary key,
    picture_id uuid not null references pictures (id)
);
-- A picture that goes is fetched anew.
create index imported_pictures_picture on imported_pictures (picture_id);

-- == Pricing: price lists, taxes, discount codes, delivery methods ==

-- Prices for a currency, a channel (null for all) and a time. Of those that hold, the lowest position that names a variant gives its price.
create table price_lists (
    id uuid primary key,
    name text not null unique,
    currency text not null,
    channel text,
    position bigint not null,
    -- Is tax inside of its prices? Otherwise it is added: that of the product's class, where it is delivered to.
    includes_tax bigint not null default 1,
    valid_from bigint,
    valid_to bigint
);

-- With or without tax, as their list says. `compare_at` is a former, higher price.
create table prices (
    variant_id uuid not null references variants (id),
    price_list_id uuid not null references price_lists (id),
    amount bigint not null check (amount >= 0),
    compare_at bigint,
    primary key (variant_id, price_list_id)
);

-- The rate of a tax class in a region, with the law that says so. That of a province comes before that of its country.
create table tax_rates (
    id uuid primary key,
    class text not null,
    country text not null,
    -- As addresses name it: the state's or province's code, in the Philippines that of the PSGC; empty for the whole country.
    province text not null default '',
    rate_bp bigint not null,
    valid_from bigint not null,
    valid_to bigint,
    source text not null,
    unique (class, country, province, valid_from)
);

-- Codes that take a share (`percent_bp`) or an amount off an order. `uses` counts the orders that stand.
create table discount_codes (
    id uuid primary key,
    code text not null unique,
    currency text not null,
    percent_bp bigint,
    amount bigint,
    min_subtotal bigint not null default 0,
    valid_from bigint,
    valid_to bigint,
    most_uses bigint,
    uses bigint not null default 0,
    active bigint not null default 1
);

-- Ways to deliver. Days are counted from the day of the order.
create table delivery_methods (
    code text primary key,
    position bigint not null,
    currency text not null,
    fee bigint not null,
    per_kg_fee bigint not null default 0,
    -- The subtotal from which there is no fee.
    free_from bigint,
    days_min bigint not null,
    days_max bigint not null,
    -- Minutes after midnight; what is ordered later counts as ordered on the next day.
    cutoff bigint,
    -- Where it delivers to: countries and regions, separated by commas; * for everywhere.
    regions text not null,
    -- Does whoever brings it take money at the door?
    collects_cash bigint not null default 1,
    active bigint not null default 1
);

create table delivery_method_texts (
    code text not null references delivery_methods (code),
    locale text not null,
    name text not null,
    description text not null,
    primary key (code, locale)
);

-- == Inventory: movements are the truth, `stock` is their sum, kept in the same transaction ==

-- Where stock is kept: warehouses, stores.
create table stock_locations (
    id uuid primary key,
    code text not null unique,
    name text not null,
    -- warehouse or store
    kind text not null,
    -- The shop's own address; `country` is ISO 3166 alpha-2, or empty with the rest of it.
    line1 text not null default '',
    line2 text not null default '',
    city text not null default '',
    province text not null default '',
    postal_code text not null default '',
    country text not null default '',
    -- Its name in the IANA database, and how many minutes its clocks are ahead of UTC, all year.
    time_zone text not null default 'Asia/Manila',
    utc_offset_minutes bigint not null default 480,
    -- Orders get nothing from a location that is not.
    active bigint not null default 1,
    -- Orders are served from the first that has all they need.
    position bigint not null
);

-- The channels whose orders a location serves; one without any row here serves all.
create table stock_location_channels (
    location_id uuid not null references stock_locations (id),
    -- web, api, till, marketplace
    channel text not null,
    primary key (location_id, channel)
);

-- Units of a variant that were made or bought together, and expire together.
create table lots (
    id uuid primary key,
    variant_id uuid not null references variants (id),
    -- As it is printed on the package.
    code text not null,
    -- A day, 2026-11-24; null for what keeps.
    expires_on text,
    unique (variant_id, code)
);

-- What is on hand of a variant at a location, by its status.
create table stock (
    variant_id uuid not null references variants (id),
    location_id uuid not null references stock_locations (id),
    -- sellable, quarantine or damaged
    status text not null default 'sellable',
    on_hand bigint not null default 0,
    reserved bigint not null default 0 check (reserved >= 0),
    -- What can be sold: of what is sellable `on_hand` less `reserved`, otherwise 0.
    available bigint not null default 0 check (available >= 0),
    -- How much that is: 0 nothing, 1 up to 9, 2 up to 99, 3 more. It changes seldom, so its index costs orders little.
    band bigint not null generated always as (case when available < 1 then 0 when available < 10 then 1 when available < 100 then 2 else 3 end) stored,
    -- What the units on hand cost together: the moving average times the units, to the last minor unit.
    value bigint not null default 0 check (value >= 0),
    currency text not null,
    primary key (variant_id, location_id, status),
    check (on_hand <> 0 or value = 0)
);
-- What runs low.
create index stock_band on stock (band) where status = 'sellable';
-- Room for updates beside the row: stock is what changes most.
alter table stock set (fillfactor = 50);

-- Changes of stock, never edited.
create table stock_movements (
    id uuid primary key,
    variant_id uuid not null references variants (id),
    location_id uuid not null references stock_locations (id),
    status text not null default 'sellable',
    lot_id uuid references lots (id),
    -- received, shipped, returned or adjusted
    kind text not null,
    -- Negative for what left, as is its value.
    quantity bigint not null,
    value bigint not null,
    currency text not null,
    -- opening, imported, order, refused, undeliverable, count, received, found or damaged
    reason text not null,
    -- What staff typed beside it.
    note text not null default '',
    -- Who did it, as in events.
    actor text not null,
    -- The document that it comes from: parcel, or product for first and imported stock. Null for what was counted.
    source_kind text,
    source_id uuid,
    at bigint not null
);
-- The latest movements of a variant; the audit adds them up.
create index stock_movements_variant on stock_movements (variant_id, at, id);

-- Units that came in together at one cost. Those that leave are taken from the oldest.
create table stock_layers (
    -- That of the movement with which they came in.
    id uuid primary key references stock_movements (id),
    variant_id uuid not null references variants (id),
    location_id uuid not null references stock_locations (id),
    lot_id uuid references lots (id),
    received bigint not null check (received > 0),
    remaining bigint not null,
    -- Of all units that were received.
    cost bigint not null,
    currency text not null,
    received_at bigint not null,
    -- As in the movement.
    source_kind text,
    source_id uuid,
    check (remaining >= 0 and remaining <= received)
);
-- What is left of a variant at a location, oldest first.
create index stock_layers_open on stock_layers (variant_id, location_id, received_at, id) where remaining > 0;

-- Units promised to an order.
create table reservations (
    id uuid primary key,
    order_id uuid not null,
    order_line_id uuid not null,
    variant_id uuid not null,
    location_id uuid not null,
    lot_id uuid references lots (id),
    quantity bigint not null check (quantity > 0),
    shipped bigint not null default 0,
    -- open, released or shipped
    state text not null,
    expires_at bigint,
    at bigint not null
);
-- Those of an order.
create index reservations_order on reservations (order_id);
-- The open ones of a variant.
create index reservations_variant on reservations (variant_id, state);
-- Those whose time is over.
create index reservations_expiry on reservations (state, expires_at);

-- Variants that run low and of which staff were told: once for each time that they do.
create table low_stock (
    variant_id uuid primary key references variants (id),
    since bigint not null
);

-- == Carts ==

-- What shoppers mean to buy, of guests and of accounts. `order_id` is the order that it became.
create table carts (
    id uuid primary key,
    user_id uuid references users (id),
    channel text not null,
    currency text not null,
    discount_code text,
    -- Counts changes, so that the older of two writes is noticed.
    version bigint not null default 1,
    order_id uuid,
    created_at bigint not null,
    updated_at bigint not null
);
-- The latest cart of an account.
create index carts_user on carts (user_id, updated_at);
-- Guests' carts that nobody bought, by when they were last touched: they are removed after a while.
create index carts_idle on carts (updated_at) where order_id is null and user_id is null;

create table cart_lines (
    cart_id uuid not null references carts (id),
    variant_id uuid not null references variants (id),
    quantity bigint not null check (quantity > 0),
    -- The price that the shopper was last shown: they are told when it changes.
    seen_price bigint not null,
    position bigint not null,
    primary key (cart_id, variant_id)
);

-- == Orders: an immutable copy of what was bought, and the facts that follow it ==

create table orders (
    id uuid primary key,
    -- Searched by its beginning, in the order of its bytes on every server.
    number text collate "C" not null unique,
    cart_id uuid unique,
    -- Null for an order of which nobody's name was taken: at a counter.
    contact_id uuid references contacts (id),
    user_id uuid references users (id),
    channel text not null,
    currency text not null,
    locale text not null,
    -- Null, like all up to promised_to, for what is handed over at a counter; an order of the channel web or api has all of them.
    delivery_address_id uuid references addresses (id),
    billing_address_id uuid references addresses (id),
    delivery_code text,
    delivery_name text,
    -- The first and the last day of the promised delivery.
    promised_from bigint,
    promised_to bigint,
    -- cod (cash on delivery) or card
    payment_method text not null,
    -- Of the lines, before the discount.
    subtotal bigint not null,
    -- The sums of its adjustments: what is taken off, as a positive amount, and the delivery fee.
    discount bigint not null,
    delivery_fee bigint not null,
    -- Inside the total: the sum of its taxes.
    tax bigint not null,
    total bigint not null,
    -- The sum of its credit lines that are not charged, and the tax inside of it.
    waived bigint not null default 0,
    waived_tax bigint not null default 0,
    -- The three states follow from the tables below, see docs/orders.md.
    payment_state text not null,
    fulfilment_state text not null,
    delivery_state text not null,
    -- 1 while something is due of an order of which money came and went back: partly_refunded does not say that.
    rest_due bigint not null default 0,
    placed_at bigint not null,
    cancelled_at bigint,
    cancel_reason text,
    version bigint not null default 1
);
-- The list of orders, newest first, with and without a filter.
create index orders_placed on orders (placed_at, id);
create index orders_payment on orders (payment_state, placed_at, id);
create index orders_fulfilment on orders (fulfilment_state, placed_at, id);
create index orders_states on orders (payment_state, fulfilment_state, placed_at, id);
-- Which of these states are found together: counted apart, Postgres would expect many that are paid and cancelled.
create statistics orders_states_together (mcv) on payment_state, fulfilment_state from orders;
-- Those whose money is not there yet, which are few among all that are paid or cancelled: the unpaid queue, and what is cancelled in time.
create index orders_unpaid on orders (placed_at, id)
    where cancelled_at is null
        and (payment_state in ('pending', 'requires_action', 'failed', 'authorised', 'partly_paid', 'voided') or rest_due = 1);
-- What was sold of late in a currency, and which currencies there are.
create index orders_currency on orders (currency, placed_at);
-- A shopper's own.
create index orders_user on orders (user_id, placed_at, id);
-- Those of contacts that were found by a search.
create index orders_contact on orders (contact_id);

-- What open orders are counted by: keyed hashes of e-mail, telephone number, address and network address. They go with the order's end.
create table order_fingerprints (
    fingerprint bytea not null,
    order_id uuid not null,
    is_client bigint not null,
    primary key (fingerprint, order_id)
);
-- Those of an order that ends.
create index order_fingerprints_order on order_fingerprints (order_id);

-- What was bought, as it was called and priced then.
create table order_lines (
    id uuid primary key,
    order_id uuid not null references orders (id),
    position bigint not null,
    variant_id uuid not null,
    product_id uuid not null,
    sku text not null,
    name text not null,
    options text not null,
    picture_id uuid,
    quantity bigint not null,
    unit_price bigint not null,
    -- Of the whole line, as are tax and total: the sums of its adjustments and of its taxes.
    discount bigint not null,
    tax bigint not null,
    total bigint not null,
    -- Of one unit.
    weight_g bigint not null,
    -- What became of its units: given up before they left, left with a parcel, arrived, came back, went into the stock again.
    cancelled bigint not null default 0 check (cancelled >= 0),
    shipped bigint not null default 0 check (shipped >= 0),
    delivered bigint not null default 0 check (delivered between 0 and shipped),
    returned bigint not null default 0 check (returned between 0 and shipped),
    restocked bigint not null default 0 check (restocked between 0 and returned),
    unique (order_id, position),
    check (cancelled + shipped <= quantity)
);
-- The orders of a variant, newest first: searches by SKU, what sells.
create index order_lines_variant on order_lines (variant_id, order_id);

-- What makes an order cost something else than its lines' units: a line's share of a discount, the delivery fee. What is taken off stands
-- by line, so that each part of the price has its own tax.
create table order_adjustments (
    order_id uuid not null references orders (id),
    -- 0 for the first
    n bigint not null,
    -- Null for one of the whole order.
    order_line_id uuid references order_lines (id),
    -- What it is: discount, delivery.
    kind text not null,
    -- What it comes from: discount_code, delivery_method; and which, by its code.
    source text not null,
    reference text not null,
    -- Negative for what is taken off, as is its tax.
    amount bigint not null,
    -- Inside of the amount.
    tax bigint not null,
    primary key (order_id, n)
);
-- The orders that used a discount code: for whoever searches for it, and for the audit, which counts them.
create index order_adjustments_discount on order_adjustments (source, reference, order_id) where kind = 'discount';

-- The taxes inside of an order's price, for each line and for each adjustment of the whole order, also where the rate is nothing.
create table order_taxes (
    order_id uuid not null references orders (id),
    -- 0 for the first
    n bigint not null,
    -- What is taxed: a line less what is taken off it, or the adjustment with this number.
    order_line_id uuid references order_lines (id),
    adjustment bigint,
    -- The class and the region whose rate it is: ISO 3166 alpha-2; province as in tax_rates.
    class text not null,
    country text not null,
    province text not null,
    rate_bp bigint not null,
    -- Without tax; in the order's currency, as is the tax.
    net bigint not null,
    tax bigint not null,
    primary key (order_id, n),
    foreign key (order_id, adjustment) references order_adjustments (order_id, n),
    check ((order_line_id is null) <> (adjustment is null))
);

-- One press makes one order: the key and what it was used for.
create table idempotency_keys (
    -- Who sent it, an API key, a user or a guest's cart, then a space and the key itself.
    key text primary key,
    body_hash bytea not null,
    order_id uuid not null,
    at bigint not null
);
-- Those of an order.
create index idempotency_keys_order on idempotency_keys (order_id);

-- == Payments ==

-- Accounts at card gateways. The program adds that of its configuration when it opens the shop, and only the latest is active.
create table gateway_accounts (
    -- What payments refer to it by: the gateway's name, and a keyed hash of address and secret key.
    key text primary key,
    -- stripe
    gateway text not null,
    -- test or live, where the secret key tells
    mode text,
    -- Does the shop take payments with it?
    active bigint not null default 1,
    created_at bigint not null
);

-- Attempts to pay an order.
create table payments (
    id uuid primary key,
    order_id uuid not null references orders (id),
    -- What it is paid with, in the words of orders.payment_method: cod or card
    tender text not null,
    -- What was asked for.
    amount bigint not null,
    currency text not null,
    -- pending, requires_action, authorised, captured, failed or voided
    state text not null,
    -- What the bank holds, or held; and until when it does, where that is known.
    authorised bigint not null default 0,
    authorised_until bigint,
    -- The sum of its captures, and of its refunds, that were made.
    captured bigint not null default 0,
    refunded bigint not null default 0,
    -- The account that the gateway's intent is with, and the gateway's id of it; null while there is none.
    gateway_account text references gateway_accounts (key),
    gateway_ref text,
    failure text,
    -- 1 for the order's first
    attempt bigint not null,
    created_at bigint not null,
    updated_at bigint not null,
    unique (order_id, attempt),
    -- News of a gateway name the intent.
    unique (gateway_ref, gateway_account),
    check (gateway_ref is null or gateway_account is not null)
);
-- Those that wait, which are few among all that came: what couriers and shoppers still owe.
create index payments_pending on payments (order_id) where state = 'pending' and amount > 0;

-- What happened to a payment, never edited. `gateway_event` is the id that the account's gateway gave its news, which is kept once.
create table payment_events (
    id uuid primary key,
    payment_id uuid not null references payments (id),
    kind text not null,
    amount bigint not null,
    gateway_account text references gateway_accounts (key),
    gateway_event text,
    data text not null,
    at bigint not null,
    unique (gateway_event, gateway_account),
    check (gateway_event is null or gateway_account is not null)
);
-- Those of a payment, oldest first.
create index payment_events_payment on payment_events (payment_id, at);

-- What was asked to be taken of a payment, and what came of it; cash is taken when it is asked for.
create table captures (
    id uuid primary key,
    payment_id uuid not null references payments (id),
    amount bigint not null check (amount > 0),
    currency text not null,
    -- requested, done, refused or withdrawn
    state text not null,
    -- The gateway's id of it, where it has one.
    gateway_ref text,
    -- Who asked: the actor of an event.
    requested_by text not null,
    -- Why it was refused.
    failure text,
    at bigint not null,
    -- When it was done, refused or withdrawn.
    ended_at bigint
);
-- Those of a payment, oldest first.
create index captures_payment on captures (payment_id, at);
-- One is asked for at a time.
create unique index captures_open on captures (payment_id) where state = 'requested';

-- Money that goes back to the shopper.
create table refunds (
    id uuid primary key,
    payment_id uuid not null references payments (id),
    order_id uuid not null references orders (id),
    -- The capture that it gives back of; null where the payment has several.
    capture_id uuid references captures (id),
    amount bigint not null check (amount > 0),
    currency text not null,
    reason text not null,
    -- pending, done or failed
    state text not null,
    gateway_ref text,
    failure text,
    actor text not null default 'system',
    at bigint not null,
    -- Those of a payment; the gateway's id is unique in its account, which the payment has.
    unique (payment_id, gateway_ref)
);
-- Those of an order, and of a capture.
create index refunds_order on refunds (order_id);
create index refunds_capture on refunds (capture_id);

-- Which order captured money pays: positive as a capture is made, negative as a refund is made, positive again when it fails later. What
-- is paid of an order is the sum of its rows. Never edited.
create table payment_allocations (
    id uuid primary key,
    payment_id uuid not null references payments (id),
    order_id uuid not null references orders (id),
    amount bigint not null check (amount <> 0),
    currency text not null,
    -- What it comes of.
    capture_id uuid references captures (id),
    refund_id uuid references refunds (id),
    at bigint not null,
    -- Each cause once; a refund once out and once in again.
    unique (capture_id),
    unique (refund_id, amount),
    check ((capture_id is null) <> (refund_id is null))
);
-- Those of an order, and of a payment.
create index payment_allocations_order on payment_allocations (order_id);
create index payment_allocations_payment on payment_allocations (payment_id);

-- What of an order's price is not charged, or goes back: by line, so that each part has its own tax. Never edited; those of a refund that
-- failed do not count.
create table credit_lines (
    id uuid primary key,
    order_id uuid not null references orders (id),
    -- The line, or the number of the adjustment of the whole order, such as the delivery fee.
    order_line_id uuid references order_lines (id),
    adjustment bigint,
    -- Units whose price this is; 0 for an amount off.
    units bigint not null default 0 check (units >= 0),
    amount bigint not null check (amount >= 0),
    -- Inside of the amount.
    tax bigint not null check (tax >= 0),
    -- Null for what is not charged.
    refund_id uuid references refunds (id),
    at bigint not null,
    foreign key (order_id, adjustment) references order_adjustments (order_id, n),
    check ((order_line_id is null) <> (adjustment is null))
);
-- Those of an order, and of a refund.
create index credit_lines_order on credit_lines (order_id);
create index credit_lines_refund on credit_lines (refund_id);

-- == Fulfilment: parcels ==

-- Units of one order that leave one location together.
create table parcels (
    id uuid primary key,
    order_id uuid not null references orders (id),
    location_id uuid not null,
    -- picked, packed, shipped, delivered, cancelled or returned
    state text not null,
    courier text,
    tracking_number text,
    created_at bigint not null,
    packed_at bigint,
    shipped_at bigint,
    delivered_at bigint,
    returned_at bigint,
    -- refused or undeliverable
    return_cause text,
    return_note text not null default ''
);
-- Those of an order.
create index parcels_order on parcels (order_id);
-- Staff find a parcel by its tracking number.
create index parcels_tracking on parcels (tracking_number);
-- What is to be packed or shipped, which is little among all that was.
create index parcels_waiting on parcels (order_id) where state in ('picked', 'packed');

create table parcel_lines (
    parcel_id uuid not null references parcels (id),
    -- 0 for the first
    n bigint not null,
    order_line_id uuid not null references order_lines (id),
    -- A line's units of two lots are two rows.
    lot_id uuid references lots (id),
    quantity bigint not null check (quantity > 0),
    -- Units of a returned parcel that went into the stock again.
    restocked bigint not null default 0 check (restocked between 0 and quantity),
    -- What the units had cost, once they have left the stock.
    cost bigint,
    cost_currency text,
    primary key (parcel_id, n),
    check ((cost is null) = (cost_currency is null))
);

-- == Refusals ==

-- What somebody outside refused for good, or was not reached for: until it succeeds, is settled in another way, or is dismissed.
create table refusals (
    id uuid primary key,
    -- What is refused; one thing has one open row.
    key text not null,
    kind text not null,
    order_id uuid references orders (id),
    payment_id uuid references payments (id),
    refund_id uuid references refunds (id),
    job_id uuid,
    amount bigint,
    currency text,
    reason text not null,
    times bigint not null default 1,
    first_at bigint not null,
    last_at bigint not null,
    ended_at bigint,
    ended_by text,
    outcome text,
    note text,
    check ((amount is null) = (currency is null))
);
-- One open row for each thing that is refused.
create unique index refusals_open on refusals (key) where ended_at is null;
-- Those of a job, and of an order.
create index refusals_job on refusals (job_id);
create index refusals_order on refusals (order_id);

-- == Books: entries that balance, never edited ==

-- The chart of accounts. The program adds those that it posts to when it opens the shop.
create table accounts (
    -- What postings and the program call it; never changed.
    key text primary key,
    -- Its number in the chart.
    code text not null unique,
    name text not null,
    -- Bookkeeping has no other kinds, so these are checked.
    kind text not null check (kind in ('asset', 'liability', 'equity', 'income', 'expense')),
    active bigint not null default 1
);

-- `reference` is what caused the entry: an order, a payment, a refund, a parcel, a movement.
create table journal_entries (
    id uuid primary key,
    kind text not null,
    order_id uuid,
    reference uuid not null,
    currency text not null,
    -- When it was recorded.
    at bigint not null,
    -- The day that it belongs to in the shop's time zone, 2026-11-24.
    date text not null
);
-- One cause is posted once. Those of a payment, refund or parcel, which the audit looks for.
create unique index journal_entries_cause on journal_entries (reference, kind);
-- Those of an order.
create index journal_entries_order on journal_entries (order_id);
-- Those recorded in a period.
create index journal_entries_at on journal_entries (at);

-- Debits are positive, credits negative, in the entry's currency; an entry's postings add up to nothing.
create table postings (
    entry_id uuid not null references journal_entries (id),
    n bigint not null,
    account text not null references accounts (key),
    amount bigint not null,
    primary key (entry_id, n)
);
-- The balance of an account.
create index postings_account on postings (account);
