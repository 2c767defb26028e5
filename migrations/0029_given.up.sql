-- Why: a credential may be typed by a person who made it at the provider, instead of being given by consent. Reconnecting then
-- asks for another one, and disconnecting does not have it taken back at the provider: others may use it, too.
alter table connection add column given text not null default 'consent' check (given in ('consent', 'token'));
