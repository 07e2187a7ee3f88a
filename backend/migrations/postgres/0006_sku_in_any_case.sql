-- A SKU is found in any case: orders are searched for by one that was typed.
create index variants_sku_lower on variants (lower(sku));
