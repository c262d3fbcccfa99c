"""What people and cron type. Only here anything is printed, and errors become exit codes."""
