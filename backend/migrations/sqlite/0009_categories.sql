-- Managers list the products of a category, in any state, newest first.
create index products_category on products (category_id, id);
