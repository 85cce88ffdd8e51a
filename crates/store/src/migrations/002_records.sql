-- What runs teach about their reviewers. Made from reports, like everything here.

-- How often a claim of one severity ended as another, where more than the reviewer's own word decided.
CREATE TABLE ratings (
    run         TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    reviewer    TEXT NOT NULL,
    claimed     TEXT NOT NULL,
    ended       TEXT NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (run, reviewer, claimed, ended)
) STRICT;

CREATE INDEX ratings_by_reviewer ON ratings (reviewer);

-- What people did about a reviewer's findings, and what proved not to be so.
CREATE TABLE outcomes (
    run         TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    reviewer    TEXT NOT NULL,
    accepted    INTEGER NOT NULL,
    declined    INTEGER NOT NULL,
    refuted     INTEGER NOT NULL,
    PRIMARY KEY (run, reviewer)
) STRICT;

CREATE INDEX outcomes_by_reviewer ON outcomes (reviewer);

-- Runs that are in the index already are read again, so that they count too.
UPDATE runs SET stamp = '';
