drop index shop_refund_order;
