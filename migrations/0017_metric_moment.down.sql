drop table metric_moment;
