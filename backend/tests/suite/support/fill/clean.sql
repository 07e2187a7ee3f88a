drop table fill_lines;
drop table fill_orders;
drop table fill_users;
drop table fill_people;
drop table fill_numbers;
