-- The orders that used a discount code: for whoever searches for it, and for the audit, which counts them.
create index orders_discount on orders (discount_code, placed_at, id) where discount_code is not null;
