drop table simulated_change;
