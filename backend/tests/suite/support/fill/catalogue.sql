-- What is sold, by whom it is bought, and what does not grow with the orders. Run once, before the first orders.
-- Of what the shop has: a price list, a delivery method, two locations and, written by the program, contacts with an address each.

create table fill_numbers (i bigint primary key);
insert into fill_numbers
with recursive n (i) as (select 1 union all select i + 1 from n where i < 600)
select i from n;

insert into categories (id, handle, position, created_at, updated_at)
select unhex(printf('%032x', i)), 'category-' || i, i, 0, 0 from fill_numbers where i <= 10;

insert into products (id, handle, category_id, vendor, tax_class, status, created_at, updated_at)
select unhex(printf('%032x', i)), 'product-' || i, unhex(printf('%032x', 1 + i % 10)), 'Fill', 'standard',
    case when i % 10 = 8 then 'draft' when i % 10 = 9 then 'archived' else 'published' end, 0, 0
from fill_numbers where i <= 300;

insert into product_texts (product_id, locale, name, slug, summary, description)
select unhex(printf('%032x', i)), 'en', 'Product ' || i, 'product-' || i, '', '' from fill_numbers where i <= 300;

-- Two of each product. The first is the one that a fifth of all orders have.
insert into variants (id, product_id, sku, position, weight_g, cost, cost_currency, created_at)
select unhex(printf('%032x', i)), unhex(printf('%032x', 1 + (i - 1) / 2)), 'SKU-' || printf('%04x', i), i % 2, 100, 4000, 'PHP', 0
from fill_numbers;

insert into prices (variant_id, price_list_id, amount)
select v.id, l.id, 10000 from variants v cross join price_lists l;

-- Thirty variants run low at the first location.
insert into stock (variant_id, location_id, on_hand, reserved, available, value, currency)
select v.id, l.id, 1000, case when v.sku < 'SKU-001f' and l.position = 1 then 997 else 100 end,
    case when v.sku < 'SKU-001f' and l.position = 1 then 3 else 900 end, 4000000, 'PHP'
from variants v cross join stock_locations l;

insert into discount_codes (id, code, currency, percent_bp)
select unhex(printf('%032x', i)), 'CODE-' || i, 'PHP', 1000 from fill_numbers where i <= 100;

insert into api_keys (id, name, secret_hash, scopes, created_at)
select unhex(printf('%032x', i)), 'Key ' || i, unhex(printf('%032x', i), ''), 'read_orders', 0 from fill_numbers where i <= 3;

insert into gateway_accounts (key, gateway, active, created_at) values ('fill', 'stripe', 0, 0);

-- Jobs that failed for good, and some that wait for tomorrow.
insert into jobs (id, kind, payload, key, run_at, attempts, state, last_error, created_at)
select unhex(printf('%032x', i)), 'fill', '{}', 'fill:' || i, case when i <= 10 then {start} - i else {start} + 86400000 end,
    case when i <= 10 then 32 else 0 end, case when i <= 10 then 'dead' else 'waiting' end, case when i <= 10 then 'filled' end, {start} - i
from fill_numbers where i <= 40;

-- The people of the program, numbered.
create table fill_people (k bigint primary key, contact_id uuid not null, address_id uuid not null);
insert into fill_people (k, contact_id, address_id)
select row_number() over (order by c.id) - 1, c.id, a.id from contacts c join addresses a on a.contact_id = c.id;

-- Every twentieth has an account. The first one's orders grow with the shop.
insert into users (id, contact_id, email_hash, password_hash, created_at)
select p.contact_id, p.contact_id, unhex(printf('%032x', p.k), ''), 'none', 0 from fill_people p where p.k % 20 = 0;
create table fill_users (k bigint primary key, user_id uuid not null);
insert into fill_users (k, user_id) select p.k / 20, p.contact_id from fill_people p where p.k % 20 = 0;
