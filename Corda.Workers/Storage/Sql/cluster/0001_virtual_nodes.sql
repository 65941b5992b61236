CREATE TABLE virtual_node (
    short_hash        TEXT PRIMARY KEY,
    x500_name         TEXT NOT NULL,
    group_id          TEXT NOT NULL,
    cpi_name          TEXT NOT NULL,
    cpi_version       TEXT NOT NULL,
    package_hashes    TEXT NOT NULL, -- separated by spaces, in the order of the configuration
    flow_start_active INTEGER NOT NULL,
    created_at        TEXT NOT NULL, -- ISO 8601, UTC
    UNIQUE (x500_name, group_id)
) STRICT;
