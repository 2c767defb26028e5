drop table replaced_link, google_attempt;
