drop table login_step, recovery_code, two_factor;
