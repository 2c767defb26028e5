alter table action drop column gone_on;
-- The index stays as it is: what stands there twice already would be refused by the older one.
