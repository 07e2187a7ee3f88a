-- What the owner arranges by hand: the main menu, the columns of the footer, the sections of the home page. Without its row here, each is
-- what the shop makes of its categories and pages by itself.
create table arrangements (
    -- `main`, `footer` or `home`.
    name text primary key,
    created_at integer not null
) strict;

create table menu_entries (
    id blob primary key,
    -- `main` or `footer`.
    menu text not null,
    -- The entry that this one stands below; null for those at the top, which in the footer are its columns.
    parent_id blob references menu_entries (id),
    position integer not null,
    -- `heading`, `category`, `page`, `product`, `search` or `address`.
    kind text not null,
    -- The category, page or product, which may be gone.
    target_id blob,
    -- What is searched for, or an address in the shop or on the web.
    address text not null default '',
    -- The version: two saves never have the same.
    updated_at integer not null
) strict;
-- Those below an entry, which go with it.
create index menu_entries_below on menu_entries (parent_id) where parent_id is not null;

-- What an entry is called, where that is not its target's own name.
create table menu_labels (
    entry_id blob not null references menu_entries (id),
    locale text not null,
    label text not null,
    primary key (entry_id, locale)
) strict, without rowid;

create table home_sections (
    id blob primary key,
    position integer not null,
    -- `banner`, `products`, `newest`, `featured`, `picked`, `text`, `categories` or `promises`.
    kind text not null,
    -- 1 where shoppers do not see it.
    hidden integer not null,
    -- Shoppers see it from and until these moments; null for no limit.
    visible_from integer,
    visible_until integer,
    -- The category whose products are shown, which may be gone.
    category_id blob,
    picture_id blob references pictures (id),
    -- Where a banner leads: as `kind`, `target_id` and `address` of an entry of a menu.
    link_kind text not null,
    link_id blob,
    link_address text not null,
    -- The version: two saves never have the same.
    updated_at integer not null
) strict;
-- The sections that show a picture, for its reference.
create index home_sections_picture on home_sections (picture_id) where picture_id is not null;

create table home_section_texts (
    section_id blob not null references home_sections (id),
    locale text not null,
    title text not null,
    -- Plain words of a banner; Markdown of a text, which is sanitised when it is shown.
    body text not null,
    -- What the link of a banner says.
    action text not null,
    -- What the picture shows.
    alt text not null,
    primary key (section_id, locale)
) strict, without rowid;

-- The products that were picked by hand, which may be gone.
create table home_section_products (
    section_id blob not null references home_sections (id),
    position integer not null,
    product_id blob not null,
    primary key (section_id, product_id)
) strict, without rowid;
