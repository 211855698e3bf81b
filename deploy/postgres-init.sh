#!/bin/sh
# Runs once, on an empty volume, as the owner. The application gets a role that owns nothing: its rights are those
# `apply_grants` gives after each migration, and it can neither change a table nor rewrite what is append-only.
set -eu

# psql reads the password itself: on its command line other processes could see it.
psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\set password `cat /run/secrets/app_password`
REVOKE ALL ON DATABASE :"DBNAME" FROM PUBLIC;
CREATE ROLE kpi_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD :'password';
GRANT CONNECT ON DATABASE :"DBNAME" TO kpi_app;
SQL
