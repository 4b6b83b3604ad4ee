-- Tokens may end by themselves and reach only some paths: beginnings of paths, separated by spaces; none: all.
ALTER TABLE token ADD COLUMN expires_at INTEGER;
ALTER TABLE token ADD COLUMN paths TEXT NOT NULL DEFAULT '';
