-- Why: a page of orders is kept with the refunds of each; without this index every page looks through all refunds of the shop.
create index shop_refund_order on shop_refund (organization_id, channel_id, order_id);
