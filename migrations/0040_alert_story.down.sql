-- Which of its metrics an event was told by is not known any more: before this, what is still found is told as a new event.
select 1;
