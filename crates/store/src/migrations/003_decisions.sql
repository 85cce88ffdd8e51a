-- What people decided: the last word on each finding of each run. Made from decisions.jsonl, like everything here from
-- files.

CREATE TABLE decisions (
    run         TEXT NOT NULL,
    finding     TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    action      TEXT NOT NULL,
    at          TEXT NOT NULL,
    PRIMARY KEY (run, finding)
) STRICT;

CREATE INDEX decisions_by_fingerprint ON decisions (fingerprint);

-- Size of decisions.jsonl when it was read: another one is read again.
CREATE TABLE decisions_read (stamp TEXT NOT NULL) STRICT;
