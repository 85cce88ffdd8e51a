-- What is known across runs. Everything here is made from run folders and can be made again.

CREATE TABLE runs (
    id          TEXT PRIMARY KEY,
    -- Size and time of report.json when it was read: another one is read again.
    stamp       TEXT NOT NULL,
    series      TEXT NOT NULL,
    round       INTEGER NOT NULL,
    started     TEXT NOT NULL,
    ended       TEXT NOT NULL,
    branch      TEXT,
    base        TEXT NOT NULL,
    head        TEXT NOT NULL,
    merge_base  TEXT NOT NULL,
    verdict     TEXT NOT NULL,
    complete    INTEGER NOT NULL
) STRICT;

CREATE INDEX runs_by_series ON runs (series, started);

CREATE TABLE findings (
    run         TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    id          TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    severity    TEXT NOT NULL,
    kind        TEXT,
    lane        TEXT NOT NULL,
    state       TEXT NOT NULL,
    title       TEXT NOT NULL,
    path        TEXT,
    start       INTEGER,
    end         INTEGER,
    symbol      TEXT,
    confidence  REAL NOT NULL,
    -- Reviewers that say it, as a JSON list.
    reviewers   TEXT NOT NULL,
    PRIMARY KEY (run, id)
) STRICT;

CREATE INDEX findings_by_fingerprint ON findings (fingerprint);

CREATE TABLE attempts (
    run             TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    reviewer        TEXT NOT NULL,
    kind            TEXT NOT NULL,
    model           TEXT,
    state           TEXT NOT NULL,
    ending          TEXT NOT NULL,
    ms              INTEGER NOT NULL,
    raised          INTEGER NOT NULL,
    credited        INTEGER NOT NULL,
    dropped         INTEGER NOT NULL,
    false_positives INTEGER NOT NULL,
    only_by_it      INTEGER NOT NULL,
    PRIMARY KEY (run, reviewer)
) STRICT;

CREATE INDEX attempts_by_reviewer ON attempts (reviewer);
