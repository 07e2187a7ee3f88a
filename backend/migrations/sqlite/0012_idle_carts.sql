-- Guests' carts that nobody bought, by when they were last touched: they are removed after a while.
create index carts_idle on carts (updated_at) where order_id is null and user_id is null;
