-- Runs stand still for an operator, a budget or a provider as well, and a step more than once.
alter table waits drop constraint waits_kind_check;
alter table waits add check (kind in ('approval', 'event', 'operator', 'budget', 'provider'));
alter table waits drop constraint waits_run_id_step_key;
-- Counts the waits of one kind in one step.
alter table waits add column turn integer not null default 1;
alter table waits add unique (run_id, step, kind, turn);
-- The scope of a budget, or a provider.
alter table waits add column subject text;

create index waits_for_operators on waits (tenant, opened_at) where kind = 'operator' and resolved_at is null;
create index waits_for_room on waits (kind, subject, opened_at)
 where kind in ('budget', 'provider') and resolved_at is null;
