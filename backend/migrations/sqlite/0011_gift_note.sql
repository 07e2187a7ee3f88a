-- What the shopper wants to be written on a card in the parcel, sealed; null for most orders.
alter table orders add column gift_note blob;
