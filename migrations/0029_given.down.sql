alter table connection drop column given;
